package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// Colours: what they mean is the same everywhere.
const (
	good    = "green"
	warn    = "orange"
	bad     = "red"
	unknown = "purple"
	busy    = "blue"
	plain   = "#808080"  // nobody can tell
	calm    = "panel-bg" // a cell of a table without anything to look at
)

// A state is the word and the colour of a value.
type state struct {
	value float64
	text  string
	color string
}

// A span is the word and the colour of values up to one; text is left out to show
// the number.
type span struct {
	from, to *float64
	text     string
	color    string
}

// statuses are the values of deployment_master_health and deployment_check_status, in
// the order that ranked gives them.
func statuses() []state {
	return []state{{0, "OK", good}, {1, "warning", warn}, {1.5, "unknown", unknown}, {2, "critical", bad}}
}

// muted has no colour for what is well: in a table only what deviates has one.
func muted(color string) string {
	if color == good {
		return calm
	}
	return color
}

// yesNo is for values that should be 1.
func yesNo(yes, no, noColor string) []state {
	return []state{{1, yes, good}, {0, no, noColor}}
}

// noYes is for values that should be 0.
func noYes(no, yes, yesColor string) []state {
	return []state{{0, no, good}, {1, yes, yesColor}}
}

// blind is what is shown where there is no value: never the colour of one.
func blind(text, color string) dashboard.ValueMapping {
	none := dashboard.NewSpecialValueMap()
	none.Options = dashboard.DashboardSpecialValueMapOptions{Match: dashboard.SpecialValueMatchNullAndNan, Result: result(text, color, 0)}
	return dashboard.ValueMapping{SpecialValueMap: none}
}

// atLeast is for numbers that may not be lower than a bound: worst below the
// bound, weak at it.
func atLeast(bound float64, weak string) []span {
	return []span{
		{nil, new(bound - 1), "", bad},
		{new(bound), new(bound), "", weak},
		{new(bound + 1), nil, "", good},
	}
}

func mappings(states []state, spans []span) []dashboard.ValueMapping {
	var list []dashboard.ValueMapping
	if len(states) > 0 {
		values := dashboard.NewValueMap()
		for i, s := range states {
			values.Options[strconv.FormatFloat(s.value, 'g', -1, 64)] = result(s.text, s.color, i)
		}
		list = append(list, dashboard.ValueMapping{ValueMap: values})
	}
	for i, s := range spans {
		between := dashboard.NewRangeMap()
		between.Options = dashboard.DashboardRangeMapOptions{From: s.from, To: s.to, Result: result(s.text, s.color, len(states)+i)}
		list = append(list, dashboard.ValueMapping{RangeMap: between})
	}
	return list
}

// renamed shows other words for some.
func renamed(names map[string]string) []dashboard.ValueMapping {
	values := dashboard.NewValueMap()
	for i, from := range slices.Sorted(maps.Keys(names)) {
		place := int32(i)
		values.Options[from] = dashboard.ValueMappingResult{Text: new(names[from]), Index: &place}
	}
	return []dashboard.ValueMapping{{ValueMap: values}}
}

func result(text, color string, index int) dashboard.ValueMappingResult {
	place := int32(index) //nolint:gosec // there are few
	r := dashboard.ValueMappingResult{Color: &color, Index: &place}
	if text != "" {
		r.Text = &text
	}
	return r
}

// addressColors gives addresses colours by the last digit in the name of the
// host, so that a switch from one to another is easy to see.
func addressColors() []dashboard.ValueMapping {
	palette := []string{
		"blue", "purple", "yellow", "semi-dark-blue", "super-light-purple",
		"dark-yellow", "super-light-blue", "semi-dark-purple", "dark-blue", "super-light-yellow",
	}
	var list []dashboard.ValueMapping
	for digit, color := range palette {
		named := dashboard.NewRegexMap()
		named.Options = dashboard.DashboardRegexMapOptions{Pattern: fmt.Sprintf("/%d[^0-9]*:[0-9]+$/", digit), Result: result("", color, digit)}
		list = append(list, dashboard.ValueMapping{RegexMap: named})
	}
	return list
}

// A level is the colour of values from one upwards.
type level struct {
	from  float64
	color string
}

// levels returns a base colour with the levels above it.
func levels(base string, above ...level) *dashboard.ThresholdsConfig {
	steps := []dashboard.Threshold{{Color: base}}
	for _, l := range above {
		steps = append(steps, dashboard.Threshold{Value: new(l.from), Color: l.color})
	}
	return &dashboard.ThresholdsConfig{Mode: dashboard.ThresholdsModeAbsolute, Steps: steps}
}
