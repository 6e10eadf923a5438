package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// TestEventsAreServed: they are counted while nobody scrapes, a switch is logged
// once for all Sentinels, a stream that breaks comes back, and the end of the
// program is the end of all streams.
func TestEventsAreServed(t *testing.T) {
	topology := sentineltest.Run(t, sentineltest.Config{Replicas: 1, Proxied: true})
	p := start(t, "--sentinel.address="+strings.Join(topology.ClientAddrs(), ","))
	series := func(name, labels string, i int) string {
		return "redis_sentinel_" + name + "{" + labels + `sentinel="` + topology.Sentinels[i].Proxy.Addr() + `"} `
	}
	onAll := func(what, name, labels, value string) {
		t.Helper()
		waitFor(t, what, func() bool {
			a := p.mustGet(t, "/metrics")
			for i := range topology.Sentinels {
				if !a.has(series(name, labels, i) + value) {
					return false
				}
			}
			return true
		})
	}
	onAll("the streams", "event_stream_up", "", "1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	old, err := topology.Master(ctx, "mymaster")
	if err != nil {
		t.Fatal(err)
	}
	address, err := topology.Failover(ctx, "mymaster")
	if err != nil {
		t.Fatal(err)
	}
	onAll("the switch", "events_total", `event="+switch-master",master_name="mymaster",`, "1")
	body := p.mustGet(t, "/metrics")
	if !body.has(`redis_sentinel_failover_duration_seconds_count{master_name="mymaster",result="ended"} 1`) {
		t.Errorf("not one duration:\n%s", body.body)
	}
	checkMetrics(t, body.body)

	topology.Sentinels[1].Proxy.Reset()
	waitFor(t, "the loss and the return", func() bool {
		a := p.mustGet(t, "/metrics")
		return a.has(series("event_stream_losses_total", "", 1)+"1") && a.has(series("event_stream_up", "", 1)+"1")
	})
	log := p.stderr.String()
	for _, want := range []string{
		`level=INFO .* msg="Master switched" master=mymaster from=` + old + ` to=` + address + ` sentinel=`,
		`level=WARN .* msg="Event stream lost: .*" sentinel=` + topology.Sentinels[1].Proxy.Addr(),
		`level=INFO .* msg="Event stream is back" sentinel=` + topology.Sentinels[1].Proxy.Addr(),
	} {
		if n := countMatches(log, want); n != 1 {
			t.Errorf("%d lines of the log are %s:\n%s", n, want, log)
		}
	}
	if got := p.mustGet(t, "/metrics"); !got.has(series("event_stream_losses_total", "", 0) + "0") {
		t.Errorf("a stream was lost that nobody broke:\n%s", got.body)
	}
	if status := p.end(); status != 0 {
		t.Errorf("got the exit code %d", status)
	}
	waitFor(t, "no connection of ours", func() bool {
		for _, s := range topology.Sentinels {
			list, err := s.CLI(ctx, "CLIENT", "LIST", "TYPE", "pubsub")
			if err != nil {
				t.Fatal(err)
			}
			if list != "" {
				return false
			}
		}
		return true
	})
}

// TestNoEventsNoSecondConnection, counted at a proxy.
func TestNoEventsNoSecondConnection(t *testing.T) {
	for _, tc := range []struct {
		flag        string
		connections int64
	}{{"--collector.events", 2}, {"--no-collector.events", 1}} {
		fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
		proxy := sentineltest.RunProxy(t, fake.Addr())
		p := start(t, "--sentinel.address="+proxy.Addr(), tc.flag)
		if tc.connections == 2 {
			waitFor(t, "the stream", func() bool { return fake.PublishRaw(nil) == 1 })
		}
		for range 3 {
			p.mustGet(t, "/metrics")
		}
		body := p.mustGet(t, "/metrics").body
		if got := strings.Contains(body, "redis_sentinel_event"); got != (tc.connections == 2) {
			t.Errorf("%s: event metrics are there: %v", tc.flag, got)
		}
		p.end()
		if got := proxy.Counters().Connections; got != tc.connections {
			t.Errorf("%s: %d connections, want %d", tc.flag, got, tc.connections)
		}
	}
}

func countMatches(text, pattern string) int {
	return len(regexp.MustCompile("(?m)"+pattern).FindAllString(text, -1))
}

// A watcher is a run of the command watch.
type watcher struct {
	out  *lockedBuffer
	errs *lockedBuffer
	end  func() int
}

func watch(t *testing.T, args ...string) *watcher {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &watcher{out: &lockedBuffer{}, errs: &lockedBuffer{}}
	status := make(chan int, 1)
	go func() {
		status <- runAlone(ctx, append([]string{"watch", "--sentinel.timeout=1ms"}, args...), w.out, w.errs)
	}()
	w.end = func() int {
		cancel()
		return <-status
	}
	return w
}

// prints waits for a line.
func (w *watcher) prints(t *testing.T, pattern string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("printed was:\n%s%s", w.out, w.errs)
		}
	}()
	waitFor(t, pattern, func() bool { return countMatches(w.out.String(), pattern) > 0 })
}

// TestWatch prints a failover as it happens, and where a stream broke, until it
// is stopped; --sentinel.timeout, which is 1ms here, does not end it.
func TestWatch(t *testing.T) {
	topology := sentineltest.Run(t, sentineltest.Config{Replicas: 1, Proxied: true, Masters: []string{"my master", "other"}})
	addresses := strings.Join(topology.ClientAddrs(), ",")
	text := watch(t, "--sentinel.address="+addresses)
	lines := watch(t, "--sentinel.address="+addresses, "--output=json", "my master")
	for _, s := range topology.Sentinels {
		text.prints(t, s.Proxy.Addr()+` +# subscribed$`)
		lines.prints(t, `"sentinel":"`+s.Proxy.Addr()+`","stream":"up"`)
	}
	old, err := topology.Master(t.Context(), "my master")
	if err != nil {
		t.Fatal(err)
	}
	address, err := topology.Failover(t.Context(), "my master")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topology.Sentinels[0].CLI(t.Context(), "SENTINEL", "SET", "other", "quorum", "1"); err != nil {
		t.Fatal(err)
	}
	for _, s := range topology.Sentinels {
		text.prints(t, `^20[-0-9]{8} [0-9:.]{12}  `+s.Proxy.Addr()+` +\+switch-master +"my master"  `+old+` -> `+address+`$`)
		lines.prints(t, `"sentinel":"`+s.Proxy.Addr()+`","event":"\+switch-master","master":"my master".*"master_address":"`+old+`","new_address":"`+address+`"`)
	}
	text.prints(t, `\+new-epoch +1$`)
	text.prints(t, `\+set +other  127.0.0.1:\d+  quorum 1$`)
	topology.Sentinels[2].Proxy.Reset()
	text.prints(t, topology.Sentinels[2].Proxy.Addr()+` +# stream lost, events may be missing until it is subscribed again: unreachable: `)
	lines.prints(t, `"stream":"lost","reason":"unreachable"`)

	for _, w := range []*watcher{text, lines} {
		if status := w.end(); status != 0 || w.errs.String() != "" {
			t.Errorf("got the exit code %d and on stderr %q", status, w.errs)
		}
	}
	for line := range strings.Lines(lines.out.String()) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		if object["stream"] == nil && object["master"] != "my master" {
			t.Errorf("not about the master asked for: %s", line)
		}
	}
}

// TestWatchKeepsTheTerminal from what a Sentinel sends.
func TestWatchKeepsTheTerminal(t *testing.T) {
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	w := watch(t, "--sentinel.address="+fake.Addr())
	object := watch(t, "--sentinel.address="+fake.Addr(), "--output=json")
	waitFor(t, "the streams", func() bool { return fake.PublishRaw(nil) == 2 })
	fake.Publish("+sdown", "master \x1b[2Jx\xff 10.0.0.1 6379")
	fake.Publish("+\x1b]0;title\a", "\r\n")
	w.prints(t, `\+sdown +"\\x1b\[2Jx\\xff"  10.0.0.1:6379$`)
	w.prints(t, `"\+\\x1b\]0;title\\a" +"\\r\\n"$`)
	// As in the metrics, so that two names stay two.
	object.prints(t, `"master":"\\u001b\[2Jx\\\\xff".*"raw":"master \\u001b\[2Jx\\\\xff 10.0.0.1 6379"`)
	object.end()
	w.end()
	if out := w.out.String(); slices.ContainsFunc([]byte(out), func(b byte) bool { return b < ' ' && b != '\n' || b > '~' }) {
		t.Errorf("printed is %q", out)
	}
}

// TestWatchOfNobody says why and goes on trying.
func TestWatchOfNobody(t *testing.T) {
	address := sentineltest.FreeAddr(t)
	w := watch(t, "--sentinel.address="+address)
	w.prints(t, fmt.Sprintf(`%s +# cannot subscribe, will try again: unreachable: `, address))
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Listen: address})
	waitFor(t, "the stream", func() bool { return fake.PublishRaw(nil) == 1 })
	if status := w.end(); status != 0 {
		t.Errorf("got the exit code %d", status)
	}
}
