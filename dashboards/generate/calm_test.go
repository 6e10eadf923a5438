package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// TestBlindIsNeverGreen: what has no value has a colour of its own: a number that of
// "nobody can tell", a coloured cell of a table none.
func TestBlindIsNeverGreen(t *testing.T) {
	t.Parallel()
	tiles, cells := 0, 0
	for _, b := range dashboards(t) {
		for _, p := range b.drawn() {
			if p.Type == "stat" {
				tiles++
				if w := absent(t, p.FieldConfig.Defaults.Mappings); w.Color != plain || w.Text == "" {
					t.Errorf("%s: %s: without a value it is %+v", b.UID, p.Title, w)
				}
			}
			for _, o := range p.FieldConfig.Overrides {
				if o.property(t, "custom.cellOptions", nil) {
					cells++
					var list []jsonMapping
					if !o.property(t, "mappings", &list) || absent(t, list).Color != calm {
						t.Errorf("%s: %s: without a value %s is %+v", b.UID, p.Title, o.Matcher.Options, absent(t, list))
					}
				}
			}
		}
	}
	if tiles < 20 || cells < 20 {
		t.Errorf("only %d numbers and %d coloured columns: they are not found rightly", tiles, cells)
	}
}

// absent returns what is shown where there is no value.
func absent(t *testing.T, mappings []jsonMapping) word {
	t.Helper()
	for _, m := range mappings {
		var special struct {
			Match  string
			Result word
		}
		if m.Type != "special" {
			continue
		}
		if err := json.Unmarshal(m.Options, &special); err != nil {
			t.Fatal(err)
		}
		if special.Match == "null+nan" {
			return special.Result
		}
	}
	return word{}
}

// property reads one of a column.
func (o jsonOverride) property(t *testing.T, id string, into any) bool {
	t.Helper()
	for _, p := range o.Properties {
		if p.ID != id {
			continue
		}
		if into != nil {
			if err := json.Unmarshal(p.Value, into); err != nil {
				t.Fatal(err)
			}
		}
		return true
	}
	return false
}

// TestCells: what a table says when it is empty is in no cell of it, and a column that
// leads somewhere is never empty: what would be is called All.
func TestCells(t *testing.T) {
	t.Parallel()
	for _, b := range dashboards(t) {
		for _, p := range b.drawn() {
			if p.Type != "table" {
				continue
			}
			named := p.named(t)
			for of, title := range named {
				i := slices.IndexFunc(p.FieldConfig.Overrides, func(o jsonOverride) bool { return o.Matcher.Options == title })
				var text string
				if i < 0 || !p.FieldConfig.Overrides[i].property(t, "noValue", &text) || text != nothing {
					t.Errorf("%s: %s: an empty cell of %s says %q", b.UID, p.Title, title, text)
					continue
				}
				var links []struct{ URL string }
				if !p.FieldConfig.Overrides[i].property(t, "links", &links) || !p.mayLack(of) {
					continue
				}
				for _, label := range []string{of, "job"} { // which the links carry too
					if !strings.Contains(p.Targets[0].Expr, `"`+label+`", "All", "`+label+`", ""`) {
						t.Errorf("%s: %s: %s can be empty, and %s leads to %s", b.UID, p.Title, label, title, links[0].URL)
					}
				}
			}
		}
	}
}

// mayLack reports whether some rows of a table have no such label: those of alerts and
// of checks, of which some are about a whole deployment.
func (p jsonPanel) mayLack(label string) bool {
	return (label == "master_name" || label == "sentinel") &&
		(strings.Contains(p.Targets[0].Expr, "ALERTS") || strings.Contains(p.Targets[0].Expr, "check_status"))
}

// TestWorstFirst: a table with a verdict is sorted by it, and it is among the first two
// columns, beside whom it is about.
func TestWorstFirst(t *testing.T) {
	t.Parallel()
	found := 0
	for _, b := range dashboards(t) {
		for _, p := range b.drawn() {
			if p.Type != "table" || p.Options.SortBy == nil {
				continue
			}
			found++
			first := p.Options.SortBy[0]
			place := -1
			for _, tr := range p.Transformations {
				var organize struct {
					Index map[string]int    `json:"indexByName"`
					Names map[string]string `json:"renameByName"`
				}
				if tr.ID != "organize" {
					continue
				}
				if err := json.Unmarshal(tr.Options, &organize); err != nil {
					t.Fatal(err)
				}
				for of, title := range organize.Names {
					if title == first.DisplayName {
						place = organize.Index[of]
					}
				}
			}
			if place < 0 || place > 1 {
				t.Errorf("%s: %s is sorted by %q, which is its column %d", b.UID, p.Title, first.DisplayName, place)
			}
		}
	}
	if found < 8 {
		t.Errorf("only %d tables are sorted", found)
	}
}

// TestFits: titles fit into their panels, and the columns of known width of a table
// into its, at 1440 pixels.
func TestFits(t *testing.T) {
	t.Parallel()
	for _, b := range dashboards(t) {
		for _, p := range b.drawn() {
			if p.GridPos.W <= 4 && len(p.Title) > 20 {
				t.Errorf("%s: %q has %d letters", b.UID, p.Title, len(p.Title))
			}
			if p.Title == "What is wrong now" && p.GridPos.Y > 0 {
				t.Errorf("%s: %s is not on the first screen's top", b.UID, p.Title)
			}
			sum := 0
			for _, o := range p.FieldConfig.Overrides {
				var width int
				if !o.property(t, "custom.width", &width) {
					width = 80
				}
				sum += width
			}
			if room := (1440-32)*p.GridPos.W/24 - 40; p.Options.SortBy != nil && sum > room {
				t.Errorf("%s: %s is %d pixels wide, and there are %d", b.UID, p.Title, sum, room)
			}
		}
	}
}

// TestOneSeriesALine: of a choice (or) in a query over time all sides have a name or
// none has, or what changes sides begins another line. In an aggregation that is no
// matter.
func TestOneSeriesALine(t *testing.T) {
	t.Parallel()
	choices := 0
	for _, b := range dashboards(t) {
		for _, p := range b.drawn() {
			for _, target := range p.Targets {
				if !target.Range {
					continue
				}
				expr, err := parse(b.interpolate(target.Expr, nil, sample()))
				if err != nil {
					t.Fatal(err)
				}
				sides := alternatives(expr)
				choices += len(sides) - 1
				for _, s := range sides[1:] {
					if hasName(s) != hasName(sides[0]) {
						t.Errorf("%s: %s: one side has a name and one has none: %s", b.UID, p.Title, target.Expr)
					}
				}
			}
		}
	}
	if choices < 6 {
		t.Errorf("only %d choices: they are not found rightly", choices)
	}
}

func alternatives(expr parser.Expr) []parser.Expr {
	if b, ok := unwrapped(expr).(*parser.BinaryExpr); ok && b.Op == parser.LOR {
		return append(alternatives(b.LHS), alternatives(b.RHS)...)
	}
	return []parser.Expr{expr}
}

// hasName reports whether the series of an answer keep the name of the metric.
func hasName(expr parser.Expr) bool {
	switch e := unwrapped(expr).(type) {
	case *parser.VectorSelector:
		return true
	case *parser.BinaryExpr:
		return (e.Op.IsSetOperator() || e.Op.IsComparisonOperator() && !e.ReturnBool) && hasName(e.LHS)
	}
	return false
}

// TestNoLineOnZero: there it would lie on the axis, and on what is well.
func TestNoLineOnZero(t *testing.T) {
	t.Parallel()
	for _, b := range dashboards(t) {
		for _, p := range b.drawn() {
			if p.FieldConfig.Defaults.Custom.ThresholdsStyle.Mode != "dashed" {
				continue
			}
			for _, s := range p.FieldConfig.Defaults.Thresholds.Steps {
				if s.Value != nil && *s.Value < 0.01 {
					t.Errorf("%s: %s has a line at %v", b.UID, p.Title, *s.Value)
				}
			}
		}
	}
}
