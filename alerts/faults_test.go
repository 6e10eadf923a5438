//go:build e2e

package alerts_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/sentinel/sentineltest"
	"redis_sentinel_exporter/sentinel/sentineltest/faults"
)

// patience is how long an alert may take that has its conditions, on a machine
// with much else to do.
const patience = 90 * time.Second

// downAfter is longer than a busy machine lets a server wait for its turn, so that
// there is no failover but those that a fault is about.
const downAfter = 2 * time.Second

// A lane is a deployment with a job of its own, on which faults are made one after
// the other.
type lane struct {
	job     string
	address string // of its exporter
	group   faults.Group
}

// lanes cuts the groups of the table into pieces, to be done at one time.
func lanes(t *testing.T) []*lane {
	t.Helper()
	const most = 3
	var list []*lane
	for _, g := range faults.Groups() {
		for piece := range slices.Chunk(g.Faults, most) {
			part := g
			part.Faults = piece
			part.Config.DownAfter = downAfter
			if g.Name == "data nodes" {
				// Sentinel corrects a replica of another after failover-timeout: by default
				// before the alert, so that this must be longer in proportion.
				part.Config.FailoverTimeout = time.Minute
			}
			list = append(list, &lane{job: fmt.Sprintf("redis_sentinel_%d", len(list)), address: freePort(t), group: part})
		}
	}
	return list
}

// TestFaults makes every fault of the shared table for real: its alerts go
// pending, fire, reach the receiver of their severity once, and are resolved when
// it is mended. Nobody is paged for anything else. A deployment that is well and
// fails over meanwhile pages nobody.
func TestFaults(t *testing.T) {
	t.Parallel()
	all := lanes(t)
	well := &lane{job: "redis_sentinel_well", address: freePort(t)}
	var jobs, addresses []string
	for _, l := range append(all, well) {
		jobs, addresses = append(jobs, l.job), append(addresses, l.address)
	}
	s := startStack(t, jobs, addresses)
	// Side by side even on two cores: most of it is waiting. t.Parallel would do as
	// many at a time as there are cores.
	var wg sync.WaitGroup
	wg.Go(func() { t.Run("well", func(t *testing.T) { well.pageNobody(t, s) }) })
	for _, l := range all {
		wg.Go(func() { t.Run(l.group.Name, func(t *testing.T) { l.run(t, s) }) })
	}
	wg.Wait()
	if _, told := s.hook.first("", "watchdog", "RedisSentinelWatchdog", "firing", time.Time{}); !told {
		t.Error("the watchdog has not barked")
	}
}

func (l *lane) run(t *testing.T, s *stack) {
	t.Helper()
	rig := &faults.Rig{Topology: sentineltest.Run(t, l.group.Config)}
	exporter := s.startExporter(t, l.address, rig.ClientAddrs())
	l.quiet(t, s, "at first")
	for _, f := range l.group.Faults {
		exporter = l.show(t, s, rig, exporter, f)
		if t.Failed() {
			return // the next would only fail with it
		}
	}
}

// show makes one fault, follows its alerts, and mends it.
func (l *lane) show(t *testing.T, s *stack, rig *faults.Rig, exporter *process, f faults.Fault) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	want, ok := expectations()[f.Name]
	if !ok {
		t.Fatalf("%s: nothing is said of what it shall lead to", f.Name)
	}
	began := time.Now()
	if f.Ask != nil {
		addrs, err := f.Ask(rig)
		if err != nil {
			t.Fatal(err)
		}
		exporter.stop()
		exporter = s.startExporter(t, l.address, addrs)
	}
	mend, err := f.Make(ctx, rig)
	if err != nil {
		t.Errorf("%s: %v", f.Name, err)
	} else {
		l.told(t, s, f.Name, want, began)
	}
	if err := mend(ctx); err != nil {
		t.Fatalf("mending %s: %v", f.Name, err)
	}
	if f.Ask != nil {
		exporter.stop()
		exporter = s.startExporter(t, l.address, rig.ClientAddrs())
	}
	if !t.Failed() {
		l.resolved(t, s, f.Name, want, began)
	}
	return exporter
}

// told waits until the receivers know all that they shall.
func (l *lane) told(t *testing.T, s *stack, name string, want expectation, began time.Time) {
	t.Helper()
	for receiver, alerts := range map[string][]string{"page": want.page, "morning": want.morning} {
		for _, alert := range full(alerts) {
			var at time.Time
			eventually(t, fmt.Sprintf("%s leads to %s", name, alert), patience, func() bool {
				var told bool
				at, told = s.hook.first(l.job, receiver, alert, "firing", began)
				return told
			})
			if at.IsZero() {
				continue
			}
			t.Logf("%-32s %-7s %-40s after %4.1f s", name, receiver, alert, at.Sub(began).Seconds())
			if !s.were(t, l.job, "pending", began)[alert] && alert != "RedisSentinelFailoverAborted" { // which has no for
				t.Errorf("%s: %s was never pending", name, alert)
			}
		}
	}
	for _, alert := range full(want.silent) {
		eventually(t, fmt.Sprintf("%s makes %s fire", name, alert), patience, func() bool { return s.in(t, l.job, "firing")[alert] })
	}
}

// resolved waits for the end of it, and looks back at what was told.
func (l *lane) resolved(t *testing.T, s *stack, name string, want expectation, began time.Time) {
	t.Helper()
	for receiver, alerts := range map[string][]string{"page": want.page, "morning": want.morning} {
		for _, alert := range full(alerts) {
			eventually(t, fmt.Sprintf("%s is resolved after %s", alert, name), patience, func() bool {
				_, told := s.hook.first(l.job, receiver, alert, "resolved", began)
				return told
			})
		}
	}
	l.quiet(t, s, "after "+name)
	if got := s.hook.names(l.job, "page", began); !slices.Equal(got, full(want.page)) {
		t.Errorf("%s: the pages were %q, want %q", name, got, full(want.page))
	}
	got := s.hook.names(l.job, "morning", began)
	t.Logf("%s: in the morning: %q", name, got)
	for _, alert := range full(want.silent) {
		if slices.Contains(got, alert) {
			t.Errorf("%s: %s was told, though another one says it already", name, alert)
		}
	}
	if n, again := s.hook.repeated(l.job, began); again {
		t.Errorf("%s: a notification says nothing new: %+v", name, n)
	}
}

// quiet waits until no alert of the job fires or is about to, save those that
// look back for long.
func (l *lane) quiet(t *testing.T, s *stack, when string) {
	t.Helper()
	var left map[string]bool
	if !eventually(t, "all is quiet "+when, patience, func() bool {
		left = s.query(t, fmt.Sprintf(`ALERTS{job=%q, alertname!~"RedisSentinelFailover(Flapping|Happened)"} or absent(up{job=%q} == 1)`, l.job, l.job))
		return len(left) == 0
	}) {
		t.Errorf("left: %v", left)
	}
}

// pageNobody fails a deployment over by hand, both ways, and waits for longer than
// any page takes.
func (l *lane) pageNobody(t *testing.T, s *stack) {
	t.Helper()
	topology := sentineltest.Run(t, sentineltest.Config{DownAfter: downAfter, NoSettle: true})
	exporter := s.startExporter(t, l.address, topology.ClientAddrs())
	eventually(t, "Prometheus scrapes the exporter", patience, func() bool {
		return len(s.query(t, fmt.Sprintf("up{job=%q} == 1", l.job))) > 0
	})
	began := time.Now()
	for range 2 {
		if err := topology.WaitSettled(t.Context()); err != nil {
			t.Fatal(err)
		}
		switched := time.Now()
		if _, err := topology.Failover(t.Context(), faults.MasterName); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the failover is told as information", patience, func() bool {
			_, told := s.hook.first(l.job, "information", "RedisSentinelFailoverHappened", "firing", switched)
			return told || len(s.hook.names(l.job, "information", began)) > 0
		})
	}
	select { // that nothing happens has no condition to wait for
	case <-time.After(12 * time.Minute / factor): // the longest for of a page is 5m
	case <-t.Context().Done():
	}
	for _, receiver := range []string{"page", "morning"} {
		if got := s.hook.names(l.job, receiver, began); len(got) > 0 {
			t.Errorf("a failover by hand leads to %q for %s", got, receiver)
		}
	}
	// That nobody was paged means nothing unless somebody could have been.
	l.pageForTheExporter(t, s, exporter)
}

func (l *lane) pageForTheExporter(t *testing.T, s *stack, exporter *process) {
	t.Helper()
	began := time.Now()
	exporter.stop()
	l.told(t, s, "exporter killed", expectation{page: []string{"NoExporterUp"}, silent: []string{"ExporterDown"}}, began)
}

func full(names []string) []string {
	var list []string
	for _, n := range names {
		list = append(list, "RedisSentinel"+n)
	}
	slices.Sort(list)
	return list
}
