package collector

import (
	"bytes"
	"cmp"
	"slices"
)

// prefix begins the name of every metric.
const prefix = "redis_sentinel_"

// A table holds the metrics of one kind of rows.
type table[R any] struct {
	section string // of the documentation
	labels  []label[R]
	rows    func(*input) []R
	metrics []metric[R]
}

// A metric has a sample for each row whose value is known.
type metric[R any] struct {
	name  string // without the prefix
	help  string
	kind  metricKind
	value func(*R) (value float64, known bool)
	// info has the labels of this metric alone: what changes over time must not be part
	// of the identity of any other series.
	info []label[R]
}

// A label is one of the labels that identify a row.
type label[R any] struct {
	name  string
	value func(*R) string
}

// A metricKind is a Prometheus type.
type metricKind int

const (
	gauge metricKind = iota
	counter
)

func (k metricKind) String() string {
	if k == counter {
		return "counter"
	}
	return "gauge"
}

// An anyTable is a table with any type of rows.
type anyTable interface {
	families(*input) []family
	describe() []description
}

// A description is a metric in the documentation.
type description struct {
	section string
	name    string
	kind    string // as the text format names it
	labels  []string
	help    string
}

// A compiledTable is a table with what is the same in every scrape.
type compiledTable[R any] struct {
	table[R]
	headers []header[R]
}

// A header is what is the same in every scrape for one metric.
type header[R any] struct {
	name   string
	intro  string
	labels []label[R]
}

// anyTableOf prepares a table. It sorts the labels by name, as client_golang does.
func anyTableOf[R any](t table[R]) anyTable {
	c := &compiledTable[R]{table: t, headers: make([]header[R], len(t.metrics))}
	c.labels = sorted(t.labels)
	for i, m := range c.metrics {
		name := prefix + m.name
		c.headers[i] = header[R]{name, intro(name, m.help, m.kind.String()), sorted(t.labels, m.info...)}
	}
	return c
}

func sorted[R any](labels []label[R], more ...label[R]) []label[R] {
	all := slices.Concat(labels, more)
	slices.SortFunc(all, func(a, b label[R]) int { return cmp.Compare(a.name, b.name) })
	return all
}

func (t *compiledTable[R]) describe() []description {
	all := make([]description, len(t.metrics))
	for i, h := range t.headers {
		m := &t.metrics[i]
		all[i] = description{section: t.section, name: h.name, kind: m.kind.String(), help: m.help}
		for _, l := range h.labels {
			all[i].labels = append(all[i].labels, l.name)
		}
	}
	return all
}

// families returns one family for each metric; one without samples writes nothing.
func (t *compiledTable[R]) families(v *input) []family {
	rows := t.labelledRows(t.rows(v))
	if len(rows) == 0 {
		return nil
	}
	all := make([]family, len(t.metrics))
	for i, h := range t.headers {
		all[i] = family{name: h.name, write: func(w *textWriter) { t.write(w, i, rows) }}
	}
	return all
}

// write writes the samples of one metric.
func (t *compiledTable[R]) write(w *textWriter, i int, rows []labelledRow[R]) {
	m, h := &t.metrics[i], &t.headers[i]
	begun := false
	for k := range rows {
		value, known := m.value(rows[k].row)
		if !known {
			continue
		}
		if !begun { // a family without samples is not valid
			w.buf = append(w.buf, h.intro...)
			begun = true
		}
		w.buf = append(w.buf, h.name...)
		if m.info == nil {
			w.buf = append(w.buf, rows[k].labels...)
		} else {
			w.buf = appendLabels(w.buf, h.labels, rows[k].row)
		}
		w.sample(value)
	}
}

// A labelledRow is a row with the text of its labels, which all its metrics share that have
// no labels of their own.
type labelledRow[R any] struct {
	row    *R
	labels []byte
}

// labelledRows sorts the rows by their labels, and of rows with equal labels keeps only the
// first. A Sentinel can list two peers at one invalid address, and Prometheus refuses
// duplicate samples.
func (t *compiledTable[R]) labelledRows(rows []R) []labelledRow[R] {
	labelled := t.label(rows)
	if inOrder(labelled) {
		return labelled
	}
	order := make([]int, len(rows)) // sorting indices is much cheaper than sorting rows with pointers
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(bytes.Compare(labelled[a].labels, labelled[b].labels), cmp.Compare(a, b))
	})
	unique := make([]labelledRow[R], 0, len(rows))
	for _, i := range order {
		if n := len(unique); n == 0 || !bytes.Equal(unique[n-1].labels, labelled[i].labels) {
			unique = append(unique, labelled[i])
		}
	}
	return unique
}

// label renders the labels of each row.
func (t *compiledTable[R]) label(rows []R) []labelledRow[R] {
	var texts []byte // of all rows, allocated together
	ends := make([]int, len(rows))
	for i := range rows {
		texts = appendLabels(texts, t.labels, &rows[i])
		ends[i] = len(texts)
	}
	labelled := make([]labelledRow[R], len(rows))
	begin := 0
	for i, end := range ends {
		labelled[i] = labelledRow[R]{&rows[i], texts[begin:end]}
		begin = end
	}
	return labelled
}

// inOrder reports whether the rows are sorted and no two have equal labels.
func inOrder[R any](rows []labelledRow[R]) bool {
	for i := 1; i < len(rows); i++ {
		if bytes.Compare(rows[i-1].labels, rows[i].labels) >= 0 {
			return false
		}
	}
	return true
}
