package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/sentinel"
)

// TestStatusPageEvents: the last events with their times, the latest first; those
// of one master where the page is about one; and none where nobody listens.
func TestStatusPageEvents(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	events := collector.NewEvents(history.New(history.Options{}), slog.New(slog.DiscardHandler))
	heard := func(second int, n sentinel.StreamUpdate) {
		n.Sentinel, n.Time = "a:1", at.Add(time.Duration(second)*time.Second)
		events.Handle(&n)
	}
	heard(0, sentinel.StreamUpdate{Kind: sentinel.StreamUp})
	heard(1, sentinel.StreamUpdate{Event: sentinel.Event{Name: "+switch-master", Master: "m", MasterAddress: "old:1", NewAddress: "new:2"}})
	heard(2, sentinel.StreamUpdate{Event: sentinel.Event{Name: "+odown", Master: "<b>", Kind: "master", Address: "x:3", Details: "#quorum 2/2"}})
	heard(3, sentinel.StreamUpdate{Kind: sentinel.StreamEnded})
	sources := Sources{Deployment: always(monitoring("a:1", "m", 0)), Events: events}
	h := handlerOf(t, sources, defaults(), slog.New(slog.DiscardHandler))
	body := ask(h, http.MethodGet, "/status").Body.String()
	text := strings.ReplaceAll(body, "&#43;", "+")
	for _, want := range []string{
		"Last events", `2026-01-02T03:04:07.678Z`, "+odown", "&lt;b&gt;", "x:3 #quorum 2/2",
		`2026-01-02T03:04:06.678Z`, "03:04:06.678", "+switch-master", "old:1 -&gt; new:2", "subscribed",
		"no longer asked: the other Sentinels have forgotten it",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the page:\n%s", want, text)
		}
	}
	if strings.Contains(text, "until it is subscribed again") {
		t.Error("a stream that has ended is said to come back")
	}
	if strings.Index(body, "odown") > strings.Index(body, "switch-master") {
		t.Error("the latest event is not the first")
	}
	if one := ask(h, http.MethodGet, "/status?master=m").Body.String(); strings.Contains(one, "&#43;odown") || !strings.Contains(one, "&#43;switch-master") {
		t.Error("the page of one master has the events of another, or not its own")
	}
	for i := range 3 * shownEvents {
		heard(10+i, sentinel.StreamUpdate{Event: sentinel.Event{Name: fmt.Sprintf("+event-%d", i), Master: "m"}})
	}
	if n := strings.Count(ask(h, http.MethodGet, "/status").Body.String(), `<th role="rowheader" scope="row"><time datetime="2026-01-02`); n != shownEvents {
		t.Errorf("%d events are shown", n)
	}
	if deaf := ask(handler(t, always(well("a:1")), defaults()), http.MethodGet, "/status").Body.String(); strings.Contains(deaf, "Last events") {
		t.Error("without event streams there is a list of events")
	}
}
