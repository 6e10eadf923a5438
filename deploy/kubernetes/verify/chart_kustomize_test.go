package verify

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// TestChartIsKustomize: with the values that the manifests have, the chart makes the same
// objects. What differs by intent is named here.
func TestChartIsKustomize(t *testing.T) {
	t.Parallel()
	r, err := render(loadChart(t), readValues(t, "testdata/chart/kustomize.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	chart := map[string]map[string]any{}
	for key, object := range objects(t, r) {
		text, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		chart[chartName(key)] = plain(t, text)
	}
	text, err := build(t).AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	manifests := objects(t, rendering{"kustomize": string(text)})
	for key, object := range manifests {
		text, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		key = hashed.ReplaceAllString(key, "$1")
		got, ok := chart[key]
		if !ok {
			t.Errorf("the chart has no %s", key)
			continue
		}
		if want := plain(t, text); !reflect.DeepEqual(got, want) {
			a, _ := yaml.Marshal(got)
			b, _ := yaml.Marshal(want)
			t.Errorf("%s: the chart has\n%s\nthe manifests have\n%s", key, a, b)
		}
	}
	if len(chart) != len(manifests) {
		t.Errorf("the chart has %d objects, the manifests %d", len(chart), len(manifests))
	}
}

// hashed is a name to which kustomize has added a hash of the content.
var hashed = regexp.MustCompile(`(redis-sentinel-exporter)-[a-z0-9]{10}$`)

// chartName is the name in the manifests of what the chart calls so: it has several releases
// in one namespace, with the release in each name.
func chartName(key string) string {
	kind, name, _ := strings.Cut(key, " ")
	if kind == "Probe" || kind == "PrometheusRule" || kind == "ConfigMap" && name != "redis-sentinel-exporter" {
		name = strings.Replace(name, "redis-sentinel-exporter", "redis-sentinel", 1)
	}
	return kind + " " + name
}

// plain is an object without what is the chart's or kustomize's own: names, labels of the
// release, defaults that are written, and that the Secret must be there if it is given.
func plain(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	delete(object, "status")
	return clean(object).(map[string]any)
}

func clean(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = clean(v[i])
		}
	case map[string]any:
		for key, inner := range v {
			inner = clean(inner)
			table, _ := inner.(map[string]any)
			if text, ok := inner.(string); ok {
				switch key {
				case "config.yml":
					var config any
					if err := yaml.Unmarshal([]byte(text), &config); err == nil {
						inner = config
					}
				case "name", "secretName":
					inner = hashed.ReplaceAllString(text, "$1")
				case "url": // the manifests leave the namespace to where Prometheus is
					inner = strings.Replace(text, ".monitoring.svc", "", 1)
				}
			}
			switch key {
			case "metadata":
				delete(table, "name")
				delete(table, "annotations") // the checksum, for which kustomize has the hash in the name
			case "labels", "matchLabels", "selector":
				for _, own := range []string{"app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart"} {
					delete(table, own)
				}
			}
			v[key] = inner
			if key == "imagePullPolicy" || key == "optional" || inner == "ClusterIP" {
				inner = nil
			}
			if inner == nil || table != nil && len(table) == 0 {
				delete(v, key)
			}
		}
	}
	return v
}

// TestChartConfig: the exporter takes the configurations, and knows the flags, that are
// rendered.
func TestChartConfig(t *testing.T) {
	t.Parallel()
	flags, err := os.ReadFile("../../../docs/flags.md")
	if err != nil {
		t.Fatal(err)
	}
	c := loadChart(t)
	for name, values := range cases(t) {
		r, err := render(c, values)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects(t, r) {
			var pod corev1.PodSpec
			var text string
			switch object := object.(type) {
			case *appsv1.Deployment:
				pod = object.Spec.Template.Spec
			case *appsv1.StatefulSet:
				pod = object.Spec.Template.Spec
			case *corev1.ConfigMap:
				text = object.Data["config.yml"]
			}
			for _, container := range pod.Containers {
				for _, arg := range container.Args {
					if flag, _, _ := strings.Cut(arg, "="); !strings.Contains(string(flags), "| `"+flag+"` |") {
						t.Errorf("%s: the exporter has no flag %s", name, flag)
					}
				}
			}
			if text != "" {
				path := filepath.Join(t.TempDir(), "config.yml")
				// The files of the Secret are not here.
				text = strings.ReplaceAll(text, "/run/secrets/redis_sentinel_exporter/pass", path)
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				exporter(t, "config", "check", "--config.file="+path)
			}
		}
	}
}
