package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// parse parses an expression with Prometheus's own parser.
func parse(expr string) (parser.Expr, error) {
	return parser.NewParser(parser.Options{}).ParseExpr(expr)
}

// A found is an expression in a dashboard.
type found struct {
	where string
	expr  string // as Grafana sends it when all is chosen
	panel *jsonPanel
}

var labelValues = regexp.MustCompile(`^label_values\((.+), ([a-z_]+)\)$`)

// expressions returns all of a dashboard's: of panels, variables and annotations.
func (b jsonBoard) expressions(t *testing.T) []found {
	t.Helper()
	var list []found
	add := func(where, expr string, p *jsonPanel) {
		list = append(list, found{b.UID + ": " + where, b.interpolate(expr, nil, sample()), p})
	}
	for _, p := range b.drawn() {
		for _, target := range p.Targets {
			add(p.Title+" "+target.RefID, target.Expr, &p)
		}
	}
	for _, v := range b.Templating.List {
		if v.Type == "query" {
			parts := labelValues.FindStringSubmatch(v.Query)
			if parts == nil {
				t.Fatalf("%s: the variable %s does not ask for the values of a label: %s", b.UID, v.Name, v.Query)
			}
			add("variable "+v.Name, parts[1], nil)
		}
	}
	for _, a := range b.Annotations.List {
		add("annotation "+a.Name, a.Target.Expr, nil)
	}
	return list
}

// TestExpressions: each parses, has no variable left in it, and uses only metrics
// and labels of the exporter, as docs/metrics.md has them, or of Prometheus.
func TestExpressions(t *testing.T) {
	t.Parallel()
	known := metrics(t)
	for _, b := range dashboards(t) {
		for _, f := range b.expressions(t) {
			expr, err := parse(f.expr)
			if err != nil {
				t.Errorf("%s: %v: %s", f.where, err, f.expr)
				continue
			}
			if strings.Contains(f.expr, "$") && !strings.Contains(f.expr, `"$1"`) {
				t.Errorf("%s: a variable is not known: %s", f.where, f.expr)
			}
			for _, s := range selectors(expr) {
				name := s.name
				own, ok := known[strings.TrimSuffix(strings.TrimSuffix(name, "_sum"), "_count")]
				if !ok {
					t.Errorf("%s: there is no metric %s", f.where, name)
				}
				for _, m := range s.matchers {
					if !slices.Contains(own, m.Name) {
						t.Errorf("%s: %s has no label %s", f.where, name, m.Name)
					}
				}
			}
		}
	}
}

// metrics returns the labels of every metric that a dashboard may use.
func metrics(t *testing.T) map[string][]string {
	t.Helper()
	target := []string{"job", "deployment", "instance"}
	known := map[string][]string{
		"up":                         target,
		"process_start_time_seconds": target,
		"redis_sentinel_exporter_config_last_reload_successful": target,
		"ALERTS": append([]string{"alertname", "alertstate", "severity", "master_name", "sentinel", "replica"}, target...),
	}
	line := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [a-z]+ \\| ([^|]*) \\|")
	for _, m := range line.FindAllStringSubmatch(readFile(t, "../../docs/metrics.md"), -1) {
		own := slices.Clone(target)
		for _, l := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(m[2], -1) {
			own = append(own, l[1])
		}
		known[m[1]] = own
	}
	if len(known) < 50 {
		t.Fatalf("docs/metrics.md has only %d metrics: it is not read rightly", len(known))
	}
	return known
}

// A selector is one of an expression.
type selector struct {
	name     string
	matchers []*labels.Matcher
}

func selectors(expr parser.Expr) []selector {
	var list []selector
	for _, matchers := range parser.ExtractSelectors(expr) {
		var s selector
		for _, m := range matchers {
			if m.Name == "__name__" {
				s.name = m.Value
				continue
			}
			s.matchers = append(s.matchers, m)
		}
		list = append(list, s)
	}
	return list
}

// TestSelectors: what TestExpressions relies on finds what is wrong.
func TestSelectors(t *testing.T) {
	t.Parallel()
	expr, err := parse(`rate(a{x="1"}[5m]) / on (y) b or c`)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range selectors(expr) {
		names = append(names, s.name)
	}
	if !slices.Equal(names, []string{"a", "b", "c"}) {
		t.Errorf("the metrics are %q", names)
	}
	if _, err := parse(`rate(a{x="1"}) /`); err == nil {
		t.Error("half an expression is parsed without an error")
	}
}
