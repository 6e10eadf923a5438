package cli

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/history"
)

const failoverLog = `1:X 02 Jan 2026 03:00:00.000 # +monitor master m 10.0.0.1 1 quorum 1
1:X 02 Jan 2026 03:01:00.000 # +sdown slave 10.0.0.3:1 10.0.0.3 1 @ m 10.0.0.1 1
1:X 02 Jan 2026 03:04:05.000 # +sdown master m 10.0.0.1 1
1:X 02 Jan 2026 03:04:05.100 # +odown master m 10.0.0.1 1 #quorum 2/2
1:X 02 Jan 2026 03:04:05.100 # +new-epoch 7
1:X 02 Jan 2026 03:04:05.100 # +try-failover master m 10.0.0.1 1
1:X 02 Jan 2026 03:04:05.300 # +elected-leader master m 10.0.0.1 1
1:X 02 Jan 2026 03:04:05.400 # +selected-slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.1 1
1:X 02 Jan 2026 03:04:06.400 # +promoted-slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.1 1
1:X 02 Jan 2026 03:04:07.400 # +failover-end master m 10.0.0.1 1
1:X 02 Jan 2026 03:04:07.400 # +switch-master m 10.0.0.1 1 10.0.0.2 1
`

// TestHistoryCommand: from a log and from an exporter it says the same, in words and as JSON; --at finds
// what was near that time.
func TestHistoryCommand(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "sentinel.log")
	if err := os.WriteFile(name, []byte(failoverLog), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(c *historyCommand) (string, error) {
		var out bytes.Buffer
		_, err := c.Run(context.Background(), nil, Streams{Out: &out, Timeout: 5 * time.Second})
		return out.String(), err
	}
	text, err := run(&historyCommand{names: []string{name}, fromLogs: true, at: "2026-01-02 03:04"})
	if err != nil {
		t.Fatal(err)
	}
	wants := []string{
		"m  switched from 10.0.0.1:1 to 10.0.0.2:1 in 2.3 s: the master did not answer",
		"03:04:05.100  election           0.20 s  sentinel.log was elected",
		"03:04:06.400  reconfiguration    1.00 s",
		"  not chosen: 10.0.0.3:1: it is down (inferred)\n",
	}
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if other, err := run(&historyCommand{names: []string{name}, fromLogs: true, at: "2026-01-02 05:04"}); err != nil || !strings.Contains(other, "no failover") {
		t.Errorf("two hours later: %v\n%s", err, other)
	}
	asJSON, err := run(&historyCommand{names: []string{name}, fromLogs: true, output: "json"})
	if err != nil || !strings.Contains(asJSON, `"leader": "sentinel.log"`) {
		t.Errorf("%v: %s", err, asJSON)
	}
	calm := filepath.Join(t.TempDir(), "calm.log")
	if err := os.WriteFile(calm, []byte("1:X 02 Jan 2026 03:04:05.000 # +monitor master m 10.0.0.1 1 quorum 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if none, err := run(&historyCommand{names: []string{calm}, fromLogs: true, output: "json"}); err != nil || !strings.Contains(none, `"failovers": []`) {
		t.Errorf("%v: %s", err, none)
	}
	exporter := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name := r.URL.Query().Get("deployment"); r.URL.Query().Has("deployment") && name != "orders" {
			http.Error(w, "there is no deployment "+name, http.StatusNotFound)
			return
		}
		if r.URL.Path != "/history" || r.URL.Query().Get("format") != "json" || r.URL.Query().Get("master") != "m" {
			http.Error(w, "asked for "+r.URL.String(), http.StatusBadRequest)
			return
		}
		_, _ = w.Write([]byte(asJSON))
	}))
	defer exporter.Close()
	at, err := url.Parse(exporter.URL)
	if err != nil {
		t.Fatal(err)
	}
	asked, err := run(&historyCommand{names: []string{"m"}, exporter: at})
	for _, want := range wants {
		if err != nil || !strings.Contains(asked, want) {
			t.Errorf("%v, no %q in:\n%s", err, want, asked)
		}
	}
	for name, want := range map[string]string{"orders": wants[0], "carts": "there is no deployment carts"} {
		var out bytes.Buffer
		_, err := (&historyCommand{names: []string{"m"}, exporter: at}).Run(context.Background(), nil, Streams{Out: &out, Timeout: 5 * time.Second, Deployment: &name})
		if said := fmt.Sprint(out.String(), err); !strings.Contains(said, want) {
			t.Errorf("of the deployment %s: %s", name, said)
		}
	}
	for _, c := range []*historyCommand{
		{names: []string{"other"}, exporter: at}, {names: []string{"a", "b"}}, {fromLogs: true},
		{names: []string{name}, fromLogs: true, since: -time.Hour}, {names: []string{name}, fromLogs: true, at: "soon"}, {names: []string{name + "x"}, fromLogs: true},
	} {
		if out, err := run(c); err == nil {
			t.Errorf("%+v has no error: %s", c, out)
		}
	}
}

// TestHistoryAt: what --at means is said, and how many failovers it leaves out. In logs a time of a day is the last one that they have.
func TestHistoryAt(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 29, 9, 0, 0, 0, berlin)
	day := func(text string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04", text, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	last := history.Record{Master: "last", Started: day("2026-11-22 03:01")}
	before := history.Record{Master: "before", Started: day("2026-11-21 03:10")}
	second := history.Record{Master: "second", Started: time.Date(2026, 10, 25, 1, 35, 0, 0, time.UTC)}
	first := history.Record{Master: "first", Started: time.Date(2026, 10, 25, 0, 35, 0, 0, time.UTC)}
	logs := []history.Log{{Sentinel: "a:1", Files: []string{"all.log"}, Source: "pod/a/sentinel", From: first.Started, To: day("2026-11-22 03:02").UTC(), LocalTimes: true}}
	for _, c := range []struct {
		logs     []history.Log
		at, want string
		since    time.Duration
	}{
		{logs: logs, at: "03:04", want: "the lines of pod/a/sentinel, times without a zone taken for |, clock not compared|For another zone run this with the variable TZ|around 2026-11-22 02:04:00 UTC (--at):|  last  |other times, 3, the last one at 2026-11-21 02:10:00 UTC"},
		{at: "03:04", want: "around 2026-11-29 02:04:00 UTC (--at):|no failover|other times, 4, the last one at 2026-11-22 02:01:00 UTC"},
		{at: "2026-11-21 03:04", want: "around 2026-11-21 02:04:00 UTC (--at):|  before  |other times, 3, the last one at 2026-11-22 02:01:00 UTC"},
		{at: "2026-10-25 02:30", want: "around 2026-10-25 00:30:00 UTC, and as the clocks went back around 2026-10-25 01:30:00 UTC (--at):|  first  |  second  |other times, 2, "},
		{at: "2026-10-25T02:30:00+01:00", want: "around 2026-10-25 01:30:00 UTC (--at):|  second  |other times, 3, "},
		{since: 8 * 24 * time.Hour, want: "  last  |other times, 3, the last one at 2026-11-21 02:10:00 UTC"},
	} {
		list := historyList{Logs: c.logs, Failovers: []history.Record{last, before, second, first}}
		shown, err := (&historyCommand{at: c.at, since: c.since}).selected(&list, now)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		printHistory(&out, &list, shown)
		rest := regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \w+`).ReplaceAllStringFunc(out.String(), func(s string) string { // as the machine has its zone
			at, err := time.ParseInLocation(inWords, s, time.Local)
			if err != nil {
				t.Error(err)
			}
			return at.UTC().Format(inWords)
		})
		for want := range strings.SplitSeq(c.want, "|") {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("--at=%q --since=%s: no %q in\n%s", c.at, c.since, want, rest)
			}
			rest = after
		}
	}
}

// TestZonesOf: the zone is that of each log, since one can be of the summer and another one of the winter.
func TestZonesOf(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	july, october, december := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for want, l := range map[string]history.Log{
		"CEST": {From: july, To: october}, "CEST and CET": {From: october, To: december}, "CET": {From: december, To: december},
	} {
		if got := zonesOf(&l, berlin); got != want {
			t.Errorf("from %s to %s: %s, want %s", l.From, l.To, got, want)
		}
	}
}

// TestAt: a time of a day is the last one that has been.
func TestAt(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"02:59": "2026-01-02T02:59:00Z", "03:04": "2026-01-01T03:04:00Z", "2025-12-31 03:04": "2025-12-31T03:04:00Z", "2026-01-02T03:04:05+01:00": "2026-01-02T02:04:05Z",
	} {
		if at, err := parseAt(text, now); err != nil || at.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s is %s, %v; want %s", text, at, err, want)
		}
	}
}
