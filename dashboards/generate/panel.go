package main

import (
	"cmp"
	"maps"
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// A panel is the description of one panel, without what all have in common.
type panel struct {
	id            uint32 // fixed: alerts link to it
	kind          kind
	title         string
	description   string
	width, height uint32
	unit          string
	decimals      float64
	states        []state
	spans         []span
	levels        *dashboard.ThresholdsConfig
	noValue       string
	queries       []query
	columns       []column          // of a table
	first         string            // the column that a table is sorted by, the worst on top
	ascending     bool              // where the worst is the lowest
	bars          bool              // of a series
	colors        map[string]string // of its lines, by their legends; of all others Grafana chooses them

	x, y uint32
}

// A kind is a way to draw.
type kind int

const (
	stats    kind = iota // one number
	series               // lines over time
	timeline             // states over time, one line for each series
	table                // the labels and values of now
	places               // a timeline of the label address, one line for each Sentinel and master
)

// Build returns the panel for Grafana.
func (p panel) Build() (dashboard.Panel, error) {
	builder := map[kind]func() cog.Builder[dashboard.Panel]{
		stats: p.stat, series: p.series, timeline: p.timeline, table: p.table, places: p.places,
	}[p.kind]()
	built, err := builder.Build()
	if err != nil {
		return built, err
	}
	from := source()
	built.Id, built.Title, built.Description, built.Datasource = &p.id, &p.title, &p.description, &from
	built.GridPos = &dashboard.GridPos{X: p.x, Y: p.y, W: p.width, H: p.height}
	p.defaults(&built.FieldConfig.Defaults)
	return built, nil
}

// defaults sets what holds for all values of a panel.
func (p panel) defaults(d *dashboard.FieldConfig) {
	d.Unit, d.NoValue, d.Thresholds = &p.unit, new(cmp.Or(p.noValue, "No data")), cmp.Or(p.levels, levels(plain))
	if p.unit == "none" || p.decimals > 0 {
		d.Decimals = &p.decimals
	}
	if d.Mappings == nil {
		d.Mappings = mappings(p.states, p.spans)
	}
	if p.kind == stats {
		d.Mappings = append(d.Mappings, blind(*d.NoValue, plain))
	}
}

func (p panel) stat() cog.Builder[dashboard.Panel] {
	b := stat.NewPanelBuilder().
		ColorScheme(colors(dashboard.FieldColorModeIdThresholds)).
		ColorMode(common.BigValueColorModeBackground).
		GraphMode(common.BigValueGraphModeNone).
		JustifyMode(common.BigValueJustifyModeCenter).
		TextMode(common.BigValueTextModeValue).
		Orientation(common.VizOrientationAuto).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}))
	for i, q := range p.queries {
		b.WithTarget(q.now(i))
	}
	return b
}

func (p panel) series() cog.Builder[dashboard.Panel] {
	b := timeseries.NewPanelBuilder().
		ColorScheme(colors(dashboard.FieldColorModeIdPaletteClassic)).
		LineWidth(1).
		FillOpacity(10).
		ShowPoints(common.VisibilityModeAuto).
		AxisSoftMin(0).
		Legend(common.NewVizLegendOptionsBuilder().ShowLegend(true).DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom)).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending))
	if p.bars {
		b.DrawStyle(common.GraphDrawStyleBars).FillOpacity(80)
	}
	if p.unit == "percentunit" || p.unit == "none" {
		b.AxisSoftMax(1) // of a count that is 0 all the time the axis would go to 100
	}
	if p.marksLevels() {
		b.ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeDashed))
	}
	for _, legend := range slices.Sorted(maps.Keys(p.colors)) {
		b.OverrideByName(legend, []dashboard.DynamicConfigValue{{Id: "color", Value: map[string]any{"mode": "fixed", "fixedColor": p.colors[legend]}}})
	}
	for i, q := range p.queries {
		b.WithTarget(q.over(i))
	}
	return b
}

// marksLevels: a line at zero would lie on the axis, and on what is well.
func (p panel) marksLevels() bool {
	if p.levels == nil {
		return false
	}
	for _, s := range p.levels.Steps {
		if s.Value != nil && *s.Value < 0.01 {
			return false
		}
	}
	return true
}

func (p panel) timeline() cog.Builder[dashboard.Panel] {
	b := newTimeline()
	for i, q := range p.queries {
		b.WithTarget(q.over(i))
	}
	return b
}

// newTimeline returns one whose values have the colours of their mappings. By
// thresholds Grafana would write their bounds in place of the words.
func newTimeline() *statetimeline.PanelBuilder {
	return statetimeline.NewPanelBuilder().
		ColorScheme(colors(dashboard.FieldColorModeIdFixed).FixedColor(plain)).
		MergeValues(true).
		ShowValue(common.VisibilityModeAuto).
		AlignValue(common.TimelineValueAlignmentLeft).
		RowHeight(0.85).
		LineWidth(0).
		FillOpacity(80).
		Legend(common.NewVizLegendOptionsBuilder().ShowLegend(false)).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeSingle))
}

// places asks for rows of labels, and makes each Sentinel's rows about a master
// a line of addresses.
func (p panel) places() cog.Builder[dashboard.Panel] {
	b := newTimeline().Mappings(addressColors()).
		WithTransformation(only("Time", "master_name", "sentinel", "instance", "address")).
		WithTransformation(dashboard.DataTransformerConfig{
			Id:      "sortBy",
			Options: map[string]any{"sort": []any{map[string]any{"field": "Time"}}},
		}).
		WithTransformation(dashboard.DataTransformerConfig{
			Id: "partitionByValues",
			Options: map[string]any{
				"fields": []string{"master_name", "sentinel", "instance"}, "keepFields": false, "naming": map[string]any{"asLabels": true},
			},
		}).
		DisplayName("(${__field.labels.instance}) ${__field.labels.master_name}: ${__field.labels.sentinel}")
	for i, q := range p.queries {
		b.WithTarget(q.over(i).Format("table"))
	}
	return b
}

func only(names ...string) dashboard.DataTransformerConfig {
	return dashboard.DataTransformerConfig{
		Id:      "filterFieldsByName",
		Options: map[string]any{"include": map[string]any{"names": names}},
	}
}

func colors(mode dashboard.FieldColorModeId) *dashboard.FieldColorBuilder {
	return dashboard.NewFieldColorBuilder().Mode(mode)
}
