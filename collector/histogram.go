package collector

import (
	dto "github.com/prometheus/client_model/go"
)

// A histogramGroup is a metric that is no table of values. Its rows come in the
// order in which they are written.
type histogramGroup[R any] struct {
	section   string
	name      string // without the prefix
	help      string
	labels    []label[R] // sorted by their names
	rows      func(*view) []R
	histogram func(*R) *dto.Histogram
}

func (g *histogramGroup[R]) describe() []description {
	d := description{section: g.section, name: prefix + g.name, kind: "histogram", help: g.help}
	for _, l := range g.labels {
		d.labels = append(d.labels, l.name)
	}
	return []description{d}
}

func (g *histogramGroup[R]) families(v *view) []family {
	rows := g.rows(v)
	if len(rows) == 0 {
		return nil
	}
	return []family{{prefix + g.name, func(w *textWriter) { g.write(w, rows) }}}
}

// write writes the buckets, the sum and the count of each row.
func (g *histogramGroup[R]) write(w *textWriter, rows []R) {
	name := prefix + g.name
	w.buf = append(w.buf, intro(name, g.help, "histogram")...)
	bucket, sum, count := name+"_bucket", name+"_sum", name+"_count"
	var labels []byte
	for i := range rows {
		labels = appendLabels(labels[:0], g.labels, &rows[i])
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
