package verify

import (
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"sigs.k8s.io/yaml"
)

// exporter runs the program, and returns what it prints.
func exporter(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.Command("go", append([]string{"run", "-C", "../../..", "."}, args...)...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	var problems strings.Builder
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, &problems)
	}
	return string(out)
}

// TestChartRules: the rules of the chart are those that the command prints for the same
// settings.
func TestChartRules(t *testing.T) {
	t.Parallel()
	c := loadChart(t)
	for name, flags := range map[string][]string{
		"kustomize": {},
		"deployment": {
			"--job=redis_sentinel_(shop|all)", `--selector=cluster="eu"`, "--group-label=cluster", "--group-label=namespace",
			"--runbook-url=https://wiki.example.org/r", "--dashboard-url=http://grafana:3000", "--exporter-url=https://sentinels.example.org/x", "--without=RedisSentinelHostLoss",
			"--for=RedisSentinelFailoverStuck=10m", "--for=RedisSentinelFailoverHappened=5m", "--severity=RedisSentinelDown=page-2",
			"--threshold=RedisSentinelClientsNearLimit=0.75", "--threshold=RedisSentinelReplicaLagging=1e+09", "--threshold=RedisSentinelScriptsBacklog=0",
		},
	} {
		var want monitoringv1.PrometheusRuleSpec
		if err := yaml.UnmarshalStrict([]byte(exporter(t, append([]string{"rules"}, flags...)...)), &want); err != nil {
			t.Fatal(err)
		}
		r, err := render(loadChart(t), readValues(t, "testdata/chart/"+name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		var got monitoringv1.PrometheusRule
		if err := yaml.UnmarshalStrict([]byte(r[c.Name()+"/templates/prometheusrule.yaml"]), &got); err != nil {
			t.Fatal(err)
		}
		for i, rule := range got.Spec.Groups[0].Rules {
			if name == "deployment" {
				if rule.Labels["team"] != "shop" {
					t.Errorf("%s has not the label of all", rule.Alert)
				}
				delete(rule.Labels, "team")
			}
			if i < len(want.Groups[0].Rules) && !reflect.DeepEqual(rule, want.Groups[0].Rules[i]) {
				t.Errorf("%s: got\n%+v\nwant\n%+v", name, rule, want.Groups[0].Rules[i])
			}
		}
		if got, want := len(got.Spec.Groups[0].Rules), len(want.Groups[0].Rules); got != want || want == 0 {
			t.Errorf("%s: %d rules, want %d", name, got, want)
		}
	}
}
