package web

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"redis_sentinel_exporter/internal/printable"
	"redis_sentinel_exporter/sentinel"
)

// shownEvents is how many events the page shows.
const shownEvents = 20

// A statusEvent is a row of the page's events.
type statusEvent struct {
	Time     string // for people
	Machine  string // the same, for programs
	Sentinel string
	Name     string
	Master   string
	Details  string
	Gap      bool // events may be missing here
}

// statusEvents returns the rows of the last updates, the newest first. If the query names a
// master, it leaves out events about other masters, but no gaps in the streams.
func statusEvents(updates []sentinel.StreamUpdate, query url.Values) []statusEvent {
	var events []statusEvent
	for _, n := range slices.Backward(updates) {
		if query.Has("master") && n.Kind == sentinel.StreamEvent && sentinel.ValidUTF8(n.Event.Master) != sentinel.ValidUTF8(query.Get("master")) {
			continue
		}
		if len(events) == shownEvents {
			break
		}
		events = append(events, newStatusEvent(&n))
	}
	return events
}

func newStatusEvent(n *sentinel.StreamUpdate) statusEvent {
	v := statusEvent{
		Time: n.Time.Format("15:04:05.000"), Machine: n.Time.Format("2006-01-02T15:04:05.000Z07:00"),
		Sentinel: n.Sentinel, Name: printable.Line(n.Event.Name), Master: printable.Line(n.Event.Master), Gap: n.Gap(),
	}
	v.Details = printable.Line(cmp.Or(n.Text(), strings.Join(n.Event.About(), " ")))
	return v
}
