package cli

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const failoverLog = `1:X 02 Jan 2026 03:04:05.000 # +sdown master m 10.0.0.1 1
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
	for _, c := range []*historyCommand{
		{names: []string{"other"}, exporter: at}, {names: []string{"a", "b"}}, {fromLogs: true},
		{names: []string{name}, fromLogs: true, at: "soon"}, {names: []string{name + "x"}, fromLogs: true},
	} {
		if out, err := run(c); err == nil {
			t.Errorf("%+v has no error: %s", c, out)
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
