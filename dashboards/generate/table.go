package main

import (
	"slices"

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
	links  []target
	names  map[string]string // other words for a label's values
	width  int               // in pixels; 0 for what is left
}

// narrowest a column can be, in pixels.
const narrowest = 80

// nothing is the text of an empty cell.
const nothing = "–"

// valueOf names the column with the values of a query.
func valueOf(i int) string { return "Value #" + refID(i) }

// ofAnyDeployment gives a label deployment to the rows of targets that have none: a link cannot name
// a column that no row has.
func ofAnyDeployment(expr string) string {
	return `label_replace(` + expr + `, "deployment", "All", "deployment", "")`
}

// table joins the answers of its queries by the labels that they have in common.
func (p panel) table() cog.Builder[dashboard.Panel] {
	b := tablepanel.NewPanelBuilder().
		ColorScheme(colors(dashboard.FieldColorModeIdThresholds)).
		ShowHeader(true).
		CellHeight(common.TableCellHeightSm).
		MinWidth(narrowest).
		Footer(common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{})).
		WithTransformation(dashboard.DataTransformerConfig{Id: "merge", Options: map[string]any{}})
	for _, t := range p.arrange() {
		b.WithTransformation(t)
	}
	for i, q := range p.queries {
		q.expr = ofAnyDeployment(q.expr)
		b.WithTarget(q.now(i).Format("table"))
	}
	if p.first != "" {
		b.SortBy([]cog.Builder[common.TableSortByFieldState]{
			common.NewTableSortByFieldStateBuilder().DisplayName(p.first).Desc(!p.ascending),
		})
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
	set("noValue", nothing) // and not what the table says when it is empty
	if c.colored() {
		set("mappings", append(mappings(c.calm(), c.spans), blind(nothing, calm)))
		set("custom.cellOptions", map[string]any{"type": "color-background", "mode": "basic"})
	} else if len(c.names) > 0 {
		set("mappings", renamed(c.names))
	}
	if c.levels != nil {
		steps := slices.Clone(c.levels.Steps)
		for i := range steps {
			steps[i].Color = muted(steps[i].Color)
		}
		set("thresholds", dashboard.ThresholdsConfig{Mode: c.levels.Mode, Steps: steps})
	}
	if len(c.links) > 0 {
		var links []any
		for _, l := range c.links {
			links = append(links, map[string]any{"title": l.title, "url": l.url})
		}
		set("links", links)
	}
	if c.width > 0 {
		set("custom.width", c.width)
	}
	return list
}

func (c column) colored() bool { return len(c.states)+len(c.spans) > 0 || c.levels != nil }

func (c column) calm() []state {
	list := slices.Clone(c.states)
	for i := range list {
		list[i].color = muted(list[i].color)
	}
	return list
}
