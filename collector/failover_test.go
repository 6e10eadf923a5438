package collector_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// A logLine is an event as the Sentinel's own log has it.
type logLine struct {
	at             time.Time
	event, payload string
}

// logged returns the events in the log of the i-th Sentinel, from an offset on.
func (r *rig) logged(i, offset int) []logLine {
	r.t.Helper()
	text, err := r.Sentinels[i].Log()
	check(r.t, err)
	var lines []logLine
	for _, m := range regexp.MustCompile(`(?m)^\d+:X (\d+ \w+ \d+ [\d:.]+) . ([+-][a-z-]+) (.*)$`).FindAllStringSubmatch(text[offset:], -1) {
		at, err := time.ParseInLocation("2 Jan 2006 15:04:05.000", m[1], time.Local)
		check(r.t, err)
		lines = append(lines, logLine{at, m[2], m[3]})
	}
	return lines
}

// took is the time from the last +try-failover before an event to that event, in
// whichever Sentinel's log that is.
func (r *rig) took(event string, after time.Time) (seconds float64) {
	r.t.Helper()
	for i := range r.Sentinels {
		var start time.Time
		for _, line := range r.logged(i, 0) {
			switch {
			case line.at.Before(after):
			case line.event == "+try-failover":
				start = line.at
			case line.event == event && !start.IsZero():
				return line.at.Sub(start).Seconds()
			}
		}
	}
	r.t.Fatalf("no Sentinel has logged %s", event)
	return 0
}

// durations returns the histogram of a master, as Prometheus reads it in the one
// format that has all of it.
func (r *rig) durations(result string) *dto.Histogram {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 5*time.Second)
	defer cancel()
	snapshots := r.deployment.Snapshots(ctx)
	report := health.Assess(snapshots, nil)
	var encoded bytes.Buffer
	format := expfmt.NewFormat(expfmt.TypeProtoDelim)
	if err := r.collector.Encode(&encoded, collector.Page{Snapshots: snapshots, Report: &report}, format); err != nil {
		r.t.Fatal(err)
	}
	for decoder := expfmt.NewDecoder(&encoded, format); ; {
		var f dto.MetricFamily
		if err := decoder.Decode(&f); err != nil {
			r.t.Fatalf("there is no series of %s failovers: %v", result, err)
		}
		for _, m := range f.Metric {
			if series(&f, m) == fmt.Sprintf("failover_duration_seconds{master_name=%q,result=%q}", master, result) {
				return m.Histogram
			}
		}
	}
}

// follow lets the rig take in the events of its Sentinels until the test ends,
// and returns when all streams stand.
func (r *rig) follow() (*collector.Events, *lockedLog) {
	r.t.Helper()
	logs := &lockedLog{}
	events := collector.NewEvents(history.New(history.Options{}), slog.New(slog.NewTextHandler(logs, nil)))
	r.collector = r.collector.WithEvents(events)
	ctx, cancel := context.WithCancel(r.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { r.deployment.Events(ctx, events.Handle) })
	r.t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	sentineltest.WaitFor(r.t, "all streams are up", func() bool {
		up := 0.0
		values := r.samples(5 * time.Second)
		for _, addr := range r.addrs {
			up += values[fmt.Sprintf("event_stream_up{sentinel=%q}", addr)]
		}
		return up == float64(len(r.addrs))
	})
	return events, logs
}

type lockedLog struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestFailoversAreCounted: a manual failover, one after a crash and one that
// aborts give the counts of each Sentinel's own log, and one duration each for
// all Sentinels together, as long as the leader's log says.
func TestFailoversAreCounted(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{})
	events, logs := r.follow()
	offsets := make([]int, len(r.Sentinels))
	for i, s := range r.Sentinels {
		text, err := s.Log()
		check(t, err)
		offsets[i] = len(text)
	}
	zero := r.samples(5 * time.Second)
	for _, addr := range r.addrs {
		for _, event := range []string{"+switch-master", "-failover-abort-not-elected", "-failover-abort-no-good-slave", "-failover-abort-slave-timeout"} {
			r.is(zero, 0, "events_total{event=%q,master_name=%q,sentinel=%q}", event, master, addr)
		}
	}
	var sum float64
	one := func(what, result, event string, count uint64, began time.Time) {
		t.Helper()
		var h *dto.Histogram
		sentineltest.WaitFor(r.t, what+" is observed", func() bool { h = r.durations(result); return h.GetSampleCount() >= count })
		got, want := h.GetSampleSum(), r.took(event, began)
		if result == "ended" {
			got, sum = got-sum, got
		}
		t.Logf("%s: %.3f s, by the Sentinel's log %.3f s", what, got, want)
		if h.GetSampleCount() != count || math.Abs(got-want) > 0.5 {
			t.Errorf("%s: %d durations, the last of %.3f s; want %d and, by the Sentinel's log, %.3f s", what, h.GetSampleCount(), got, count, want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()

	began := time.Now().UTC().Add(-time.Second)
	_, err := r.Failover(ctx, master)
	check(t, err)
	one("the manual failover", "ended", "+failover-end", 1, began)
	check(t, r.WaitSettled(ctx))

	began = time.Now().UTC()
	old, err := r.MasterNode(ctx, master)
	check(t, err)
	old.Kill()
	_, err = r.WaitFailover(ctx, master, old.Addr())
	check(t, err)
	one("the failover after a crash", "ended", "+failover-end", 2, began)
	switched := float64(time.Now().UnixMilli()) / 1000
	check(t, old.Restart(ctx))
	check(t, r.WaitSettled(ctx))
	last := r.samples(5 * time.Second)[fmt.Sprintf("last_switch_timestamp_seconds{master_name=%q}", master)]
	if ago := switched - last; ago < 0 || ago > 10 {
		t.Errorf("the last switch was %.1f s before its end was noticed", ago)
	}

	began = time.Now().UTC()
	old, err = r.MasterNode(ctx, master)
	check(t, err)
	for _, n := range r.Masters[0].DataNodes() {
		_, err := n.CLI(ctx, "CONFIG", "SET", "replica-priority", "0")
		check(t, err)
	}
	sentineltest.WaitFor(r.t, "the Sentinels know of the priorities", func() bool {
		return r.samples(5 * time.Second)[fmt.Sprintf("master_promotable_replicas{master_name=%q,sentinel=%q}", master, r.addrs[0])] == 0 &&
			r.samples(5 * time.Second)[fmt.Sprintf("master_promotable_replicas{master_name=%q,sentinel=%q}", master, r.addrs[1])] == 0 &&
			r.samples(5 * time.Second)[fmt.Sprintf("master_promotable_replicas{master_name=%q,sentinel=%q}", master, r.addrs[2])] == 0
	})
	old.Kill()
	one("the failover that aborts", "aborted", "-failover-abort-no-good-slave", 1, began)
	sentineltest.WaitFor(r.t, "all agree that the master is down", func() bool {
		values := r.samples(5 * time.Second)
		for _, addr := range r.addrs {
			if values[fmt.Sprintf("master_odown{master_name=%q,sentinel=%q}", master, addr)] != 1 {
				return false
			}
		}
		return true
	})

	for i, addr := range r.addrs {
		want := map[string]float64{}
		for _, line := range r.logged(i, offsets[i]) {
			key := master
			if !strings.Contains(line.payload, master) {
				key = ""
			}
			want[fmt.Sprintf("events_total{event=%q,master_name=%q,sentinel=%q}", line.event, key, addr)]++
		}
		values := r.samples(5 * time.Second)
		for series, count := range want {
			r.is(values, count, "%s", series)
		}
		r.is(values, 2, "events_total{event=\"+switch-master\",master_name=%q,sentinel=%q}", master, addr)
		r.is(values, 0, "event_stream_losses_total{sentinel=%q}", addr)
	}
	if n := strings.Count(logs.String(), "Master switched"); n != 2 || strings.Count(logs.String(), "\n") != 2 {
		t.Errorf("two switches are logged in %d lines:\n%s", n, logs)
	}
	if recent := events.Recent(); len(recent) == 0 || recent[len(recent)-1].Event.Name == "" {
		t.Errorf("the last events are %+v", recent)
	}
	if h := r.durations("ended"); len(h.Bucket) < 5 || h.Schema != nil {
		t.Errorf("not classic buckets alone: %v", h)
	}
}

// TestStateIsNotMadeOfEvents: after a failover no -odown came for the old master,
// and no metric holds the new one to be down.
func TestStateIsNotMadeOfEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1})
	r.follow()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	old, err := r.MasterNode(ctx, master)
	check(t, err)
	old.Kill()
	_, err = r.WaitFailover(ctx, master, old.Addr())
	check(t, err)
	sentineltest.WaitFor(r.t, "all have published the switch", func() bool {
		values, unended := r.samples(5*time.Second), 0.0
		for _, addr := range r.addrs {
			if values[fmt.Sprintf("events_total{event=\"+switch-master\",master_name=%q,sentinel=%q}", master, addr)] != 1 {
				return false
			}
			unended += values[fmt.Sprintf("events_total{event=\"+sdown\",master_name=%q,sentinel=%q}", master, addr)] -
				values[fmt.Sprintf("events_total{event=\"-sdown\",master_name=%q,sentinel=%q}", master, addr)]
		}
		if unended == 0 {
			t.Error("every +sdown was ended by a -sdown: this test shows nothing")
		}
		return true
	})
	values := r.samples(5 * time.Second)
	for _, addr := range r.addrs {
		r.is(values, 1, "master_ok{master_name=%q,sentinel=%q}", master, addr)
		r.is(values, 0, "master_odown{master_name=%q,sentinel=%q}", master, addr)
		r.is(values, 0, "master_sdown{master_name=%q,sentinel=%q}", master, addr)
	}
}

// TestBurstIsCounted: 10,000 events at once, each of them.
func TestBurstIsCounted(t *testing.T) {
	t.Parallel()
	const events = 10_000
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	r := &rig{t: t, addrs: []string{fake.Addr()}, collector: collector.New(collector.Options{Events: true})}
	r.deployment = deployment.New(sentinel.NewClient(sentinel.Options{Address: fake.Addr()}))
	t.Cleanup(r.deployment.Close)
	r.follow()
	fake.PublishRaw([]byte(strings.Repeat("*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$6\r\n+sdown\r\n$31\r\nmaster mymaster 127.0.0.1 17000\r\n", events)))
	count := fmt.Sprintf("events_total{event=\"+sdown\",master_name=%q,sentinel=%q}", master, fake.Addr())
	sentineltest.WaitFor(r.t, "all are counted", func() bool { return r.samples(5 * time.Second)[count] >= events })
	values := r.samples(5 * time.Second)
	r.is(values, events, "%s", count)
	r.is(values, 0, "event_stream_losses_total{sentinel=%q}", fake.Addr())
}

// TestUndoneSwitchIsNotCounted: the Sentinels take no names, so that none can switch to the
// replica that is promoted. When they take them again one does, and that is counted.
func TestUndoneSwitchIsNotCounted(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, Host: "localhost"})
	_, logs := r.follow()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	resolve := func(value string) {
		t.Helper()
		for _, s := range r.Sentinels {
			_, err := s.CLI(ctx, "SENTINEL", "CONFIG", "SET", "resolve-hostnames", value)
			check(t, err)
		}
	}
	resolve("no")
	_, err := r.Sentinels[0].CLI(ctx, "SENTINEL", "FAILOVER", master)
	check(t, err)
	published := fmt.Sprintf("events_total{event=\"+switch-master\",master_name=%q,sentinel=%q}", master, r.addrs[0])
	sentineltest.WaitFor(t, "the leader has published it ten times", func() bool { return r.samples(5 * time.Second)[published] >= 10 })
	last := fmt.Sprintf("last_switch_timestamp_seconds{master_name=%q}", master)
	if _, counted := r.samples(5 * time.Second)[last]; counted || strings.Contains(logs.String(), "Master switched") || r.durations("ended").GetSampleCount() > 0 {
		t.Errorf("a switch that nobody has made is counted:\n%s", logs)
	}
	resolve("yes")
	sentineltest.WaitFor(t, "it is counted once it is done", func() bool {
		_, counted := r.samples(5 * time.Second)[last]
		return counted && strings.Count(logs.String(), "Master switched") == 1 && r.durations("ended").GetSampleCount() == 1
	})
}

// TestOldMasterIsCounted compares the seconds that are counted after a failover by hand, and
// after the return of a master that was dead, with those for which it takes writes.
func TestOldMasterIsCounted(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{SlowTimers: true})
	r.follow()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	counted := fmt.Sprintf("deployment_old_master_writable_seconds_total{master_name=%q}", master)
	if n, there := r.samples(5 * time.Second)[counted]; there {
		t.Errorf("it has not happened, and is %v", n)
	}
	compare := func(what string, old *sentineltest.Node, before float64, since time.Time) {
		t.Helper()
		sentineltest.WaitFor(t, "the old master takes no more writes", func() bool {
			_, err := old.CLI(ctx, "SET", "a", "b")
			return err != nil
		})
		took := time.Since(since).Seconds()
		var got float64
		sentineltest.WaitFor(t, "it is counted", func() bool {
			got = r.samples(5 * time.Second)[counted] - before
			return got > 0
		})
		t.Logf("%s: %.2f s are counted, it was %.2f s", what, got, took)
		if math.Abs(got-took) > 3 {
			t.Errorf("%s: %.2f s are counted, it was %.2f s", what, got, took)
		}
	}
	old, err := r.MasterNode(ctx, master)
	check(t, err)
	_, err = r.Failover(ctx, master)
	check(t, err)
	compare("a failover by hand", old, 0, time.Now())

	check(t, r.WaitSettled(ctx))
	before := r.samples(5 * time.Second)[counted]
	old, err = r.MasterNode(ctx, master)
	check(t, err)
	old.Kill()
	_, err = r.WaitFailover(ctx, master, old.Addr())
	check(t, err)
	check(t, old.Restart(ctx))
	compare("its return", old, before, time.Now())
}
