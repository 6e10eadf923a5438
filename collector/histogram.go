package collector

import (
	dto "github.com/prometheus/client_model/go"

	"redis_sentinel_exporter/sentinel"
)

// A histogramTable is one metric whose samples are histograms. rows returns the rows in
// the order of the text.
type histogramTable[R any] struct {
	section   string
	name      string // without the prefix
	help      string
	labels    labelSet[R]
	rows      func(*input) []R
	histogram func(*R) *dto.Histogram
}

func (g *histogramTable[R]) describe() []description {
	return []description{{section: g.section, name: prefix + g.name, kind: "histogram", help: g.help, labels: g.labels.names()}}
}

func (g *histogramTable[R]) families(v *input, m *memory) []family {
	rows := g.rows(v)
	if len(rows) == 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.texts, _ = g.labels.renderAll(rows, m.texts)
	texts := m.texts
	return []family{{
		name:  prefix + g.name,
		write: func(w *textWriter) { g.write(w, rows, texts) },
		tree:  func() *dto.MetricFamily { return g.tree(rows) },
	}}
}

func (g *histogramTable[R]) tree(rows []R) *dto.MetricFamily {
	name := prefix + g.name
	metrics := make([]*dto.Metric, len(rows))
	for i := range rows {
		metrics[i] = &dto.Metric{Histogram: g.histogram(&rows[i])}
		for _, l := range g.labels.labels {
			value := sentinel.ValidUTF8(l.value(&rows[i]))
			metrics[i].Label = append(metrics[i].Label, &dto.LabelPair{Name: &l.name, Value: &value})
		}
	}
	return &dto.MetricFamily{Name: &name, Help: &g.help, Type: dto.MetricType_HISTOGRAM.Enum(), Metric: metrics}
}

// write writes the classic buckets, the sum and the count of each row.
func (g *histogramTable[R]) write(w *textWriter, rows []R, texts []labelText) {
	name := prefix + g.name
	w.buf = append(w.buf, intro(name, g.help, "histogram")...)
	bucket, sum, count := name+"_bucket", name+"_sum", name+"_count"
	for i := range rows {
		labels := texts[i].text
		open := labels[:len(labels)-len("} ")]
		h := g.histogram(&rows[i])
		for _, b := range h.Bucket {
			w.text(bucket, open, `,le="`)
			w.buf = append(appendValue(w.buf, b.GetUpperBound()), `"} `...)
			w.sample(float64(b.GetCumulativeCount()))
		}
		w.text(bucket, open, `,le="+Inf"} `)
		w.sample(float64(h.GetSampleCount()))
		w.text(sum, labels, "")
		w.sample(h.GetSampleSum())
		w.text(count, labels, "")
		w.sample(float64(h.GetSampleCount()))
	}
}
