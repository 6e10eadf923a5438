package alerts_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestAlerts: what every alert must have.
func TestAlerts(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, a := range readAlerts(t) {
		if !regexp.MustCompile(`^RedisSentinel[A-Z][A-Za-z]+$`).MatchString(a.Alert) {
			t.Errorf("%s: the name must be RedisSentinel and words in CamelCase", a.Alert)
		}
		if seen[a.Alert] {
			t.Errorf("%s: there are two of them", a.Alert)
		}
		seen[a.Alert] = true
		for _, problem := range problems(a) {
			t.Errorf("%s: %s", a.Alert, problem)
		}
	}
}

// problems says what is wrong with the labels and annotations of an alert.
func problems(a rule) []string {
	var list []string
	want := func(ok bool, problem string) {
		if !ok {
			list = append(list, problem)
		}
	}
	severity := a.Labels["severity"]
	want(slices.Contains([]string{"critical", "warning", "info", "none"}, severity), "severity "+severity+" is not one of ours")
	want(len(a.Labels) == 1, "it has labels other than severity")
	want(severity != "critical" || a.For != "", "a page needs a for")
	want(a.For != "0m" && a.For != "0s", "a for of 0 is none")
	summary, description := a.Annotations["summary"], a.Annotations["description"]
	want(strings.HasSuffix(summary, ".") && !strings.Contains(summary, "{{"), "the summary must be a sentence without values, so that alerts can be grouped by it")
	want(strings.HasSuffix(description, "."), "the description must be a sentence")
	want(severity != "critical" || strings.Contains(description, " First "), "a page must say what to do first")
	want(strings.Contains(description, "{{") || severity == "none" || strings.Contains(a.Expr, "absent("), "the description must say about whom it is")
	want(a.Annotations["runbook_url"] == "https://runbooks.example.com/"+a.Alert+".md", "runbook_url must lead to its runbook")
	want(dashboard.MatchString(a.Annotations["dashboard_url"]), "dashboard_url must lead to a panel of one of our dashboards")
	history, annotations := "", 4
	if slices.Contains(withRecord(), a.Alert) {
		history, annotations = recordLink, 5
	}
	want(a.Annotations["history_url"] == history, "history_url must lead to the failovers of the master where the alert is about one that has a record, and only there")
	want(len(a.Annotations) == annotations || a.Annotations["history_url"] != history, "it has annotations of other names")
	return list
}

// withRecord are the alerts about a failover that /history has.
func withRecord() []string {
	return []string{"RedisSentinelFailoverAborted", "RedisSentinelFailoverFlapping", "RedisSentinelFailoverHappened", "RedisSentinelFailoverStuck"}
}

// recordLink has no since, which counts back from when the link is opened: that can be the next morning. Of other labels
// the exporter knows nothing.
const recordLink = "https://exporter.example.com/history?master={{ $labels.master_name | urlquery }}{{ with $labels.deployment }}&deployment={{ . | urlquery }}{{ end }}"

var dashboard = regexp.MustCompile(`^https://grafana\.example\.com/d/redis-sentinel-(overview|master|sentinel)\?viewPanel=[0-9]+` +
	`(&var-job=\{\{ \$labels\.job \| urlquery \}\}\{\{ with \$labels\.deployment \}\}&var-deployment=\{\{ \. \| urlquery \}\}\{\{ end \}\}(&var-(master_name|sentinel)=\{\{ \$labels\.(master_name|sentinel) \| urlquery \}\})*)?$`)

func TestProblems(t *testing.T) {
	t.Parallel()
	good := readAlerts(t)[1]
	for name, spoil := range map[string]func(*rule){
		"severity":     func(a *rule) { a.Labels = map[string]string{"severity": "page"} },
		"label":        func(a *rule) { a.Labels = map[string]string{"severity": "critical", "team": "x"} },
		"page at once": func(a *rule) { a.For = "" },
		"value":        func(a *rule) { a.Annotations["summary"] = "{{ $value }} are down." },
		"first step":   func(a *rule) { a.Annotations["description"] = "Nobody watches the Sentinels." },
		"runbook":      func(a *rule) { a.Annotations["runbook_url"] = "https://runbooks.example.com/Other.md" },
		"dashboard":    func(a *rule) { a.Annotations["dashboard_url"] = "https://grafana.example.com/d/other" },
		"history":      func(a *rule) { a.Annotations["history_url"] = recordLink },
		"other":        func(a *rule) { a.Annotations["team"] = "shop" },
	} {
		bad := good
		bad.Annotations = maps.Clone(good.Annotations)
		spoil(&bad)
		if len(problems(bad)) != 1 {
			t.Errorf("%s: got the problems %q, want one", name, problems(bad))
		}
	}
}

// TestCases: each alert has a case in which it fires, and one in which it does
// not. That they are right is for promtool.
func TestCases(t *testing.T) {
	t.Parallel()
	var file struct {
		RuleFiles []string `yaml:"rule_files"`
		Interval  string   `yaml:"evaluation_interval"`
		Tests     []struct {
			Name   string
			Alerts []struct {
				At       string `yaml:"eval_time"`
				Name     string `yaml:"alertname"`
				Expected []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
			Interval string
			Series   []any `yaml:"input_series"`
		}
	}
	readYAML(t, "redis_sentinel.rules_test.yml", &file)
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, c := range file.Tests {
		for _, a := range c.Alerts {
			(map[bool]map[string]bool{true: fires, false: silent})[len(a.Expected) > 0][a.Name] = true
		}
	}
	for _, a := range readAlerts(t) {
		if !fires[a.Alert] {
			t.Errorf("%s: no case in which it fires", a.Alert)
		}
		if !silent[a.Alert] && a.Labels["severity"] != "none" {
			t.Errorf("%s: no case in which it does not fire", a.Alert)
		}
	}
}
