package mixin

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-jsonnet"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// evaluate evaluates a part of the mixin with a _config, as Jsonnet writes it.
func evaluate(part, config string) (string, error) {
	return jsonnet.MakeVM().EvaluateAnonymousSnippet("test.jsonnet", "((import 'mixin.libsonnet') + { _config+:: "+config+" })."+part)
}

// printed are the rules that the program prints.
func printed(t *testing.T, flags ...string) any {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"run", "-C", "../..", ".", "rules"}, flags...)...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	var problems strings.Builder
	command.Stderr = &problems
	text, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &problems)
	}
	return rules(t, text)
}

func rules(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestRules: the alerts are the committed ones, and for other settings those that the program
// prints for the same.
func TestRules(t *testing.T) {
	t.Parallel()
	committed, err := os.ReadFile("../../alerts/redis_sentinel.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	for config, want := range map[string]any{
		"{}": rules(t, committed),
		`{
			jobs: 'redis\\d_(shop|all)', selector: 'cluster="eu", team!~"a|b"', groupLabels: ['cluster', 'namespace'],
			runbookUrl: 'https://wiki.example.org/r', dashboardUrl: 'http://grafana:3000', exporterUrl: 'https://sentinels.example.org', without: ['RedisSentinelHostLoss'],
			'for': { RedisSentinelFailoverStuck: '10m', RedisSentinelFailoverHappened: '5m' }, severity: { RedisSentinelDown: 'page-2' },
			threshold: { RedisSentinelClientsNearLimit: 0.75, RedisSentinelScriptsBacklog: 0 },
		}`: printed(t, `--job=redis\d_(shop|all)`, `--selector=cluster="eu", team!~"a|b"`, "--group-label=cluster", "--group-label=namespace",
			"--runbook-url=https://wiki.example.org/r", "--dashboard-url=http://grafana:3000", "--exporter-url=https://sentinels.example.org", "--without=RedisSentinelHostLoss",
			"--for=RedisSentinelFailoverStuck=10m", "--for=RedisSentinelFailoverHappened=5m", "--severity=RedisSentinelDown=page-2",
			"--threshold=RedisSentinelClientsNearLimit=0.75", "--threshold=RedisSentinelScriptsBacklog=0"),
	} {
		text, err := evaluate("prometheusAlerts", config)
		if err != nil {
			t.Fatal(err)
		}
		got, wanted := list(t, rules(t, []byte(text))), list(t, want)
		if len(got) != len(wanted) || len(got) < 40 {
			t.Errorf("%s: %d alerts, want %d", config, len(got), len(wanted))
			continue
		}
		for i := range got {
			if !reflect.DeepEqual(got[i], wanted[i]) {
				t.Errorf("%s: got\n%v\nwant\n%v", config, got[i], wanted[i])
			}
		}
	}
}

// list are the alerts of the one group.
func list(t *testing.T, file any) []any {
	t.Helper()
	group := file.(map[string]any)["groups"].([]any)[0].(map[string]any)
	if group["name"] != "redis_sentinel" {
		t.Errorf("the group is %v", group["name"])
	}
	return group["rules"].([]any)
}

// TestRefused: what would make other alerts than those that were meant.
func TestRefused(t *testing.T) {
	t.Parallel()
	for config, want := range map[string]string{
		"{ without: ['RedisSentinelNothing'] }":    "there is no alert RedisSentinelNothing",
		"{ 'for': { Never: '5m' } }":               "there is no alert Never",
		"{ threshold: { RedisSentinelDown: 5 } }":  "RedisSentinelDown has no threshold",
		"{ selector: 'team=\"{{ $labels.a }}\"' }": "are no templates",
	} {
		if _, err := evaluate("prometheusAlerts", config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got the error %v, want %q", config, err, want)
		}
	}
}

// TestLabels: all alerts get further labels.
func TestLabels(t *testing.T) {
	t.Parallel()
	text, err := evaluate("prometheusAlerts", "{ alertLabels: { team: 'shop' } }")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range list(t, rules(t, []byte(text))) {
		if labels := rule.(map[string]any)["labels"].(map[string]any); labels["team"] != "shop" || labels["severity"] == nil {
			t.Errorf("%v", rule)
		}
	}
}

// boards evaluates the dashboards.
func boards(t *testing.T, config string) map[string]any {
	t.Helper()
	text, err := evaluate("grafanaDashboards", config)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	if len(v) != 4 {
		t.Errorf("there are %d dashboards", len(v))
	}
	return v
}

// TestDashboards: with the defaults the dashboards are the committed ones.
func TestDashboards(t *testing.T) {
	t.Parallel()
	for name, got := range boards(t, "{}") {
		text, err := os.ReadFile("../../dashboards/" + strings.TrimPrefix(name, "redis-sentinel-"))
		if err != nil {
			t.Fatal(err)
		}
		var want any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is another one", name)
		}
	}
}

// TestReadme: what the README shows can be built.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("(?s)```jsonnet\n(.*?)```").FindSubmatch(readme)
	if shown == nil {
		t.Fatal("the README shows nothing")
	}
	snippet := strings.Replace(string(shown[1]), "redis_sentinel_exporter/deploy/mixin/", "", 1)
	files, err := jsonnet.MakeVM().EvaluateAnonymousSnippetMulti("readme.jsonnet", snippet)
	if err != nil || len(files) != 5 || !strings.Contains(files["redis_sentinel.rules.json"], "by (job, deployment, cluster") {
		t.Errorf("%d files, %v", len(files), err)
	}
}

// strs calls a function for all strings in a value, with the keys that they have.
func strs(v any, key string, each func(key, text string)) {
	switch v := v.(type) {
	case string:
		each(key, v)
	case []any:
		for _, e := range v {
			strs(e, key, each)
		}
	case map[string]any:
		for k, e := range v {
			strs(e, k, each)
		}
	}
}

// TestOtherDashboards: with other labels each query that chooses or groups by deployment does so
// by these too, and Prometheus' parser takes all.
func TestOtherDashboards(t *testing.T) {
	t.Parallel()
	all := boards(t, `{ jobs: 'shop|all', selector: 'zone="a"', groupLabels: ['cluster', 'namespace'], runbookUrl: 'https://wiki.example.org', docsUrl: 'https://pages.example.org', exporterUrl: 'https://sentinels.example.org' }`)
	queries, links := 0, 0
	builtIn := strings.NewReplacer("$__rate_interval", "1m", "$__range", "1h", "$__interval", "1m")
	strs(any(all), "", func(key, text string) {
		for _, old := range []string{"redis[_-]sentinel", "runbooks.example.com", "docs.example.com", "exporter.example.com"} {
			if strings.Contains(text, old) {
				t.Errorf("%s is left in %s", old, text)
			}
		}
		if strings.Contains(text, "&var-deployment=${__data") {
			links++
			if !strings.Contains(text, "&var-cluster=${__data.fields.cluster}&var-namespace=${__data.fields.namespace}") {
				t.Errorf("a link without the labels: %s", text)
			}
		}
		if key != "expr" {
			return
		}
		queries++
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(builtIn.Replace(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		for _, names := range regexp.MustCompile(`\((job, deployment[a-z_, ]*)\)`).FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(names[1], "job, deployment, cluster, namespace") {
				t.Errorf("grouped by %s in %s", names[1], text)
			}
		}
		parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
			if selector, ok := node.(*parser.VectorSelector); ok {
				var by []string
				for _, m := range selector.LabelMatchers {
					by = append(by, m.String())
				}
				for _, further := range []string{`cluster=~"$cluster"`, `namespace=~"$namespace"`, `zone="a"`} {
					if slices.Contains(by, `deployment=~"$deployment"`) && !slices.Contains(by, further) {
						t.Errorf("%s has not %s", selector, further)
					}
				}
			}
			return nil
		})
	})
	if queries < 100 || links < 5 {
		t.Errorf("%d queries, %d links", queries, links)
	}
	for name, board := range all {
		var got []string
		for _, v := range board.(map[string]any)["templating"].(map[string]any)["list"].([]any) {
			v := v.(map[string]any)
			got = append(got, fmt.Sprint(v["name"]))
			if v["name"] == "namespace" && v["query"] != `label_values(redis_sentinel_up{zone="a", job=~"$job"}, namespace)` {
				t.Errorf("%s: the variable is asked for by %v", name, v["query"])
			}
		}
		if want := []string{"datasource", "job", "cluster", "namespace", "deployment", "master_name", "sentinel"}; !slices.Equal(got, want) {
			t.Errorf("%s has the variables %q", name, got)
		}
	}
}
