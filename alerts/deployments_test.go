package alerts_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v2"
)

// A ruleTest is a file for promtool test rules.
type ruleTest struct {
	RuleFiles []string   `yaml:"rule_files"`
	Interval  string     `yaml:"evaluation_interval"`
	Tests     []ruleCase `yaml:"tests"`
}

type ruleCase struct {
	Name     string         `yaml:"name"`
	Interval string         `yaml:"interval"`
	Series   []ruleSeries   `yaml:"input_series,omitempty"`
	Alerts   []ruleExpected `yaml:"alert_rule_test"`
}

type ruleSeries struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

type ruleExpected struct {
	At       string      `yaml:"eval_time"`
	Alert    string      `yaml:"alertname"`
	Expected []ruleAlert `yaml:"exp_alerts,omitempty"`
}

type ruleAlert struct {
	Labels      map[string]string `yaml:"exp_labels"`
	Annotations map[string]string `yaml:"exp_annotations"`
}

// TestTwoDeployments: of two deployments in one job, whose masters and Sentinels have the
// same names, each alert tells as much as of one that is alone. It is the unit tests of the
// rules with everything in them twice.
func TestTwoDeployments(t *testing.T) {
	var file ruleTest
	readYAML(t, "redis_sentinel.rules_test.yml", &file)
	dir := t.TempDir()
	args := []string{"test", "rules"}
	for _, alert := range readAlerts(t) {
		cases := twice(file.Tests, alert.Alert)
		if len(cases) == 0 {
			t.Errorf("%s fires in no case", alert.Alert)
		}
		// With the other rules, which promtool would evaluate too, it takes a minute.
		rules := filepath.Join(dir, alert.Alert+".rules.yml")
		writeYAML(t, rules, map[string]any{"groups": []any{map[string]any{"name": "one", "rules": []rule{alert}}}})
		tests := filepath.Join(dir, alert.Alert+".rules_test.yml")
		writeYAML(t, tests, ruleTest{RuleFiles: []string{rules}, Interval: file.Interval, Tests: cases})
		args = append(args, tests)
	}
	run(t, "promtool", args...)
}

func writeYAML(t *testing.T, path string, content any) {
	t.Helper()
	text, err := yaml.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, string(text))
}

func deployments() []string { return []string{"carts", "orders"} }

// twice returns the cases in which an alert fires, for two deployments in place of one.
func twice(cases []ruleCase, alert string) []ruleCase {
	var list []ruleCase
	for _, c := range cases {
		var doubled []ruleExpected
		fires := false
		if slices.ContainsFunc(c.Series, func(s ruleSeries) bool { return strings.Contains(s.Series, "deployment=") }) {
			continue // there are several in it as it is
		}
		for _, e := range c.Alerts {
			if e.Alert == alert {
				doubled = append(doubled, e.twice())
				fires = fires || len(e.Expected) > 0
			}
		}
		if !fires {
			continue
		}
		var series []ruleSeries
		for _, s := range c.Series {
			for _, d := range deployments() {
				series = append(series, ruleSeries{strings.Replace(s.Series, "{", `{deployment="`+d+`", `, 1), s.Values})
			}
		}
		c.Series, c.Alerts = series, doubled
		list = append(list, c)
	}
	return list
}

func (e ruleExpected) twice() ruleExpected {
	var both []ruleAlert
	for _, a := range e.Expected {
		if a.Labels["job"] == "" {
			both = append(both, a) // it is about no deployment
			continue
		}
		for _, d := range deployments() {
			both = append(both, a.of(d))
		}
	}
	e.Expected = both
	return e
}

// of returns what is told of a deployment where this is told of a job.
func (a ruleAlert) of(deployment string) ruleAlert {
	job := a.Labels["job"]
	named := ruleAlert{maps.Clone(a.Labels), maps.Clone(a.Annotations)}
	named.Labels["deployment"] = deployment
	named.Annotations["description"] = regexp.MustCompile(`\b`+job+`\b`).ReplaceAllLiteralString(a.Annotations["description"], job+"/"+deployment)
	named.Annotations["dashboard_url"] = strings.Replace(a.Annotations["dashboard_url"], "&var-job="+job, fmt.Sprintf("&var-job=%s&var-deployment=%s", job, deployment), 1)
	if link := a.Annotations["history_url"]; link != "" {
		named.Annotations["history_url"] = link + "&deployment=" + deployment
	}
	return named
}
