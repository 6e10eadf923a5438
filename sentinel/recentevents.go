package sentinel

import (
	"slices"
	"sync"
	"time"
)

// Limits on the recent events of one Sentinel.
const (
	recentFor = 15 * time.Minute
	// recentPause is the longest pause between two events that count as in a row: three
	// times the period of INFO, after which a Sentinel looks at a node again.
	recentPause = 30 * time.Second
	maxRecent   = 1024
	// maxRecentBytes is more than a Sentinel ever publishes in one message.
	maxRecentBytes = 2048
)

// A RecentEvent is an event of the last 15 minutes about a master or one of its nodes, which
// may have come several times in a row.
type RecentEvent struct {
	Event // the last one
	// Count is how many there were in a row, with at most 30 s from one to the next. It
	// is too low if the stream had a gap.
	Count int
	// First and Last are the ages of the first and of the last event in the row.
	First, Last time.Duration
	// Pause is the longest time from one to the next; 0 if there was only one.
	Pause time.Duration
}

// recentEvents keeps the recent events of a stream, for the snapshots.
type recentEvents struct {
	mu   sync.Mutex // guards rows
	rows []eventRun // the newest last
}

// An eventRun is the same event several times without a long pause.
type eventRun struct {
	event       Event
	count       int
	first, last time.Time
	pause       time.Duration
}

// isOf reports whether e is the same event about the same node.
func (row *eventRun) isOf(e *Event) bool {
	return row.event.Name == e.Name && row.event.Master == e.Master && row.event.Kind == e.Kind &&
		row.event.Address == e.Address && row.event.MasterAddress == e.MasterAddress && row.event.NewAddress == e.NewAddress
}

// keeps reports whether an event is one that a snapshot has: those of hundreds of masters must not
// push each other out.
func keeps(event string) bool {
	switch event {
	case EventTryFailover, EventWaitPromotion, EventSwitchMaster, EventFixReplicaConfig, EventResetMaster, EventMonitor:
		return true
	}
	return false
}

// note adds an event, if it is about a master.
func (r *recentEvents) note(n *StreamUpdate) {
	if n.Kind != StreamEvent || n.Event.Master == "" || !keeps(n.Event.Name) || len(n.Event.Raw) > maxRecentBytes {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	row := eventRun{event: n.Event, count: 1, first: n.Time, last: n.Time}
	i := slices.IndexFunc(r.rows, func(row eventRun) bool { return row.isOf(&n.Event) })
	switch {
	case i >= 0:
		old := r.rows[i]
		if pause := n.Time.Sub(old.last); pause <= recentPause {
			row.count, row.first, row.pause = old.count+1, old.first, max(old.pause, pause)
		}
		r.rows = slices.Delete(r.rows, i, i+1)
	case len(r.rows) == maxRecent:
		r.rows = slices.Delete(r.rows, 0, 1)
	}
	r.rows = append(r.rows, row)
}

// of returns the recent events about a master, the newest first.
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
			recent = append(recent, RecentEvent{Event: row.event, Count: row.count, First: now.Sub(row.first), Last: max(0, age), Pause: row.pause})
		}
	}
	return recent
}

// Published returns the newest recent event with that name; nil if there is none, or if the
// events of the Sentinel are not followed.
func (m *Master) Published(name string) *RecentEvent {
	for i := range m.Recent {
		if m.Recent[i].Name == name {
			return &m.Recent[i]
		}
	}
	return nil
}
