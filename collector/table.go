package collector

import (
	"cmp"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// prefix begins the name of every metric.
const prefix = "redis_sentinel_"

// A table holds the metrics of one kind of rows.
type table[R any] struct {
	section string // of the documentation
	labels  []label[R]
	rows    func(*view) []R
	metrics []metric[R]
}

// A metric has a sample for each row whose value is known.
type metric[R any] struct {
	name  string // without the prefix
	help  string
	kind  kind
	value func(*R) (value float64, known bool)
	// info labels are those of this metric alone. They say what must not be part
	// of the identity of any other series.
	info []label[R]
}

// A label tells rows apart.
type label[R any] struct {
	name  string
	value func(*R) string
}

// A kind is a Prometheus type.
type kind int

const (
	gauge kind = iota
	counter
)

func (k kind) metricType() *dto.MetricType {
	if k == counter {
		return dto.MetricType_COUNTER.Enum()
	}
	return dto.MetricType_GAUGE.Enum()
}

// A group is a table whose kind of rows does not matter.
type group interface {
	appendFamilies([]*dto.MetricFamily, *view) []*dto.MetricFamily
	describe() []description
}

// A description is what the documentation says of a metric.
type description struct {
	section string
	name    string
	kind    dto.MetricType
	labels  []string
	help    string
}

// compiledTable is a table with all that is the same in every scrape.
type compiledTable[R any] struct {
	table[R]
	headers  []header
	gauges   int // metrics of this kind
	counters int
}

// A header is the same in every family of one metric.
type header struct {
	name   string
	kind   *dto.MetricType
	labels []labelSource
}

// A labelSource says where a metric's label comes from.
type labelSource struct {
	name  string
	info  bool // from the metric's info labels instead of the row's
	index int
}

// newGroup prepares a table. Prometheus wants labels sorted by their names.
func newGroup[R any](t table[R]) group {
	c := &compiledTable[R]{table: t, headers: make([]header, len(t.metrics))}
	c.labels = slices.Clone(t.labels)
	slices.SortFunc(c.labels, func(a, b label[R]) int { return cmp.Compare(a.name, b.name) })
	for i, m := range c.metrics {
		c.headers[i] = header{name: prefix + m.name, kind: m.kind.metricType(), labels: sources(c.labels, m.info)}
		if m.kind == counter {
			c.counters++
		} else {
			c.gauges++
		}
	}
	return c
}

// sources merges a table's labels with those of one metric.
func sources[R any](row, info []label[R]) []labelSource {
	var merged []labelSource
	for i, l := range row {
		merged = append(merged, labelSource{name: l.name, index: i})
	}
	for i, l := range info {
		merged = append(merged, labelSource{name: l.name, info: true, index: i})
	}
	slices.SortFunc(merged, func(a, b labelSource) int { return cmp.Compare(a.name, b.name) })
	return merged
}

func (t *compiledTable[R]) describe() []description {
	all := make([]description, len(t.metrics))
	for i, h := range t.headers {
		all[i] = description{section: t.section, name: h.name, kind: *h.kind, help: t.metrics[i].help}
		for _, l := range h.labels {
			all[i].labels = append(all[i].labels, l.name)
		}
	}
	return all
}

// appendFamilies appends the families that have samples.
func (t *compiledTable[R]) appendFamilies(families []*dto.MetricFamily, v *view) []*dto.MetricFamily {
	rows := t.labelledRows(t.rows(v))
	if len(rows) == 0 {
		return families
	}
	made := make([]dto.MetricFamily, len(t.metrics))
	s := newSlab(t.gauges*len(rows), t.counters*len(rows))
	families = slices.Grow(families, len(t.metrics))
	for i := range t.metrics {
		t.addSamples(s, i, rows)
		samples := s.take()
		if len(samples) == 0 { // a family without samples is not valid
			continue
		}
		f := &made[i]
		f.Name, f.Help, f.Type, f.Metric = &t.headers[i].name, &t.metrics[i].help, t.headers[i].kind, samples
		families = append(families, f)
	}
	return families
}

func (t *compiledTable[R]) addSamples(s *slab, i int, rows []labelledRow[R]) {
	m := &t.metrics[i]
	if m.info != nil {
		rows = withInfo(rows, m.info, t.headers[i].labels)
	}
	for i := range rows {
		if value, known := m.value(rows[i].row); known {
			s.add(m.kind, value, rows[i].labels)
		}
	}
}

// A labelledRow is a row with its labels, which all metrics of the row share.
type labelledRow[R any] struct {
	row    *R
	labels []*dto.LabelPair
}

// compare orders rows by their labels, which have the same names.
func (r labelledRow[R]) compare(other labelledRow[R]) int {
	for i, l := range r.labels {
		if c := strings.Compare(*l.Value, *other.labels[i].Value); c != 0 {
			return c
		}
	}
	return 0
}

// labelledRows sorts the rows and leaves out those that an earlier one equals in
// all labels. A Sentinel can list two peers at one invalid address, and one
// duplicate series would make Prometheus refuse the samples.
func (t *compiledTable[R]) labelledRows(rows []R) []labelledRow[R] {
	labelled := make([]labelledRow[R], len(rows))
	pairs := newLabelSlab(len(rows) * len(t.labels))
	for i := range rows {
		labelled[i].row = &rows[i]
		for k := range t.labels {
			pairs.add(&t.labels[k].name, t.labels[k].value(&rows[i]))
		}
		labelled[i].labels = pairs.take()
	}
	slices.SortStableFunc(labelled, labelledRow[R].compare)
	return slices.CompactFunc(labelled, func(a, b labelledRow[R]) bool { return a.compare(b) == 0 })
}

// withInfo returns the rows with the labels of an info metric added.
func withInfo[R any](rows []labelledRow[R], info []label[R], merged []labelSource) []labelledRow[R] {
	with := make([]labelledRow[R], len(rows))
	pairs := newLabelSlab(len(rows) * len(merged))
	for i, r := range rows {
		for _, source := range merged {
			if source.info {
				l := &info[source.index]
				pairs.add(&l.name, l.value(r.row))
			} else {
				pairs.share(r.labels[source.index])
			}
		}
		with[i] = labelledRow[R]{row: r.row, labels: pairs.take()}
	}
	return with
}
