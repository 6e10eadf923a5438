package web

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// shownEvents is how many events the page shows, the last one first.
const shownEvents = 20

// An eventView is a row of the page's events.
type eventView struct {
	Time     string // of the exporter's clock
	Machine  string // the same, for programs
	Sentinel string
	Name     string
	Master   string
	Details  string
	Gap      bool // events may be missing here
}

// viewEvents makes rows of what the streams have told last; of one master, those
// about it and the changes of the streams.
func viewEvents(notices []sentinel.StreamUpdate, query url.Values) []eventView {
	var views []eventView
	for _, n := range slices.Backward(notices) {
		if query.Has("master") && n.Kind == sentinel.StreamEvent && sentinel.ValidUTF8(n.Event.Master) != sentinel.ValidUTF8(query.Get("master")) {
			continue
		}
		if len(views) == shownEvents {
			break
		}
		views = append(views, viewEvent(&n))
	}
	return views
}

func viewEvent(n *sentinel.StreamUpdate) eventView {
	v := eventView{
		Time: n.Time.Format("15:04:05.000"), Machine: n.Time.Format("2006-01-02T15:04:05.000Z07:00"),
		Sentinel: n.Sentinel, Name: sentinel.ValidUTF8(n.Event.Name), Master: sentinel.ValidUTF8(n.Event.Master), Gap: n.Gap(),
	}
	v.Details = sentinel.ValidUTF8(cmp.Or(n.Text(), strings.Join(n.Event.About(), " ")))
	return v
}
