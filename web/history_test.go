package web

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/sentinel"
)

// heardFailover returns the events of one failover of a master, which began at a time.
func heardFailover(master string, at time.Time) *collector.Events {
	events := collector.NewEvents(history.New(history.Options{}), slog.New(slog.DiscardHandler))
	for i, e := range []sentinel.Event{
		{Name: "+sdown", Kind: "master", MasterAddress: "old:1"},
		{Name: "+odown", Kind: "master", MasterAddress: "old:1", Details: "#quorum 2/2"},
		{Name: "+new-epoch", Epoch: sentinel.Some[int64](7)},
		{Name: "+try-failover", Kind: "master", MasterAddress: "old:1"},
		{Name: "+elected-leader", Kind: "master", MasterAddress: "old:1"},
		{Name: "+selected-slave", Kind: "slave", Address: "new:2", MasterAddress: "old:1"},
		{Name: "+promoted-slave", Kind: "slave", Address: "new:2", MasterAddress: "old:1"},
		{Name: "+failover-end", Kind: "master", MasterAddress: "old:1"},
		{Name: "+switch-master", Kind: "master", MasterAddress: "old:1", NewAddress: "new:2"},
		{Name: "+slave", Kind: "slave", Address: "old:1", MasterAddress: "new:2"},
	} {
		if e.Name != "+new-epoch" {
			e.Master = master
		}
		events.Handle(&sentinel.StreamUpdate{Sentinel: "a:1", Time: at.Add(time.Duration(i) * time.Second), Event: e})
	}
	return events
}

// TestHistory: the JSON has the failover with the fields by which programs know it; the page has it in words.
func TestHistory(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	sources := Sources{Deployment: always(monitoring("a:1", "m", 0)), Events: heardFailover("m", at)}
	h := handlerOf(t, sources, defaults(), slog.New(slog.DiscardHandler))
	var list struct {
		Failovers []map[string]any `json:"failovers"`
	}
	got := ask(h, http.MethodGet, "/history?format=json&master=m&since=2026-01-01T00:00:00Z")
	if err := json.Unmarshal(got.Body.Bytes(), &list); err != nil || got.Code != http.StatusOK || len(list.Failovers) != 1 {
		t.Fatalf("%d, %v: %s", got.Code, err, got.Body)
	}
	for field, want := range map[string]any{
		"master": "m", "deployment": "", "epoch": 7.0, "trigger": "down", "outcome": "switched", "leader": "a:1", "from": "old:1", "to": "new:2",
		"agreed": 2.0, "quorum": 2.0, "sentinels": 1.0, "started": "2026-01-02T03:04:08.678Z", "ended": "2026-01-02T03:04:14.678Z", "old_master": nil,
	} {
		if value, there := list.Failovers[0][field]; !there || value != want {
			t.Errorf("%s is %v, want %v", field, value, want)
		}
	}
	var names []any
	for _, p := range list.Failovers[0]["phases"].([]any) {
		names = append(names, p.(map[string]any)["name"], p.(map[string]any)["seconds"])
	}
	for i, want := range []any{"detection", 0.0, "agreement", 1.0, "election", 1.0, "selection", 1.0, "promotion", 1.0, "reconfiguration", 3.0} {
		if i >= len(names) || names[i] != want {
			t.Fatalf("the phases are %v", names)
		}
	}
	page := ask(h, http.MethodGet, "/history").Body.String()
	for _, want := range []string{"SWITCHED", "switched from old:1 to new:2 in 6.0 s: the master did not answer", "2 Sentinels agreed that it was down, 2 were needed", "a:1 was elected", "new:2 was made the master", "2026-01-02T03:04:08.678Z"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page:\n%s", want, page)
		}
	}
	if other := ask(h, http.MethodGet, "/history?master=other").Body.String(); strings.Contains(other, "old:1") || !strings.Contains(other, "No failover") {
		t.Errorf("a master that had none: %s", other)
	}
	if late := ask(h, http.MethodGet, "/history?since=1h&format=json").Body.String(); strings.Contains(late, "old:1") {
		t.Errorf("of the last hour: %s", late)
	}
	for _, since := range []string{"2026-01-02T04:04:00+01:00", "2026-01-02T04:04:00%2B01:00"} {
		if got := ask(h, http.MethodGet, "/history?since="+since); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "old:1") {
			t.Errorf("since=%s: %d %s", since, got.Code, got.Body)
		}
	}
	for _, bad := range []string{"since=soon", "since=-1h", "format=xml", "masters=m", "master=a&master=b"} {
		if got := ask(h, http.MethodGet, "/history?"+bad); got.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", bad, got.Code, got.Body)
		}
	}
	status := ask(h, http.MethodGet, "/status").Body.String()
	if !strings.Contains(status, `href="history?master=m#f-`) || !strings.Contains(status, "switched from old:1 to new:2 in 6.0 s") {
		t.Errorf("the status page does not have it:\n%s", status)
	}
	deaf := handler(t, always(well("a:1")), defaults())
	if got := ask(deaf, http.MethodGet, "/history"); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "--no-collector.events") {
		t.Errorf("without event streams: %d %s", got.Code, got.Body)
	}
	if got := ask(deaf, http.MethodGet, "/history?format=json"); got.Code != http.StatusNotFound {
		t.Errorf("without event streams: %d %s", got.Code, got.Body)
	}
}

// TestHistoryOfHostileNames: no name commands a browser or a terminal, and a page is bounded.
func TestHistoryOfHostileNames(t *testing.T) {
	t.Parallel()
	name := "<script>\x1b[2J\u202e" + strings.Repeat("x", 900)
	sources := Sources{Deployment: always(monitoring("a:1", name, 0)), Events: heardFailover(name, time.Now())}
	h := handlerOf(t, sources, defaults(), slog.New(slog.DiscardHandler))
	for _, path := range []string{"/history", "/history?format=json", "/status"} {
		body := ask(h, http.MethodGet, path).Body.String()
		if strings.ContainsAny(body, "\x1b\u202e") {
			t.Errorf("%s lets a name through:\n%s", path, body)
		}
		if path == "/history" && (strings.Contains(body, strings.Repeat("x", 300)) || strings.Contains(body, "<script>") || !strings.Contains(body, "&lt;script&gt;")) {
			t.Errorf("%s has the name as it is:\n%s", path, body)
		}
	}
	if last := ask(h, http.MethodGet, "/status").Body.String(); !strings.Contains(last, "Last failover") {
		t.Error("the status page does not have it")
	}
}
