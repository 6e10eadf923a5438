package collector

import (
	"cmp"
	"slices"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// The labels that several tables have.
const (
	labelMaster   = "master_name"
	labelSentinel = "sentinel"
)

// A label is one of the labels that identify a row.
type label[R any] struct {
	name  string
	value func(*R) string
}

// A labelSet is the labels of rows, sorted by their names, as everybody else writes
// them, with the text around their values.
type labelSet[R any] struct {
	labels []label[R]
	before []string // the text before each value
	after  string   // what parts the last from the number
}

func labelSetOf[R any](labels []label[R], more ...label[R]) labelSet[R] {
	s := labelSet[R]{labels: slices.Concat(labels, more), after: " "}
	slices.SortFunc(s.labels, func(a, b label[R]) int { return cmp.Compare(a.name, b.name) })
	opening := "{"
	for _, l := range s.labels {
		s.before = append(s.before, opening+l.name+`="`)
		opening, s.after = `",`, `"} `
	}
	return s
}

// names are those of the labels.
func (s *labelSet[R]) names() []string {
	var names []string
	for _, l := range s.labels {
		names = append(names, l.name)
	}
	return names
}

// append appends the text of a row's labels.
func (s *labelSet[R]) append(buf []byte, row *R) []byte {
	for i := range s.labels {
		buf = append(buf, s.before[i]...)
		buf = appendEscaped(buf, sentinel.ValidUTF8(s.labels[i].value(row)))
	}
	return append(buf, s.after...)
}

// appendEscaped appends a value as the text format has it.
func appendEscaped(buf []byte, text string) []byte {
	for i := range len(text) {
		switch c := text[i]; c {
		case '\\', '"':
			buf = append(buf, '\\', c)
		case '\n':
			buf = append(buf, '\\', 'n')
		default:
			buf = append(buf, c)
		}
	}
	return buf
}

// A labelText is the text of a row's labels.
type labelText struct {
	text string
	// plain means that the text is the names and values as they are: one that has
	// such a text has these values, since each value ends at the next quote.
	plain bool
}

// render returns the text of a row.
func (s *labelSet[R]) render(row *R) labelText {
	text := string(s.append(nil, row))
	return labelText{text, s.plainly(text, row)}
}

// plainly reports whether a text is that of the row's values as they are. With it, to
// compare is all that a row costs which was there before.
func (s *labelSet[R]) plainly(text string, row *R) bool {
	for i := range s.labels {
		rest, found := strings.CutPrefix(text, s.before[i])
		if !found {
			return false
		}
		if text, found = strings.CutPrefix(rest, s.labels[i].value(row)); !found {
			return false
		}
	}
	return text == s.after
}

// is reports whether a text is that of the row.
func (s *labelSet[R]) is(t labelText, row *R) bool {
	if t.plain {
		return s.plainly(t.text, row)
	}
	return t.text == string(s.append(nil, row))
}

// renderAll returns the texts of all rows: those of the last time where the rows are the
// same, in which case it says so.
func (s *labelSet[R]) renderAll(rows []R, last []labelText) (texts []labelText, same bool) {
	n := 0
	for n < min(len(rows), len(last)) && s.is(last[n], &rows[n]) {
		n++
	}
	if n == len(rows) && n == len(last) {
		return last, true
	}
	texts = make([]labelText, len(rows)) // others may still read the last ones
	copy(texts, last[:n])
	last = last[n:]
	for i := n; i < len(rows); i++ {
		for gone := range min(len(last), 2) { // a row is gone, new, or another
			if s.is(last[gone], &rows[i]) {
				texts[i], last = last[gone], last[gone+1:]
				break
			}
		}
		if texts[i].text == "" {
			texts[i] = s.render(&rows[i])
		}
	}
	return texts, false
}
