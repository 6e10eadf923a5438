package verify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// A value is one that values.yaml documents, in the order of the file.
type value struct {
	path  []string
	about string // one line of Markdown
	what  *yaml.Node
}

// documented returns what the comments of values.yaml that begin with "--" are about. What
// has none must be a table of such.
func documented(t *testing.T) []value {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(chartDir, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file yaml.Node
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var list []value
	var walk func(path []string, table *yaml.Node)
	walk = func(path []string, table *yaml.Node) {
		for i := 0; i < len(table.Content); i += 2 {
			key, what := table.Content[i], table.Content[i+1]
			path := append(slices.Clone(path), key.Value)
			lines := strings.Split(key.HeadComment, "\n")
			about, ok := strings.CutPrefix(lines[len(lines)-1], "# -- ")
			switch {
			case ok:
				list = append(list, value{path, about, what})
			case what.Kind == yaml.MappingNode && len(what.Content) > 0:
				walk(path, what)
			default:
				t.Errorf("values.yaml does not say what %s is", strings.Join(path, "."))
			}
		}
	}
	walk(nil, file.Content[0])
	return list
}

// asJSON returns a value as a line.
func asJSON(t *testing.T, node *yaml.Node) string {
	t.Helper()
	var v any
	if err := node.Decode(&v); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

// upToDate compares a generated file, or writes it.
func upToDate(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s is not what values.yaml says: run make docs (error %v)", path, err)
	}
}

// TestChartReadme: the table of the values is that of values.yaml.
func TestChartReadme(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	table.WriteString("\n| value | default | |\n|---|---|---|\n")
	for _, v := range documented(t) {
		fmt.Fprintf(&table, "| `%s` | `%s` | %s |\n", strings.Join(v.path, "."), asJSON(t, v.what), v.about)
	}
	path := filepath.Join(chartDir, "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- values: written by `make docs` -->", "<!-- values: end -->"
	before, rest, ok1 := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the table", path)
	}
	upToDate(t, path, before+begin+table.String()+end+after)
}

// A schema is a part of a JSON schema.
type schema map[string]any

// limits are what a value must be besides of the type that its default has.
func limits() map[string]schema {
	const duration = `^([0-9]+(ms|s|m|h|d|w|y))+$`
	texts := schema{"items": schema{"type": "string", "minLength": 1}}
	labels := schema{"additionalProperties": schema{"type": "string"}}
	durations := schema{"pattern": duration}
	url := schema{"pattern": `^https?://[^\s"'\\{}#]+[^\s"'\\{}#/]$`}
	scheme := schema{"enum": []string{"http", "https"}}
	notTemplate := schema{"not": schema{"pattern": `\{\{`}}
	alerts := schema{"propertyNames": schema{"pattern": "^RedisSentinel[A-Za-z]+$"}}
	with := func(s schema, more schema) schema {
		s = maps.Clone(s)
		maps.Copy(s, more)
		return s
	}
	return map[string]schema{
		"commonLabels": labels, "podLabels": labels, "podAnnotations": labels, "annotations": labels, "monitoringLabels": labels, "nodeSelector": labels,
		"serviceAccount.annotations": labels, "service.annotations": labels, "dashboards.labels": labels, "dashboards.annotations": labels,
		"prometheusRule.alertLabels": labels,
		"image.pullPolicy":           {"enum": []string{"Always", "IfNotPresent", "Never"}},
		"image.digest":               {"pattern": "^(sha256:[0-9a-f]{64})?$"},
		"service.type":               {"enum": []string{"ClusterIP", "NodePort", "LoadBalancer"}},
		"service.port":               {"minimum": 1, "maximum": 65535},
		"shards":                     {"minimum": 1},
		"replicas":                   {"minimum": 0},
		"sentinel.addresses":         texts, "prometheusRule.without": texts,
		"extraArgs":                          {"items": schema{"type": "string", "pattern": "^--"}},
		"podDisruptionBudget.maxUnavailable": {"type": []string{"integer", "string"}},
		"networkPolicy.ports":                {"items": schema{"type": "integer", "minimum": 1, "maximum": 65535}},
		"serviceMonitor.interval":            durations, "podMonitor.interval": durations, "scrapeConfig.interval": durations, "scrapeConfig.refreshInterval": durations,
		"serviceMonitor.scheme": scheme, "podMonitor.scheme": scheme,
		"prometheusRule.runbookUrl": url, "prometheusRule.dashboardUrl": url, "prometheusRule.exporterUrl": url, "dashboards.runbookUrl": url, "dashboards.docsUrl": url, "dashboards.exporterUrl": url,
		// Prometheus would take it in an annotation for a template of its own.
		"prometheusRule.jobs": notTemplate, "prometheusRule.selector": notTemplate,
		"prometheusRule.groupLabels": {"uniqueItems": true, "items": schema{
			"type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$",
			"not": schema{"enum": []string{"job", "deployment", "instance", "alertname", "severity", "master_name", "sentinel", "replica", "peer", "check"}},
		}},
		"prometheusRule.for":       with(alerts, schema{"additionalProperties": schema{"type": "string", "pattern": duration}}),
		"prometheusRule.severity":  with(alerts, schema{"additionalProperties": schema{"type": "string", "pattern": "^[a-z0-9_-]+$"}}),
		"prometheusRule.threshold": with(alerts, schema{"additionalProperties": schema{"type": "number"}}),
		"probes": {"items": schema{
			"type": "object", "required": []string{"name", "targets"}, "additionalProperties": false,
			"properties": schema{
				"name": schema{"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"}, "targets": with(texts, schema{"type": "array", "minItems": 1}),
				"jobName": schema{"type": "string"}, "module": schema{"type": "string"}, "interval": with(durations, schema{"type": "string"}),
				"labels": with(labels, schema{"type": "object"}),
			},
		}},
	}
}

// TestChartSchema: the schema is that of the values that are documented; there are no others.
func TestChartSchema(t *testing.T) {
	t.Parallel()
	table := func() schema {
		return schema{"type": "object", "additionalProperties": false, "properties": schema{}}
	}
	root := table()
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["properties"].(schema)["global"] = schema{"type": "object", "description": "Of a chart that has this one in it."}
	left := limits()
	for _, v := range documented(t) {
		at := root["properties"].(schema)
		for _, key := range v.path[:len(v.path)-1] {
			if at[key] == nil {
				at[key] = table()
			}
			at = at[key].(schema)["properties"].(schema)
		}
		s := schema{"description": v.about}
		switch kind := v.what.ShortTag(); kind {
		case "!!str":
			s["type"] = "string"
		case "!!int":
			s["type"] = "integer"
		case "!!bool":
			s["type"] = "boolean"
		case "!!seq":
			s["type"] = "array"
		case "!!map":
			s["type"] = "object"
		default:
			t.Errorf("%s is a %s", strings.Join(v.path, "."), kind)
		}
		path := strings.Join(v.path, ".")
		maps.Copy(s, left[path])
		delete(left, path)
		at[v.path[len(v.path)-1]] = s
	}
	for path := range left {
		t.Errorf("there is no value %s", path)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		t.Fatal(err)
	}
	upToDate(t, filepath.Join(chartDir, "values.schema.json"), out.String())
}

// without returns values without the one at path, and reports whether there was one.
func without(values map[string]any, path []string) (map[string]any, bool) {
	values = maps.Clone(values)
	inner, found := values[path[0]]
	if !found {
		return nil, false
	}
	if len(path) == 1 {
		delete(values, path[0])
		return values, true
	}
	table, ok := inner.(map[string]any)
	if !ok {
		return nil, false
	}
	values[path[0]], found = without(table, path[1:])
	return values, found
}

// TestEveryChartValueDoesSomething: each documented value is set in a case, and without it
// something else is rendered.
func TestEveryChartValueDoesSomething(t *testing.T) {
	t.Parallel()
	c := loadChart(t)
	all := cases(t)
	for _, v := range documented(t) {
		if !matters(t, c, all, v.path) {
			t.Errorf("no case of testdata/chart shows what %s does", strings.Join(v.path, "."))
		}
	}
}

// matters reports whether in one of the cases a value makes a difference.
func matters(t *testing.T, c *chart.Chart, all map[string]map[string]any, path []string) bool {
	t.Helper()
	for name, values := range all {
		less, found := without(values, path)
		if !found {
			continue
		}
		with, err := render(c, values)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if r, err := render(c, less); err != nil || !maps.Equal(r, with) {
			return true
		}
	}
	return false
}
