package collector

import (
	"slices"

	dto "github.com/prometheus/client_model/go"

	"redis_sentinel_exporter/sentinel"
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
	return []description{{section: g.section, name: prefix + g.name, kind: "histogram", labels: g.labels, help: g.help}}
}

func (g *histogramGroup) families(v *view) []family {
	rows := g.rows(v)
	if len(rows) == 0 {
		return nil
	}
	slices.SortFunc(rows, func(a, b histogramRow) int { return slices.Compare(a.values, b.values) })
	metrics := make([]*dto.Metric, len(rows))
	for i, row := range rows {
		metrics[i] = &dto.Metric{Label: g.pairs(row.values), Histogram: row.histogram}
	}
	name := prefix + g.name
	return []family{encoded(&dto.MetricFamily{
		Name: &name, Help: &g.help, Type: dto.MetricType_HISTOGRAM.Enum(), Metric: metrics,
	})}
}

func (g *histogramGroup) pairs(values []string) []*dto.LabelPair {
	pairs := make([]*dto.LabelPair, len(values))
	for i := range pairs {
		value := sentinel.ValidUTF8(values[i])
		pairs[i] = &dto.LabelPair{Name: &g.labels[i], Value: &value}
	}
	return pairs
}
