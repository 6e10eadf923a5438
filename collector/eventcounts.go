package collector

import "redis_sentinel_exporter/sentinel"

// otherEvent counts the events whose names are not known.
const otherEvent = "other"

// eventCounts are those of one source, by the index of the event's name; the
// last is that of all others.
type eventCounts struct{ counts []uint64 }

// appendRows appends a row for each event that has happened, and for those that
// alerts are about: an increase from 0 shows only where the 0 was there.
func (c *eventCounts) appendRows(rows []eventRow, s source, names []string) []eventRow {
	for i, count := range c.counts {
		name := otherEvent
		if i < len(names) {
			name = names[i]
		}
		if count > 0 || startsAtZero(name, s.master != "") {
			rows = append(rows, eventRow{source: s, event: name, count: count})
		}
	}
	return rows
}

// startsAtZero tells whether an event's series is there before the event is.
func startsAtZero(event string, aboutMaster bool) bool {
	switch event {
	case sentinel.EventTilt, sentinel.EventTiltEnd, sentinel.EventScriptError, sentinel.EventScriptTimeout:
		return !aboutMaster
	case sentinel.EventSwitchMaster, sentinel.EventSDown, sentinel.EventSDownEnd, sentinel.EventODown,
		sentinel.EventODownEnd, sentinel.EventTryFailover, sentinel.EventFailoverEnd,
		sentinel.EventAbortNotElected, sentinel.EventAbortNoGoodSlave, sentinel.EventAbortSlaveTimeout:
		return aboutMaster
	}
	return false
}
