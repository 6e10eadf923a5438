package e2e_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestEventsAreServed: they are counted while nobody scrapes, a switch is logged
// once for all Sentinels, a stream that breaks comes back, and the end of the
// program is the end of all streams.
func TestEventsAreServed(t *testing.T) {
	topology := sentineltest.Run(t, sentineltest.Config{Replicas: 1, Proxied: true})
	p := exportertest.Start(t, "--sentinel.address="+strings.Join(topology.ClientAddrs(), ","))
	series := func(name, labels string, i int) string {
		return "redis_sentinel_" + name + "{" + labels + `sentinel="` + topology.Sentinels[i].Proxy.Addr() + `"} `
	}
	onAll := func(what, name, labels, value string) {
		t.Helper()
		sentineltest.WaitFor(t, what, func() bool {
			a := p.MustGet(t, "/metrics")
			for i := range topology.Sentinels {
				if !a.Has(series(name, labels, i) + value) {
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
	body := p.MustGet(t, "/metrics")
	if !body.Has(`redis_sentinel_failover_duration_seconds_count{master_name="mymaster",result="ended"} 1`) {
		t.Errorf("not one duration:\n%s", body.Body)
	}
	checkMetrics(t, body.Body)

	topology.Sentinels[1].Proxy.Reset()
	sentineltest.WaitFor(t, "the loss and the return", func() bool {
		a := p.MustGet(t, "/metrics")
		return a.Has(series("event_stream_losses_total", "", 1)+"1") && a.Has(series("event_stream_up", "", 1)+"1")
	})
	log := p.Stderr.String()
	for _, want := range []string{
		`level=INFO .* msg="Master switched" master=mymaster from=` + old + ` to=` + address + ` sentinel=`,
		`level=WARN .* msg="Event stream lost: .*" sentinel=` + topology.Sentinels[1].Proxy.Addr(),
		`level=INFO .* msg="Event stream is back" sentinel=` + topology.Sentinels[1].Proxy.Addr(),
	} {
		if n := countMatches(log, want); n != 1 {
			t.Errorf("%d lines of the log are %s:\n%s", n, want, log)
		}
	}
	if got := p.MustGet(t, "/metrics"); !got.Has(series("event_stream_losses_total", "", 0) + "0") {
		t.Errorf("a stream was lost that nobody broke:\n%s", got.Body)
	}
	if status := p.End(); status != 0 {
		t.Errorf("got the exit code %d", status)
	}
	sentineltest.WaitFor(t, "no connection of ours", func() bool {
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
		p := exportertest.Start(t, "--sentinel.address="+proxy.Addr(), tc.flag)
		if tc.connections == 2 {
			sentineltest.WaitFor(t, "the stream", func() bool { return fake.PublishRaw(nil) == 1 })
		}
		for range 3 {
			p.MustGet(t, "/metrics")
		}
		body := p.MustGet(t, "/metrics").Body
		if got := strings.Contains(body, "redis_sentinel_event"); got != (tc.connections == 2) {
			t.Errorf("%s: event metrics are there: %v", tc.flag, got)
		}
		p.End()
		if got := proxy.Counters().Connections; got != tc.connections {
			t.Errorf("%s: %d connections, want %d", tc.flag, got, tc.connections)
		}
	}
}

func countMatches(text, pattern string) int {
	return len(regexp.MustCompile("(?m)"+pattern).FindAllString(text, -1))
}
