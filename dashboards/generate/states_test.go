package main

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// TestTruths: where a panel or a column shows a metric that is 1 or 0, both have a
// word and a colour of their own. Which metrics these are their help says.
func TestTruths(t *testing.T) {
	t.Parallel()
	truths := map[string]bool{"up": true}
	line := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| gauge \\| [^|]* \\| (?:1 (?:if|unless|while)|0 if)")
	for _, m := range line.FindAllStringSubmatch(readFile(t, "../../docs/metrics.md"), -1) {
		truths[m[1]] = true
	}
	if len(truths) < 20 {
		t.Fatalf("docs/metrics.md has only %d metrics of that kind: it is not read rightly", len(truths))
	}
	shown := 0
	for _, b := range dashboards(t) {
		for _, p := range b.drawn() {
			for _, target := range p.Targets {
				expr, err := parse(b.interpolate(target.Expr, nil, sample()))
				if err != nil {
					t.Fatal(err)
				}
				if !truths[shownMetric(expr)] {
					continue
				}
				shown++
				mappings := p.mappings(t, target)
				zero, one := words(t, mappings, "0"), words(t, mappings, "1")
				if zero.Text == "" || one.Text == "" || zero.Color == one.Color {
					t.Errorf("%s: %s %s: 0 is %v, 1 is %v", b.UID, p.Title, target.RefID, zero, one)
				}
			}
		}
	}
	if shown < 15 {
		t.Errorf("only %d queries show such a metric: they are not found rightly", shown)
	}
}

// shownMetric returns the metric that an expression shows as it is, if it does.
func shownMetric(expr parser.Expr) string {
	switch e := unwrapped(expr).(type) {
	case *parser.AggregateExpr:
		if e.Op == parser.MAX || e.Op == parser.MIN {
			return shownMetric(e.Expr)
		}
	case *parser.BinaryExpr:
		if e.Op == parser.LAND {
			return shownMetric(e.LHS)
		}
		if one, ok := constant(e.LHS); ok && one == 1 && e.Op == parser.MUL {
			return shownMetric(e.RHS)
		}
	case *parser.Call:
		if e.Func.Name == "label_replace" { // of the labels
			return shownMetric(e.Args[0])
		}
	case *parser.VectorSelector:
		return e.Name
	}
	return ""
}

// mappings returns those for the values of a query.
func (p jsonPanel) mappings(t *testing.T, target jsonTarget) []jsonMapping {
	t.Helper()
	if p.Type != "table" {
		return p.FieldConfig.Defaults.Mappings
	}
	for _, o := range p.FieldConfig.Overrides {
		if o.Matcher.Options != p.named(t)["Value #"+target.RefID] {
			continue
		}
		for _, property := range o.Properties {
			if property.ID == "mappings" {
				var list []jsonMapping
				if err := json.Unmarshal(property.Value, &list); err != nil {
					t.Fatal(err)
				}
				return list
			}
		}
	}
	return nil
}

type word struct{ Text, Color string }

func words(t *testing.T, mappings []jsonMapping, value string) word {
	t.Helper()
	for _, m := range mappings {
		if m.Type != "value" {
			continue
		}
		var values map[string]word
		if err := json.Unmarshal(m.Options, &values); err != nil {
			t.Fatal(err)
		}
		if w, ok := values[value]; ok {
			return w
		}
	}
	return word{}
}

// TestTimelines: their values have words or colours. With colours by threshold
// Grafana would write the bounds in place of the words.
func TestTimelines(t *testing.T) {
	t.Parallel()
	for _, b := range dashboards(t) {
		for _, p := range b.drawn() {
			if p.Type == "state-timeline" && (len(p.FieldConfig.Defaults.Mappings) == 0 || p.FieldConfig.Defaults.Color.Mode == "thresholds") {
				t.Errorf("%s: %s: %d mappings, colours by %s", b.UID, p.Title, len(p.FieldConfig.Defaults.Mappings), p.FieldConfig.Defaults.Color.Mode)
			}
		}
	}
}
