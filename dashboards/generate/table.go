package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	tablepanel "github.com/grafana/grafana-foundation-sdk/go/table"
)

// A column is one of a table: a label, or the value of a query. The columns that
// are not given are not shown.
type column struct {
	of     string // a label, or valueOf
	title  string
	unit   string
	states []state
	spans  []span
	levels *dashboard.ThresholdsConfig
	link   *target
}

// valueOf names the column with the values of a query.
func valueOf(i int) string { return "Value #" + refID(i) }

// table joins the answers of its queries by the labels that they have in common.
func (p panel) table() cog.Builder[dashboard.Panel] {
	b := tablepanel.NewPanelBuilder().
		ColorScheme(colors(dashboard.FieldColorModeIdThresholds)).
		ShowHeader(true).
		CellHeight(common.TableCellHeightSm).
		Footer(common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{})).
		WithTransformation(dashboard.DataTransformerConfig{Id: "merge", Options: map[string]any{}})
	for _, t := range p.arrange() {
		b.WithTransformation(t)
	}
	for i, q := range p.queries {
		b.WithTarget(q.now(i).Format("table"))
	}
	for _, c := range p.columns {
		if properties := c.properties(); len(properties) > 0 {
			b.OverrideByName(c.title, properties)
		}
	}
	return b
}

// arrange leaves out, orders and names the columns. With one query Grafana calls
// the values just Value.
func (p panel) arrange() []dashboard.DataTransformerConfig {
	order, names := map[string]int{}, map[string]string{}
	var shown []string
	for i, c := range p.columns {
		of := c.of
		if len(p.queries) == 1 && of == valueOf(0) {
			of = "Value"
		}
		order[of], names[of] = i, c.title
		shown = append(shown, of)
	}
	return []dashboard.DataTransformerConfig{
		only(shown...),
		{Id: "organize", Options: map[string]any{"indexByName": order, "renameByName": names}},
	}
}

func (c column) properties() []dashboard.DynamicConfigValue {
	var list []dashboard.DynamicConfigValue
	set := func(id string, value any) { list = append(list, dashboard.DynamicConfigValue{Id: id, Value: value}) }
	if c.unit != "" {
		set("unit", c.unit)
	}
	if len(c.states)+len(c.spans) > 0 {
		set("mappings", mappings(c.states, c.spans))
	}
	if c.levels != nil {
		set("thresholds", c.levels)
	}
	if len(c.states)+len(c.spans) > 0 || c.levels != nil {
		set("custom.cellOptions", map[string]any{"type": "color-background", "mode": "basic"})
	}
	if c.link != nil {
		set("links", []any{map[string]any{"title": c.link.title, "url": c.link.url}})
	}
	return list
}
