package history

import (
	"encoding/json"
	"iter"
	"slices"
)

// A store has records as lines of JSON, which are bounded exactly and hold no memory that they
// do not show. The oldest go first.
type store struct {
	limit int // bytes
	lines []storedLine
	bytes int
}

type storedLine struct {
	id   string
	json []byte
}

// lineCost is what a line costs besides its text.
const lineCost = 64

func (l *storedLine) cost() int { return len(l.json) + len(l.id) + lineCost }

// put adds a record, or replaces it, and returns its line; nil if it cannot be encoded.
func (s *store) put(r *Record) []byte {
	text, err := json.Marshal(r)
	if err != nil {
		return nil // cannot happen: there are only strings, numbers and times
	}
	line := storedLine{r.ID, text}
	if i := slices.IndexFunc(s.lines, func(l storedLine) bool { return l.id == r.ID }); i >= 0 {
		s.bytes -= s.lines[i].cost()
		s.lines[i] = line
	} else {
		s.lines = append(s.lines, line)
	}
	s.bytes += line.cost()
	drop := 0
	for s.bytes > s.limit && drop < len(s.lines)-1 {
		s.bytes -= s.lines[drop].cost()
		drop++
	}
	s.lines = slices.Delete(s.lines, 0, drop)
	return text
}

// newestFirst returns the records, those put last first.
func (s *store) newestFirst() iter.Seq[Record] {
	return func(yield func(Record) bool) {
		for _, line := range slices.Backward(s.lines) {
			var r Record
			if json.Unmarshal(line.json, &r) != nil {
				continue
			}
			if !yield(r) {
				return
			}
		}
	}
}
