package collector

import (
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// A histogramGroup is the one metric that is no table of values.
type histogramGroup struct {
	section string
	name    string // without the prefix
	help    string
	labels  []string // sorted
	rows    func(*view) []histogramRow
}

// A histogramRow has the values of the labels in their order.
type histogramRow struct {
	values    []string
	histogram *dto.Histogram
}

func (g *histogramGroup) describe() []description {
	return []description{{section: g.section, name: prefix + g.name, kind: dto.MetricType_HISTOGRAM, labels: g.labels, help: g.help}}
}

func (g *histogramGroup) appendFamilies(families []*dto.MetricFamily, v *view) []*dto.MetricFamily {
	rows := g.rows(v)
	if len(rows) == 0 {
		return families
	}
	slices.SortFunc(rows, func(a, b histogramRow) int { return slices.Compare(a.values, b.values) })
	pairs := newLabelSlab(len(rows) * len(g.labels))
	metrics := make([]*dto.Metric, len(rows))
	for i, row := range rows {
		for k := range g.labels {
			pairs.add(&g.labels[k], row.values[k])
		}
		metrics[i] = &dto.Metric{Label: pairs.take(), Histogram: row.histogram}
	}
	name := prefix + g.name
	return append(families, &dto.MetricFamily{
		Name: &name, Help: &g.help, Type: dto.MetricType_HISTOGRAM.Enum(), Metric: metrics,
	})
}
