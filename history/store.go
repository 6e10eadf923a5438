package history

import (
	"encoding/json"
	"slices"
	"time"
)

// A store has records as lines of JSON, which are bounded exactly and hold no memory that they
// do not show. The oldest go first.
type store struct {
	limit int // bytes
	lines []storedLine
	bytes int
}

// A storedLine is a record with what selects it.
type storedLine struct {
	id, master string
	started    time.Time
	json       []byte
}

// lineCost is what a line costs besides its texts.
const lineCost = 96

func (l *storedLine) cost() int { return len(l.json) + len(l.id) + len(l.master) + lineCost }

// record decodes the line; false if it holds none.
func (l *storedLine) record() (Record, bool) {
	var r Record
	err := json.Unmarshal(l.json, &r)
	return r, err == nil
}

// lineOf encodes a record.
func lineOf(r *Record) storedLine {
	text, err := json.Marshal(r)
	if err != nil { // cannot happen: there are only strings, numbers and times
		text = []byte("null")
	}
	return storedLine{r.ID, r.Master, r.Started, text}
}

// put adds a line, or replaces that of the same id.
func (s *store) put(line storedLine) {
	if i := slices.IndexFunc(s.lines, func(l storedLine) bool { return l.id == line.id }); i >= 0 {
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
}
