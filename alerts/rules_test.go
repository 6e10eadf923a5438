package alerts_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"redis_sentinel_exporter/alerts"
)

// TestRulesAreTheCommittedOnes: without any flag nothing changes.
func TestRulesAreTheCommittedOnes(t *testing.T) {
	t.Parallel()
	got, err := alerts.Rules(alerts.Config{})
	if err != nil || got != readFile(t, rulesFile) {
		t.Errorf("the rules with the defaults are not %s (error %v)", rulesFile, err)
	}
}

// everything changes all that can be changed.
func everything() alerts.Config {
	return alerts.Config{
		Jobs: `shop-\d+`, Selector: `cluster="eu", team!~"it's \"x\"|y" `, GroupLabels: []string{"cluster", "namespace"},
		RunbookURL: "https://wiki.example.org/r", DashboardURL: "http://grafana:3000", ExporterURL: "http://sentinels:9355/x",
		Without:  []string{"RedisSentinelHostLoss", "RedisSentinelRestartFails"},
		For:      map[string]string{"RedisSentinelFailoverStuck": "1h30m", "RedisSentinelFailoverHappened": "5m", "RedisSentinelMasterDown": "90s"},
		Severity: map[string]string{"RedisSentinelDown": "page-2"},
		Threshold: map[string]string{
			"RedisSentinelClientsNearLimit": "0.75", "RedisSentinelReplicaLagging": "1e9", "RedisSentinelFailoverFlapping": "5",
			"RedisSentinelMasterAnswersErrors": "10", "RedisSentinelPeersUnreachable": "12", "RedisSentinelScriptsBacklog": "64",
		},
	}
}

// TestRulesWithEverythingChanged: promtool takes what comes out, and it says what was asked for.
func TestRulesWithEverythingChanged(t *testing.T) {
	t.Parallel()
	text, err := alerts.Rules(everything())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "rules.yml")
	writeFile(t, path, text)
	run(t, "promtool", "check", "rules", path)
	got := map[string]rule{}
	for _, r := range readRules(t, path) {
		got[r.Alert] = r
	}
	if want := len(readAlerts(t)) - 2; len(got) != want {
		t.Errorf("%d alerts, want %d", len(got), want)
	}
	const matchers = `cluster="eu", team!~"it's \"x\"|y"`
	for alert, ends := range map[string]string{
		"RedisSentinelClientsNearLimit": " > 0.75", "RedisSentinelReplicaLagging": " > 1e9\nand on (job, deployment, cluster, namespace, master_name)\n" +
			`last_over_time(redis_sentinel_deployment_check_status{` + matchers + `, check="replica_lagging"}[150s]) == 1`,
		"RedisSentinelFailoverFlapping": ") > 5", "RedisSentinelMasterAnswersErrors": ") > 10", "RedisSentinelScriptsBacklog": " > 64",
		"RedisSentinelPeersUnreachable": "[150s]) < 12\n)", "RedisSentinelExporterDown": `up{` + matchers + `, job=~"shop-\\d+"} == 0`,
	} {
		if !strings.HasSuffix(got[alert].Expr, ends) {
			t.Errorf("%s: the expression is\n%s\nwant one that ends with\n%s", alert, got[alert].Expr, ends)
		}
	}
	metric := regexp.MustCompile(`\b(redis_sentinel_[a-z_]+|up)\b`)
	for alert, r := range got {
		for _, at := range metric.FindAllStringIndex(r.Expr, -1) {
			if !strings.HasPrefix(r.Expr[at[1]:], "{"+matchers) {
				t.Errorf("%s: %s has no selector in\n%s", alert, r.Expr[at[0]:at[1]], r.Expr)
			}
		}
	}
	if want, got := `No target has a job that matches shop-\d+ and `+matchers+`: the`, got["RedisSentinelExporterAbsent"].Annotations["description"]; !strings.HasPrefix(got, want) {
		t.Errorf("the description is %q, want it to begin with %q", got, want)
	}
	for alert, want := range map[string][2]string{
		"RedisSentinelFailoverStuck": {"1h30m", "critical"}, "RedisSentinelFailoverHappened": {"5m", "info"},
		"RedisSentinelMasterDown": {"90s", "critical"}, "RedisSentinelDown": {"5m", "page-2"}, "RedisSentinelTilt": {"2m", "warning"},
	} {
		if g := [2]string{got[alert].For, got[alert].Labels["severity"]}; g != want {
			t.Errorf("%s: got %q, want %q", alert, g, want)
		}
	}
	_, text, _ = strings.Cut(text, "\ngroups:\n") // without the comment about the committed rules
	for _, placeholder := range []string{"example.com", "redis[_-]sentinel", "(job, deployment)", "(job, deployment, master_name"} {
		if strings.Contains(text, placeholder) {
			t.Errorf("%s is still in it", placeholder)
		}
	}
}

// TestJobCalledAsAMetric: a selector goes into the metrics, and not into a job with such a name.
func TestJobCalledAsAMetric(t *testing.T) {
	t.Parallel()
	text, err := alerts.Rules(alerts.Config{Jobs: "redis_sentinel_shop|up", Selector: `cluster="eu"`})
	if err != nil {
		t.Fatal(err)
	}
	if want := `absent(up{cluster="eu", job=~"redis_sentinel_shop|up"})`; !strings.Contains(text, want) {
		t.Errorf("%s is not in it", want)
	}
}

// TestBadRules: what Prometheus would refuse, or what would never fire, is refused here, in
// words about the flag.
func TestBadRules(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]alerts.Config{
		`"ftp://x" is not a URL`:                        {RunbookURL: "ftp://x"},
		`"https://x/" is not a URL`:                     {DashboardURL: "https://x/"},
		`"https://x?y=\"z" is not a URL`:                {ExporterURL: `https://x?y="z`},
		`the jobs "(" are not a regular expression`:     {Jobs: "("},
		`there is no alert "Tilt"`:                      {Without: []string{"Tilt"}},
		`there is no alert "X"`:                         {For: map[string]string{"X": "5m"}},
		`RedisSentinelTilt: "5" is not a duration`:      {For: map[string]string{"RedisSentinelTilt": "5"}},
		`RedisSentinelTilt: "A b" is not a severity`:    {Severity: map[string]string{"RedisSentinelTilt": "A b"}},
		`RedisSentinelTilt has no threshold`:            {Threshold: map[string]string{"RedisSentinelTilt": "5"}},
		`the threshold "much" is not a number`:          {Threshold: map[string]string{"RedisSentinelTilt": "much"}},
		`the threshold "NaN" is not a number`:           {Threshold: map[string]string{"RedisSentinelTilt": "NaN"}},
		`RedisSentinelTilt: "1m2h" is not a duration`:   {For: map[string]string{"RedisSentinelTilt": "1m2h"}},
		`the label zone is given twice`:                 {GroupLabels: []string{"zone", "zone"}},
		`the selector is not a list of matchers`:        {Selector: `{cluster="a"}`},
		`the selector has "(", which is no regular`:     {Selector: `a=~"("`},
		`the selector has no comma before "b=\"c\""`:    {Selector: `a="b" b="c"`},
		`"a-b" is not the name of a label`:              {GroupLabels: []string{"a-b"}},
		`the label master_name cannot tell deployments`: {GroupLabels: []string{"master_name"}},
	} {
		if _, err := alerts.Rules(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got the error %v, want %q", err, want)
		}
	}
}
