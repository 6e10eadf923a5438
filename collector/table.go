package collector

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// prefix begins the name of every metric.
const prefix = "redis_sentinel_"

// A table holds the metrics of one kind of rows.
type table[R any] struct {
	section string // of the documentation
	labels  []label[R]
	rows    func(*input) []R
	metrics []metric[R]
	// loud returns those of the rows of which some metric has something to say, where that costs
	// much less than to make all of them; nil where it does not.
	loud func(*input) []R
}

// A metric has a sample for each row whose value is known, and is not quiet.
type metric[R any] struct {
	name  string // without the prefix
	help  string
	kind  metricKind
	value func(*R) (value float64, known bool)
	// info has the labels of this metric alone: what changes over time must not be part
	// of the identity of any other series.
	info []label[R]
	// quiet is the value at which the metric has nothing to say: it has no sample
	// then, unless it had another value within the last minutes (lingers).
	quiet sentinel.Optional[float64]
	// always reports whether a row has its sample also while it is quiet; nil means
	// that none has.
	always func(*R) bool
	// ours is a count that began with the exporter, and not with the Sentinel.
	ours bool
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
	families(*input, *memory) []family
	describe() []description
}

// A description is a metric in the documentation.
type description struct {
	section string
	name    string
	kind    string // as the text format names it
	labels  []string
	help    string
	quiet   sentinel.Optional[float64]
}

// A compiledTable is a table with what is the same in every scrape.
type compiledTable[R any] struct {
	table[R]
	texts   labelSet[R]
	headers []header[R]
}

// A header is what is the same in every scrape for one metric.
type header[R any] struct {
	name  string
	intro string
	texts labelSet[R] // of an info metric
}

// anyTableOf prepares a table. It sorts the labels by name, as client_golang does.
func anyTableOf[R any](t table[R]) anyTable {
	c := &compiledTable[R]{table: t, texts: labelSetOf(t.labels), headers: make([]header[R], len(t.metrics))}
	for i, m := range c.metrics {
		name := prefix + m.name
		c.headers[i] = header[R]{name, intro(name, m.helpText(), m.kind.String()), labelSetOf(t.labels, m.info...)}
	}
	return c
}

// helpText is the help with what follows from the table.
func (m *metric[R]) helpText() string {
	if !m.quiet.Present {
		return m.help
	}
	return fmt.Sprintf("%s Left out while it is %v, and has been for %d minutes.", m.help, m.quiet.Value, int(lingers.Minutes()))
}

func (t *compiledTable[R]) describe() []description {
	all := make([]description, len(t.metrics))
	for i, h := range t.headers {
		m := &t.metrics[i]
		all[i] = description{section: t.section, name: h.name, kind: m.kind.String(), help: m.helpText(), labels: h.texts.names(), quiet: m.quiet}
	}
	return all
}

// families returns one for each metric; those without a sample write nothing.
func (t *compiledTable[R]) families(v *input, m *memory) []family {
	m.mu.Lock()
	defer m.mu.Unlock()
	rows := t.shownRows(v, m.lingering())
	l := t.lines(rows, m)
	defer m.end(v.now)
	if len(rows) == 0 {
		return nil
	}
	all := make([]family, len(t.metrics))
	for i := range t.metrics {
		h := &t.headers[i]
		samples := t.samples(i, l)
		if t.metrics[i].quiet.Present {
			samples = t.loudSamples(i, l, m, v.now)
		}
		all[i] = family{name: h.name, write: func(w *textWriter) { h.write(w, samples) }}
		if t.metrics[i].ours {
			all[i].began = l.beginnings
		}
	}
	return all
}

// shownRows returns the rows that may have samples.
func (t *compiledTable[R]) shownRows(v *input, lingering bool) []R {
	switch {
	case lingering || !t.allCanBeQuiet():
		return t.rows(v)
	case t.loud != nil:
		return t.loud(v)
	}
	return t.loudRows(t.rows(v))
}

// allCanBeQuiet reports whether there may be rows that no metric has a sample of.
func (t *compiledTable[R]) allCanBeQuiet() bool {
	return !slices.ContainsFunc(t.metrics, func(m metric[R]) bool { return !m.quiet.Present })
}

// loudRows keeps the rows of which some metric has something to say, in place.
func (t *compiledTable[R]) loudRows(rows []R) []R {
	loud := rows[:0]
	for i := range rows {
		if slices.ContainsFunc(t.metrics, func(m metric[R]) bool { return m.loud(&rows[i]) }) {
			loud = append(loud, rows[i])
		}
	}
	return loud
}

// loud reports whether a metric that can be quiet has something to say of a row.
func (m *metric[R]) loud(row *R) bool {
	value, known := m.value(row)
	return known && (value != m.quiet.Value || m.always != nil && m.always(row))
}

// samples are those of a metric, one after the other: each with its labels' text.
func (t *compiledTable[R]) samples(i int, l *lines[R]) iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		value, texts := t.metrics[i].value, l.textsOf(i)
		for k := range l.len() {
			k = l.at(k)
			if v, known := value(&l.rows[k]); known && !yield(texts[k].text, v) {
				return
			}
		}
	}
}

// loudSamples are those of a metric that can be quiet.
func (t *compiledTable[R]) loudSamples(i int, l *lines[R], m *memory, now time.Time) iter.Seq2[string, float64] {
	metric := &t.metrics[i]
	type sample struct {
		labels string
		value  float64
	}
	var samples []sample
	if metric.always != nil { // most rows have one
		samples = make([]sample, 0, l.len())
	}
	for k := range l.len() {
		row := l.at(k)
		value, known := metric.value(&l.rows[row])
		if !known {
			continue
		}
		s := series{l.texts[row].text, i}
		switch {
		case value != metric.quiet.Value:
			m.hear(s, now)
		case metric.always != nil && metric.always(&l.rows[row]):
		case !m.lingering() || !m.lingers(s):
			continue
		}
		samples = append(samples, sample{s.labels, value})
	}
	return func(yield func(string, float64) bool) {
		for _, s := range samples {
			if !yield(s.labels, s.value) {
				return
			}
		}
	}
}

// write writes the samples of one metric.
func (h *header[R]) write(w *textWriter, samples iter.Seq2[string, float64]) {
	begun := false
	for labels, value := range samples {
		if w.err != nil {
			return
		}
		if !begun { // a family without samples is not valid
			w.buf = append(w.buf, h.intro...)
			begun = true
		}
		w.buf = append(append(w.buf, h.name...), labels...)
		w.sample(value)
	}
}
