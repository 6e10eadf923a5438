package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-foundation-sdk/go/units"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// A rule is one of grafana/dashboard-linter, by its name there. It reports what
// is wrong.
type rule struct {
	name  string
	check func(b jsonBoard, report func(format string, args ...any))
}

// rules are those of version 0.2.0, and in part more strict: they look at all
// kinds of panels, not only at stats and time series. Left out with a reason:
//
//   - template-instance-rule, target-instance-rule: instance is the exporter here;
//     what is watched is a Sentinel or a master. Their variables stand in its place,
//     and the rules hold for them: template-sentinel, target-sentinel.
//   - target-logql-rule, target-logql-auto-rule: no panel reads logs.
func rules() []rule {
	return []rule{
		{"template-datasource-rule", templateDatasource},
		{"template-job-rule", templateJob},
		{"template-sentinel", templateSentinel},
		{"template-label-promql-rule", templateLabel},
		{"template-on-time-change-reload-rule", templateReload},
		{"panel-datasource-rule", panelDatasource},
		{"panel-title-description-rule", panelTitle},
		{"panel-units-rule", panelUnits},
		{"panel-no-targets-rule", panelTargets},
		{"target-promql-rule", targetPromQL},
		{"target-rate-interval-rule", targetRateInterval},
		{"target-job-rule", targetJob},
		{"target-sentinel", targetSentinel},
		{"target-counter-agg-rule", targetCounters},
		{"uneditable-dashboard", uneditable},
	}
}

func TestLinter(t *testing.T) {
	t.Parallel()
	for _, b := range dashboards(t) {
		for _, r := range rules() {
			r.check(b, func(format string, args ...any) {
				t.Errorf("%s: %s: %s", b.UID, r.name, fmt.Sprintf(format, args...))
			})
		}
	}
}

func templateDatasource(b jsonBoard, report func(string, ...any)) {
	var n int
	for _, v := range b.Templating.List {
		if v.Type == "datasource" {
			n++
			if v.Name != "datasource" || v.Label != "Data source" || v.Query != "prometheus" {
				report("the variable is %+v", v)
			}
		}
	}
	if n != 1 {
		report("there are %d data sources", n)
	}
}

func templateJob(b jsonBoard, report func(string, ...any)) { template(b, "job", "Job", report) }

func templateSentinel(b jsonBoard, report func(string, ...any)) {
	template(b, "sentinel", "Sentinel", report)
}

func template(b jsonBoard, name, label string, report func(string, ...any)) {
	for _, v := range b.Templating.List {
		if v.Name == name {
			if v.Label != label || v.Type != "query" || v.Datasource.UID != "${datasource}" || !v.Multi || v.AllValue != ".+" {
				report("the variable is %+v", v)
			}
			return
		}
	}
	report("there is no variable %s", name)
}

func templateLabel(b jsonBoard, report func(string, ...any)) {
	for _, v := range b.Templating.List {
		if v.Type != "query" {
			continue
		}
		parts := labelValues.FindStringSubmatch(v.Query)
		if parts == nil {
			report("the query of %s is %s", v.Name, v.Query)
			continue
		}
		if _, err := parse(b.interpolate(parts[1], nil, sample())); err != nil {
			report("the query of %s: %v", v.Name, err)
		}
	}
}

func templateReload(b jsonBoard, report func(string, ...any)) {
	for _, v := range b.Templating.List {
		if v.Type == "query" && v.Refresh != 2 {
			report("%s is not asked again when the time changes", v.Name)
		}
	}
}

func panelDatasource(b jsonBoard, report func(string, ...any)) {
	want := jsonSource{"prometheus", "${datasource}"}
	for _, p := range b.drawn() {
		for _, target := range p.Targets {
			if p.Datasource != want || target.Datasource != want {
				report("%s: the data source is %v, %v", p.Title, p.Datasource, target.Datasource)
			}
		}
	}
}

func panelTitle(b jsonBoard, report func(string, ...any)) {
	for _, p := range b.drawn() {
		if p.Title == "" || !strings.HasSuffix(p.Description, ".") {
			report("panel %d: title %q, description %q", p.ID, p.Title, p.Description)
		}
	}
}

// panelUnits asks for a unit even where values have words.
func panelUnits(b jsonBoard, report func(string, ...any)) {
	for _, p := range b.drawn() {
		used := []string{p.FieldConfig.Defaults.Unit}
		for _, o := range p.FieldConfig.Overrides {
			for _, property := range o.Properties {
				if property.ID == "unit" {
					used = append(used, strings.Trim(string(property.Value), `"`))
				}
			}
		}
		for _, unit := range used {
			if !slices.Contains(grafanaUnits(), unit) {
				report("%s: %q is no unit", p.Title, unit)
			}
		}
	}
}

// grafanaUnits are the units of Grafana that a dashboard here may use, as its own
// SDK names them.
func grafanaUnits() []string {
	return []string{
		units.NoUnit, units.String, units.PercentUnit, units.BytesIEC, units.Seconds, units.DurationSeconds,
		units.DateTimeFromNow, units.CountsPerSecond, units.OpsPerSecond,
	}
}

func panelTargets(b jsonBoard, report func(string, ...any)) {
	for _, p := range b.drawn() {
		if len(p.Targets) == 0 {
			report("%s asks nothing", p.Title)
		}
	}
}

func targetPromQL(b jsonBoard, report func(string, ...any)) {
	for _, p := range b.drawn() {
		for _, target := range p.Targets {
			if _, err := parse(b.interpolate(target.Expr, nil, sample())); err != nil {
				report("%s: %v", p.Title, err)
			}
		}
	}
}

// targetRateInterval lets increase alone span also the time that is shown, and
// the 5 minutes of an alert's own expression.
func targetRateInterval(b jsonBoard, report func(string, ...any)) {
	const rateInterval, shown = 8869990787 * time.Millisecond, 6069770749 * time.Millisecond
	values := map[string]string{"__rate_interval": "8869990787ms", "__range": "6069770749ms"}
	allowed := map[string][]time.Duration{
		"rate": {rateInterval}, "irate": {rateInterval}, "increase": {rateInterval, shown, 5 * time.Minute},
	}
	for _, p := range b.drawn() {
		for _, target := range p.Targets {
			expr, err := parse(b.interpolate(target.Expr, nil, values))
			if err != nil {
				continue // target-promql-rule says so
			}
			parser.Inspect(expr, func(node parser.Node, parents []parser.Node) error {
				matrix, ok := node.(*parser.MatrixSelector)
				if !ok || len(parents) == 0 {
					return nil
				}
				call, ok := parents[len(parents)-1].(*parser.Call)
				if !ok {
					return nil
				}
				if ranges, counts := allowed[call.Func.Name]; counts && !slices.Contains(ranges, matrix.Range) {
					report("%s: no $__rate_interval in %s", p.Title, target.Expr)
				}
				return nil
			})
		}
	}
}

func targetJob(b jsonBoard, report func(string, ...any)) {
	targets(b, "job", func(selector) bool { return true }, report)
}

// targetSentinel: what a Sentinel says is only shown of those that are chosen.
func targetSentinel(b jsonBoard, report func(string, ...any)) {
	targets(b, "sentinel", func(s selector) bool {
		own := !strings.HasPrefix(s.name, "redis_sentinel_deployment_") && strings.HasPrefix(s.name, "redis_sentinel_")
		return own && !slices.Contains([]string{
			"redis_sentinel_last_switch_timestamp_seconds", // of all Sentinels together
			"redis_sentinel_failover_duration_seconds_sum",
			"redis_sentinel_failover_duration_seconds_count",
			"redis_sentinel_exporter_config_last_reload_successful", // of the exporter
		}, s.name) && !ofAnyID(s)
	}, report)
}

// ofAnyID: whether an id is some other Sentinel's is to be asked of all, or it
// would be nobody's as soon as one is chosen.
func ofAnyID(s selector) bool {
	return slices.ContainsFunc(s.matchers, func(m *labels.Matcher) bool { return m.Name == "sentinel_id" })
}

// targets reports selectors without a matcher for what is chosen of a label.
func targets(b jsonBoard, label string, applies func(selector) bool, report func(string, ...any)) {
	const mark = "chosen_here"
	for _, p := range b.drawn() {
		for _, target := range p.Targets {
			expr, err := parse(b.interpolate(target.Expr, chosen{label: {mark}}, sample()))
			if err != nil {
				continue // target-promql-rule says so
			}
			for _, s := range selectors(expr) {
				matches := func(m *labels.Matcher) bool {
					return m.Name == label && m.Type == labels.MatchRegexp && strings.TrimSuffix(m.Value, "|") == mark
				}
				if applies(s) && !slices.ContainsFunc(s.matchers, matches) {
					report("%s: %s is of any %s", p.Title, s.name, label)
				}
			}
		}
	}
}

func targetCounters(b jsonBoard, report func(string, ...any)) {
	for _, p := range b.drawn() {
		for _, target := range p.Targets {
			expr, err := parse(b.interpolate(target.Expr, nil, sample()))
			if err != nil {
				continue // target-promql-rule says so
			}
			parser.Inspect(expr, func(node parser.Node, parents []parser.Node) error {
				s, ok := node.(*parser.VectorSelector)
				if !ok || !strings.HasSuffix(s.Name, "_total") {
					return nil
				}
				if isBirth(parents) {
					return nil
				}
				var call *parser.Call
				if len(parents) > 1 {
					call, _ = parents[len(parents)-2].(*parser.Call)
				}
				if call == nil || !slices.Contains([]string{"rate", "irate", "increase"}, call.Func.Name) && !isGrowth(parents[:len(parents)-2]) && !isBirth(parents[:len(parents)-2]) {
					report("%s: the counter %s is shown as it is", p.Title, s.Name)
				}
				return nil
			})
		}
	}
}

// isGrowth reports whether the innermost of some expressions is what a counter has
// grown by: its last value in a time less its lowest.
func isGrowth(parents []parser.Node) bool {
	if len(parents) == 0 {
		return false
	}
	less, ok := parents[len(parents)-1].(*parser.BinaryExpr)
	if !ok || less.Op != parser.SUB {
		return false
	}
	last, isLast := strings.CutPrefix(less.LHS.String(), "last_over_time")
	lowest, isLowest := strings.CutPrefix(less.RHS.String(), "min_over_time")
	return isLast && isLowest && last == lowest
}

// isBirth reports whether the innermost of some expressions is what a counter has counted
// whose series was not there before: last_over_time(x[d]) unless x offset d.
func isBirth(parents []parser.Node) bool {
	if len(parents) == 0 {
		return false
	}
	both, ok := parents[len(parents)-1].(*parser.BinaryExpr)
	if !ok || both.Op != parser.LUNLESS {
		return false
	}
	now, isNow := both.LHS.(*parser.Call)
	then, isThen := both.RHS.(*parser.VectorSelector)
	if !isNow || !isThen || now.Func.Name != "last_over_time" {
		return false
	}
	window := now.Args[0].(*parser.MatrixSelector)
	return window.VectorSelector.(*parser.VectorSelector).Name == then.Name && window.Range == then.OriginalOffset
}

func uneditable(b jsonBoard, report func(string, ...any)) {
	if b.Editable == nil || *b.Editable {
		report("it can be edited")
	}
}

// TestLinterFinds: each rule finds what it is for.
func TestLinterFinds(t *testing.T) {
	t.Parallel()
	editable := true
	spoil := map[string]func(*jsonBoard){
		"template-datasource-rule":            func(b *jsonBoard) { b.Templating.List[0].Label = "DS" },
		"template-job-rule":                   func(b *jsonBoard) { b.Templating.List[1].AllValue = "" },
		"template-sentinel":                   func(b *jsonBoard) { b.Templating.List[4].Multi = false },
		"template-label-promql-rule":          func(b *jsonBoard) { b.Templating.List[1].Query = "label_values(up{, job)" },
		"template-on-time-change-reload-rule": func(b *jsonBoard) { b.Templating.List[1].Refresh = 1 },
		"panel-datasource-rule":               func(b *jsonBoard) { b.Panels[0].Datasource.UID = "abc" },
		"panel-title-description-rule":        func(b *jsonBoard) { b.Panels[0].Description = "" },
		"panel-units-rule":                    func(b *jsonBoard) { b.Panels[0].FieldConfig.Defaults.Unit = "" },
		"panel-no-targets-rule":               func(b *jsonBoard) { b.Panels[0].Targets = nil },
		"target-promql-rule":                  func(b *jsonBoard) { b.Panels[0].Targets[0].Expr = "max(" },
		"target-rate-interval-rule": func(b *jsonBoard) {
			b.Panels[0].Targets[0].Expr = `rate(a_total{job=~"$job"}[5m])`
		},
		"target-job-rule":         func(b *jsonBoard) { b.Panels[0].Targets[0].Expr = `up{job="$job"}` },
		"target-sentinel":         func(b *jsonBoard) { b.Panels[0].Targets[0].Expr = `redis_sentinel_up{job=~"$job"}` },
		"target-counter-agg-rule": func(b *jsonBoard) { b.Panels[0].Targets[0].Expr = `max(a_total{job=~"$job"})` },
		"uneditable-dashboard":    func(b *jsonBoard) { b.Editable = &editable },
	}
	for _, r := range rules() {
		b := dashboards(t)[0]
		spoil[r.name](&b)
		found := 0
		r.check(b, func(string, ...any) { found++ })
		if found == 0 {
			t.Errorf("%s finds nothing", r.name)
		}
	}
}
