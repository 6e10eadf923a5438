package collector

import (
	"cmp"
	"maps"
	"slices"

	"redis_sentinel_exporter/sentinel"
)

// A source is the Sentinel that publishes an event, and the master that the event is about;
// empty if it is about none.
type source struct{ sentinel, master string }

func (s source) compare(other source) int {
	return cmp.Or(cmp.Compare(s.master, other.master), cmp.Compare(s.sentinel, other.sentinel))
}

// otherEvent counts the events whose names are not known.
const otherEvent = "other"

// eventCountsFromZero reports whether an event's series is there before the event is: of
// those that alerts and panels name, since an increase from 0 shows only where the 0 was.
func eventCountsFromZero(event string, aboutMaster bool) bool {
	switch event {
	case sentinel.EventSwitchMaster, sentinel.EventAbortNotElected, sentinel.EventAbortNoGoodSlave, sentinel.EventAbortSlaveTimeout:
		return aboutMaster
	}
	return false
}

// countRows returns the rows in the order of the text, by event first. That saves sorting
// them, of which there are many.
func (e *Events) countRows() []eventRow {
	sources := slices.SortedFunc(maps.Keys(e.counts), source.compare)
	const fromZero = 4 // of each source; few others have happened
	rows := make([]eventRow, 0, fromZero*len(sources))
	for _, name := range e.sorted {
		i, known := e.index[name]
		if !known {
			i = len(e.names)
		}
		for _, s := range sources {
			if count := e.counts[s][i]; count > 0 || eventCountsFromZero(name, s.master != "") {
				rows = append(rows, eventRow{source: s, event: name, count: count})
			}
		}
	}
	return rows
}
