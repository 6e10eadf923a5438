package collector

import (
	"cmp"
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

// eventCountsFromZero reports whether an event's series is there for each master before the event is: of
// those that alerts and panels name, since an increase from 0 shows only where the 0 was.
func eventCountsFromZero(event string) bool {
	switch event {
	case sentinel.EventSwitchMaster, sentinel.EventAbortNotElected, sentinel.EventAbortNoGoodSlave, sentinel.EventAbortSlaveTimeout:
		return true
	}
	return false
}

// countRows returns the rows in the order of the text, by event first. That saves sorting
// them, of which there are many.
func (e *Events) countRows() []eventRow {
	type counted struct {
		source
		counts []uint64
	}
	all := make([]counted, 0, len(e.counts))
	for s, counts := range e.counts {
		all = append(all, counted{s, counts})
	}
	slices.SortFunc(all, func(a, b counted) int { return a.compare(b.source) })
	const shown = 4 // of each source; few others have happened
	rows := make([]eventRow, 0, shown*len(all))
	for _, name := range e.sorted {
		i, known := e.index[name]
		if !known {
			i = len(e.names)
		}
		fromZero := eventCountsFromZero(name)
		for k := range all {
			c, count := &all[k], uint64(0)
			if c.counts != nil {
				count = c.counts[i]
			}
			if count > 0 || fromZero && c.master != "" {
				rows = append(rows, eventRow{source: c.source, event: name, count: count})
			}
		}
	}
	return rows
}
