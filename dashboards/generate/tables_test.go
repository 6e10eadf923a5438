package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// TestColumns: what a table or a timeline of labels names of its queries' answers
// is in them: a label by which they group, or the values of one of them.
func TestColumns(t *testing.T) {
	t.Parallel()
	for _, b := range dashboards(t) {
		for _, p := range b.drawn() {
			if len(p.Transformations) == 0 {
				continue
			}
			fields := p.fields(t, b)
			named := p.named(t)
			for _, name := range slices.Sorted(maps.Keys(named)) {
				if !fields[name] {
					t.Errorf("%s: %s: no query gives %s, only %q", b.UID, p.Title, name, slices.Sorted(maps.Keys(fields)))
				}
			}
			titles := slices.Collect(maps.Values(named))
			for _, o := range p.FieldConfig.Overrides {
				if o.Matcher.ID != "byName" || !slices.Contains(titles, o.Matcher.Options) {
					t.Errorf("%s: %s: an override is for %v, which is no column", b.UID, p.Title, o.Matcher)
				}
			}
		}
	}
}

// fields are the names that Grafana gives to the columns of the answers.
func (p jsonPanel) fields(t *testing.T, b jsonBoard) map[string]bool {
	t.Helper()
	set := map[string]bool{"Time": true}
	for _, target := range p.Targets {
		set["Value #"+target.RefID] = len(p.Targets) > 1
		set["Value"] = len(p.Targets) == 1
		expr, err := parse(b.interpolate(target.Expr, nil, sample()))
		if err != nil {
			t.Fatal(err)
		}
		for _, label := range grouping(expr) {
			set[label] = true
		}
	}
	return set
}

// grouping returns the labels that an answer has.
func grouping(expr parser.Expr) []string {
	switch e := unwrapped(expr).(type) {
	case *parser.AggregateExpr:
		return e.Grouping
	case *parser.Call:
		if e.Func.Name == "label_replace" {
			label, _ := e.Args[1].(*parser.StringLiteral)
			return append(grouping(e.Args[0]), label.Val)
		}
	case *parser.BinaryExpr:
		return append(grouping(e.LHS), grouping(e.RHS)...)
	}
	return nil
}

// named returns the columns that the transformations take, with the titles that
// they get.
func (p jsonPanel) named(t *testing.T) map[string]string {
	t.Helper()
	titles := map[string]string{}
	for _, tr := range p.Transformations {
		var options struct {
			Include struct{ Names []string }
			Sort    []struct{ Field string }
			Fields  []string
			Rename  map[string]string `json:"renameByName"`
			Index   map[string]int    `json:"indexByName"`
		}
		if len(tr.Options) > 0 && strings.Contains("merge filterFieldsByName organize sortBy partitionByValues", tr.ID) {
			if err := json.Unmarshal(tr.Options, &options); err != nil {
				t.Fatal(err)
			}
		} else {
			t.Errorf("%s: the test does not know the transformation %s", p.Title, tr.ID)
		}
		for _, s := range options.Sort {
			options.Fields = append(options.Fields, s.Field)
		}
		for _, name := range slices.Concat(options.Include.Names, options.Fields, slices.Collect(maps.Keys(options.Index))) {
			if titles[name] == "" {
				titles[name] = name
			}
		}
		maps.Copy(titles, options.Rename)
	}
	return titles
}
