package sentinel

import (
	"slices"
	"sync"
	"time"
)

// Bounds on the recent events of one Sentinel.
const (
	recentFor = 15 * time.Minute
	// recentPause is the longest pause between two events that count as one after the
	// other: three times the one between two INFO, at which a Sentinel looks at a node again.
	recentPause = 30 * time.Second
	maxRecent   = 512
	// maxRecentBytes is more than a Sentinel ever publishes in one message.
	maxRecentBytes = 2048
)

// A RecentEvent is what the Sentinel has published in the last 15 minutes of one master or
// one of its nodes, once or again and again.
type RecentEvent struct {
	Event // the last one
	// Count is how many there were in a row, with no more than 30 s from one to the next.
	// It is too low where the stream had a gap.
	Count int
	// First and Last are the ages of the first and of the last one of that row.
	First, Last time.Duration
}

// recentEvents keeps what an event stream has told of late, so that a snapshot has it.
type recentEvents struct {
	mu   sync.Mutex // guards what is below
	rows []eventRow // the newest last
}

// An eventRow is the same event, as often as it came without a long pause.
type eventRow struct {
	event       Event
	count       int
	first, last time.Time
}

// isOf reports whether an event says the same of the same node.
func (row *eventRow) isOf(e *Event) bool {
	return row.event.Name == e.Name && row.event.Master == e.Master && row.event.Kind == e.Kind &&
		row.event.Address == e.Address && row.event.MasterAddress == e.MasterAddress && row.event.NewAddress == e.NewAddress
}

// note takes in an event that is about a master.
func (r *recentEvents) note(n *StreamUpdate) {
	if n.Kind != StreamEvent || n.Event.Master == "" || len(n.Event.Raw) > maxRecentBytes {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	row := eventRow{event: n.Event, count: 1, first: n.Time, last: n.Time}
	i := slices.IndexFunc(r.rows, func(row eventRow) bool { return row.isOf(&n.Event) })
	switch {
	case i >= 0:
		if old := r.rows[i]; n.Time.Sub(old.last) <= recentPause {
			row.count, row.first = old.count+1, old.first
		}
		r.rows = slices.Delete(r.rows, i, i+1)
	case len(r.rows) == maxRecent:
		r.rows = slices.Delete(r.rows, 0, 1)
	}
	r.rows = append(r.rows, row)
}

// of returns the recent events of a master at a moment, the newest first.
func (r *recentEvents) of(master string, now time.Time) []RecentEvent {
	r.mu.Lock()
	defer r.mu.Unlock()
	var recent []RecentEvent
	for _, row := range slices.Backward(r.rows) {
		age := now.Sub(row.last)
		if age > recentFor {
			break
		}
		if row.event.Master == master {
			recent = append(recent, RecentEvent{Event: row.event, Count: row.count, First: now.Sub(row.first), Last: max(0, age)})
		}
	}
	return recent
}

// Published returns the newest of the recent events of a name; nil if there is none, or
// nobody listened.
func (m *Master) Published(name string) *RecentEvent {
	for i := range m.Recent {
		if m.Recent[i].Name == name {
			return &m.Recent[i]
		}
	}
	return nil
}
