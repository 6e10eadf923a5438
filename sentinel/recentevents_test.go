package sentinel

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A script of events has been published by one Sentinel, each some seconds after the
// first.
type published struct {
	at      int
	channel string
	payload string
}

func recentAt(events []published, seconds int) *recentEvents {
	var r recentEvents
	start := time.Now().Add(-time.Duration(seconds) * time.Second)
	for _, e := range events {
		r.note(&StreamUpdate{Kind: StreamEvent, Time: start.Add(time.Duration(e.at) * time.Second), Event: ParseEvent(e.channel, e.payload)})
	}
	return &r
}

// TestRecentEvents counts what comes again and again, for each node, and forgets it.
func TestRecentEvents(t *testing.T) {
	t.Parallel()
	const one, two = "slave 10.0.0.2:6379 10.0.0.2 6379 @ m 10.0.0.1 6379", "slave 10.0.0.3:6379 10.0.0.3 6379 @ m 10.0.0.1 6379"
	events := []published{
		{0, "+reset-master", "master m 10.0.0.1 6379"},
		{10, "+fix-slave-config", one},
		{12, "+fix-slave-config", two},
		{13, "+sdown", "master other 10.0.0.9 6379"},
		{14, "+tilt", "#tilt mode entered"},
		{20, "+fix-slave-config", one},
		{32, "+fix-slave-config", one},
		{61, "+fix-slave-config", two}, // after a pause that is too long
	}
	type row struct {
		Name, Address string
		Count         int
		First, Last   string
		Pause         string
	}
	at := func(seconds int) []row {
		r := recentAt(events, seconds)
		var rows []row
		for _, e := range r.of("m", time.Now()) {
			rows = append(rows, row{e.Name, e.Address, e.Count, fmt.Sprintf("%.0f", e.First.Seconds()), fmt.Sprintf("%.0f", e.Last.Seconds()), fmt.Sprintf("%.0f", e.Pause.Seconds())})
		}
		return rows
	}
	want := []row{
		{"+fix-slave-config", "10.0.0.3:6379", 1, "9", "9", "0"},
		{"+fix-slave-config", "10.0.0.2:6379", 3, "60", "38", "12"},
		{"+reset-master", "10.0.0.1:6379", 1, "70", "70", "0"},
	}
	if diff := cmp.Diff(want, at(70)); diff != "" {
		t.Errorf("70 s after the first (-want +got):\n%s", diff)
	}
	want = want[:1]
	want[0].First, want[0].Last = "899", "899"
	if diff := cmp.Diff(want, at(960)); diff != "" {
		t.Errorf("16 minutes after the first (-want +got):\n%s", diff)
	}
}

// TestRecentEventsAreBounded: whatever a Sentinel publishes, no more than so much is kept,
// and that is the newest.
func TestRecentEventsAreBounded(t *testing.T) {
	t.Parallel()
	var events []published
	for i := range 3 * maxRecent {
		events = append(events, published{0, "+reset-master", fmt.Sprintf("master m 10.0.0.1 %d", 1+i)})
	}
	kept := recentAt(events, 1).of("m", time.Now())
	if len(kept) != maxRecent || kept[0].Address != fmt.Sprint("10.0.0.1:", 3*maxRecent) {
		t.Errorf("%d are kept, the newest of %s", len(kept), kept[0].Address)
	}
}
