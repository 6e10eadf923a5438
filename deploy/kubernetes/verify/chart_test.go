package verify

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1alpha1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

const chartDir = "../../helm/redis-sentinel-exporter"

// A rendering is what helm template makes: a text for each template, NOTES.txt included.
type rendering map[string]string

func loadChart(t *testing.T) *chart.Chart {
	t.Helper()
	c, err := loader.LoadDir(chartDir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// render does what helm template does: the schema is enforced.
func render(c *chart.Chart, values map[string]any) (rendering, error) {
	return renderWith(engine.Engine{}, c, values)
}

func renderWith(e engine.Engine, c *chart.Chart, values map[string]any) (rendering, error) {
	options := common.ReleaseOptions{Name: "redis-sentinel-exporter", Namespace: "monitoring", Revision: 1, IsInstall: true}
	all, err := util.ToRenderValues(c, values, options, nil)
	if err != nil {
		return nil, err
	}
	return e.RenderWithContext(context.Background(), c, all)
}

// readValues reads a file of values.
func readValues(t *testing.T, path string) map[string]any {
	t.Helper()
	values, err := common.ReadValuesFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// cases are the values with which all is rendered: those of testdata/chart, by the names of
// their files, those that the README shows, by their order, and none.
func cases(t *testing.T) map[string]map[string]any {
	t.Helper()
	paths, err := filepath.Glob("testdata/chart/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]any{"defaults": {}}
	for _, path := range paths {
		all[strings.TrimSuffix(filepath.Base(path), ".yaml")] = readValues(t, path)
	}
	readme, err := os.ReadFile(filepath.Join(chartDir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for i, shown := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(readme, -1) {
		values := map[string]any{}
		if err := yaml.UnmarshalStrict(shown[1], &values); err != nil {
			t.Fatal(err)
		}
		all[fmt.Sprintf("README %d", i+1)] = values
	}
	return all
}

// refused are values for which the chart says what is wrong with them.
func refused() map[string]map[string]any {
	rule := func(key string, value any) map[string]any {
		return map[string]any{"prometheusRule": map[string]any{"enabled": true, key: value}}
	}
	return map[string]map[string]any{
		"there is no alert RedisSentinelNothing": rule("without", []any{"RedisSentinelNothing"}),
		"there is no alert RedisSentinelNever":   rule("for", map[string]any{"RedisSentinelNever": "5m"}),
		"RedisSentinelDown has none":             rule("threshold", map[string]any{"RedisSentinelDown": 5}),
		"enable one of them":                     {"serviceMonitor": map[string]any{"enabled": true}, "podMonitor": map[string]any{"enabled": true}},
		"probes need config":                     {"probes": []any{map[string]any{"name": "a", "targets": []any{"a:26379"}}}},
		"would be asked by every one":            {"shards": 2, "sentinel": map[string]any{"addresses": []any{"a:26379"}}},
		"'replica' not allowed":                  {"replica": 2},
		"at '/shards'":                           {"shards": 0},
		"at '/prometheusRule/for/X'":             rule("for", map[string]any{"X": "5"}),
		"at '/prometheusRule/jobs'":              rule("jobs", "shop|{{ .Values.job }}"),
		"at '/prometheusRule/selector'":          rule("selector", `team="{{ team }}"`),
		"at '/prometheusRule/runbookUrl'":        rule("runbookUrl", "https://wiki.example.org/"),
	}
}

// objects returns the objects of a rendering by kind and name, decoded with Kubernetes' own
// types, in which a field that is misspelled is an error.
func objects(t *testing.T, r rendering) map[string]any {
	t.Helper()
	kinds := map[string]func() any{
		"ConfigMap": func() any { return &corev1.ConfigMap{} }, "Deployment": func() any { return &appsv1.Deployment{} },
		"NetworkPolicy": func() any { return &networkingv1.NetworkPolicy{} }, "PodDisruptionBudget": func() any { return &policyv1.PodDisruptionBudget{} },
		"PodMonitor": func() any { return &monitoringv1.PodMonitor{} }, "Probe": func() any { return &monitoringv1.Probe{} },
		"PrometheusRule": func() any { return &monitoringv1.PrometheusRule{} }, "ScrapeConfig": func() any { return &monitoringv1alpha1.ScrapeConfig{} },
		"Service": func() any { return &corev1.Service{} }, "ServiceAccount": func() any { return &corev1.ServiceAccount{} },
		"ServiceMonitor": func() any { return &monitoringv1.ServiceMonitor{} }, "StatefulSet": func() any { return &appsv1.StatefulSet{} },
	}
	all := map[string]any{}
	for name, text := range r {
		if strings.HasSuffix(name, ".txt") || strings.HasSuffix(name, ".tpl") {
			continue
		}
		for part := range strings.SplitSeq("\n"+text, "\n---\n") {
			var head struct {
				Kind     string
				Metadata struct{ Name string }
			}
			if err := yaml.Unmarshal([]byte(part), &head); err != nil {
				t.Fatalf("%s: %v in\n%s", name, err, part)
			}
			if head.Kind == "" {
				continue // an empty document
			}
			made, ok := kinds[head.Kind]
			if !ok {
				t.Fatalf("%s has a %s", name, head.Kind)
			}
			into := made()
			if err := yaml.UnmarshalStrict([]byte(part), into); err != nil {
				t.Errorf("%s: %s %s: %v", name, head.Kind, head.Metadata.Name, err)
			}
			key := head.Kind + " " + head.Metadata.Name
			if _, twice := all[key]; twice {
				t.Errorf("there are two of %s", key)
			}
			all[key] = into
		}
	}
	return all
}

// TestChartIsLinted: helm lint --strict has nothing to say, with the defaults and with
// all values.
func TestChartIsLinted(t *testing.T) {
	t.Parallel()
	for name, values := range cases(t) {
		for _, m := range lint.RunAll(chartDir, values, "monitoring").Messages {
			if m.Severity > support.InfoSev {
				t.Errorf("%s: %s: %v", name, m.Path, m.Err)
			}
		}
	}
}

// TestChartObjects: which objects there are, and that Kubernetes' types take them.
func TestChartObjects(t *testing.T) {
	t.Parallel()
	const e, s = "redis-sentinel-exporter", "redis-sentinel-exporter-sentinels"
	want := map[string][]string{
		"defaults": {"Deployment " + e, "Service " + e},
		"existing": {"Deployment " + e, "Probe " + e + "-carts", "ScrapeConfig " + e, "Service " + e, "ServiceMonitor " + e},
		"kustomize": {
			"ConfigMap " + e, "ConfigMap " + e + "-fleet", "ConfigMap " + e + "-master", "ConfigMap " + e + "-overview", "ConfigMap " + e + "-sentinel", "Deployment " + e,
			"NetworkPolicy " + e, "Probe " + e + "-orders", "PrometheusRule " + e, "Service " + e, "ServiceMonitor " + e,
		},
		"deployment": {
			"ConfigMap " + s, "ConfigMap " + s + "-fleet", "ConfigMap " + s + "-master", "ConfigMap " + s + "-more", "ConfigMap " + s + "-overview", "ConfigMap " + s + "-sentinel", "Deployment " + s,
			"NetworkPolicy " + s, "PodDisruptionBudget " + s, "Probe " + s + "-carts", "PrometheusRule " + s, "Service " + s, "ServiceAccount sentinels", "ServiceMonitor " + s,
		},
		"README 1": {
			"ConfigMap " + e + "-fleet", "ConfigMap " + e + "-master", "ConfigMap " + e + "-overview", "ConfigMap " + e + "-sentinel", "Deployment " + e,
			"PrometheusRule " + e, "Service " + e, "ServiceMonitor " + e,
		},
		"README 2": {"Deployment " + e, "Service " + e},
		"README 3": {"ConfigMap " + e, "Service " + e, "Service " + e + "-shards", "StatefulSet " + e},
		"shards":   {"Service " + e, "Service " + e + "-shards", "StatefulSet " + e},
		"sharded": {
			"ConfigMap sentinels", "PodMonitor sentinels", "ScrapeConfig sentinels", "Service sentinels", "Service sentinels-shards",
			"ServiceAccount sentinels", "StatefulSet sentinels",
		},
	}
	c := loadChart(t)
	for name, values := range cases(t) {
		r, err := render(c, values)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := slices.Sorted(maps.Keys(objects(t, r))); !slices.Equal(got, want[name]) {
			t.Errorf("%s: got  %q\nwant %q", name, got, want[name])
		}
	}
}

// TestChartNamesItsValues: a template names no value that is not there. In existing.yaml some
// are taken away on purpose.
func TestChartNamesItsValues(t *testing.T) {
	t.Parallel()
	c := loadChart(t)
	for name, values := range cases(t) {
		if _, err := renderWith(engine.Engine{Strict: true}, c, values); err != nil && name != "existing" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestChartRefuses: what would not work is refused, with a reason.
func TestChartRefuses(t *testing.T) {
	t.Parallel()
	c := loadChart(t)
	for want, values := range refused() {
		if _, err := render(c, values); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got the error %v, want %q", err, want)
		}
	}
}

// TestChartArchive: helm package makes links files, so that the archive needs nothing else.
func TestChartArchive(t *testing.T) {
	t.Parallel()
	c := loadChart(t)
	path, err := chartutil.Save(c, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	packed, err := loader.LoadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range cases(t) {
		want, err := render(c, values)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := render(packed, values); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: the archive renders something else (error %v)", name, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 256<<10 { // a release's Secret has it, of at most 1 MiB
		t.Errorf("the archive has %d bytes (error %v)", info.Size(), err)
	}
}
