package main

import (
	"encoding/json"
	"strconv"
	"testing"
)

// color returns the colour in which Grafana shows a value: that of the first
// mapping that has the value, else that of the highest threshold below it.
func (p *jsonPanel) color(t *testing.T, value float64) string {
	t.Helper()
	for _, m := range p.FieldConfig.Defaults.Mappings {
		if color := m.color(t, value); color != "" {
			return color
		}
	}
	var color string
	for _, s := range p.FieldConfig.Defaults.Thresholds.Steps {
		if s.Value == nil || *s.Value <= value {
			color = s.Color
		}
	}
	return color
}

func (m jsonMapping) color(t *testing.T, value float64) string {
	t.Helper()
	switch m.Type {
	case "value":
		var values map[string]struct{ Color string }
		if err := json.Unmarshal(m.Options, &values); err != nil {
			t.Fatal(err)
		}
		return values[strconv.FormatFloat(value, 'g', -1, 64)].Color
	case "range":
		var between struct {
			From, To *float64
			Result   struct{ Color string }
		}
		if err := json.Unmarshal(m.Options, &between); err != nil {
			t.Fatal(err)
		}
		if (between.From == nil || *between.From <= value) && (between.To == nil || value <= *between.To) {
			return between.Result.Color
		}
	}
	return ""
}
