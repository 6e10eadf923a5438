package collector

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// lingers is how long a metric that has nothing to say any more is still there, to say
// so: longer than the 150 s for which the alerts believe its last value.
const lingers = 5 * time.Minute

// maxLingering bounds the series of one table that are remembered for that.
const maxLingering = 1 << 16

// when is the value at which a metric has nothing to say.
func when(value float64) sentinel.Optional[float64] { return sentinel.Some(value) }

// A memory is what is kept of a table from one page to the next of the same deployment:
// the text of labels, which are of the same rows as a rule, and when what is quiet now
// was not. No value is kept.
type memory struct {
	mu    sync.Mutex
	texts []labelText
	info  [][]labelText // of each info metric
	order []int         // of the rows in the text; nil where they come in it
	began []time.Time   // of what we count
	loud  map[series]time.Time
	page  time.Time // the last one, or when the exporter began to count
}

// A series is one that can be quiet.
type series struct {
	labels string
	metric int // of the table
}

// lingering reports whether there is any series that may be there though it is quiet.
func (m *memory) lingering() bool { return len(m.loud) > 0 }

// hear notes that a series had something to say.
func (m *memory) hear(s series, now time.Time) {
	if _, known := m.loud[s]; known || len(m.loud) < maxLingering {
		if m.loud == nil {
			m.loud = make(map[series]time.Time)
		}
		m.loud[s] = now
	}
}

// lingers reports whether a series is still to be there.
func (m *memory) lingers(s series) bool {
	_, known := m.loud[s]
	return known
}

// end is that of a page.
func (m *memory) end(now time.Time) {
	m.page = now
	for s, heard := range m.loud {
		if now.Sub(heard) > lingers {
			delete(m.loud, s)
		}
	}
}

// lines are the rows of a table with the text of their labels.
type lines[R any] struct {
	rows  []R
	texts []labelText
	info  [][]labelText // for the metrics that have labels of their own
	order []int         // nil where the rows come in that of the text
	began []time.Time
}

// lines returns the rows in the order of the text, and leaves out those that an earlier
// one equals in all labels. A Sentinel can list two peers at one invalid address, and
// one duplicate series would make Prometheus refuse the samples.
func (t *compiledTable[R]) lines(rows []R, m *memory) *lines[R] {
	var same bool
	before := m.texts
	if m.texts, same = t.texts.renderAll(rows, m.texts); !same {
		m.order = inOrder(m.texts)
		m.began = t.beginnings(before, m)
	}
	if m.info == nil {
		m.info = make([][]labelText, len(t.metrics))
	}
	for i := range t.metrics {
		if t.metrics[i].info != nil {
			m.info[i], _ = t.headers[i].texts.renderAll(rows, m.info[i])
		}
	}
	return &lines[R]{rows: rows, texts: m.texts, info: slices.Clone(m.info), order: m.order, began: m.began}
}

// beginnings returns when the counts of the rows began that are ours: those that were not
// there before began after the last page.
func (t *compiledTable[R]) beginnings(before []labelText, m *memory) []time.Time {
	if !slices.ContainsFunc(t.metrics, func(m metric[R]) bool { return m.ours }) {
		return nil
	}
	known := make(map[string]time.Time, len(before))
	for i, text := range before {
		known[text.text] = m.began[i]
	}
	began := make([]time.Time, len(m.texts))
	for i, text := range m.texts {
		var found bool
		if began[i], found = known[text.text]; !found {
			began[i] = m.page
		}
	}
	return began
}

// inOrder returns the order of texts, each once; nil where they are in it.
func inOrder(texts []labelText) []int {
	sorted := true
	for i := 1; i < len(texts) && sorted; i++ {
		sorted = texts[i-1].text < texts[i].text
	}
	if sorted {
		return nil
	}
	order := make([]int, len(texts)) // much cheaper to sort than what points to memory
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(texts[a].text, texts[b].text), cmp.Compare(a, b))
	})
	return slices.CompactFunc(order, func(a, b int) bool { return texts[a].text == texts[b].text })
}

// len is how many rows there are to write.
func (l *lines[R]) len() int {
	if l.order == nil {
		return len(l.rows)
	}
	return len(l.order)
}

// at returns the index of the k-th row of the text.
func (l *lines[R]) at(k int) int {
	if l.order == nil {
		return k
	}
	return l.order[k]
}

// textsOf are the texts of the labels of a metric.
func (l *lines[R]) textsOf(metric int) []labelText {
	if l.info[metric] != nil {
		return l.info[metric]
	}
	return l.texts
}

// beginnings are when the counts of the rows began, in the order of the text.
func (l *lines[R]) beginnings() []time.Time {
	began := make([]time.Time, l.len())
	for k := range began {
		began[k] = l.began[l.at(k)]
	}
	return began
}
