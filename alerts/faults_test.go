//go:build e2e

package alerts_test

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/internal/sentineltest/faults"
)

// downAfter is longer than a busy machine lets a server wait for its turn, so that
// there is no failover but those that a fault is about.
const downAfter = 4 * time.Second

var lanesPart = flag.String("lanes", "1/1", "which lanes are run: 2/4 is the second of each four, as the machine has to keep up with all at once")

// A lane is a deployment with a job of its own, on which faults are made one after
// the other.
type lane struct {
	number  int
	job     string
	address string // of its exporter
	group   faults.Group
}

// lanes cuts the groups of the table into pieces, to be done at one time.
func lanes(t *testing.T) []*lane {
	t.Helper()
	var list []*lane
	for _, g := range groups() {
		most := 4 // fewer at one time: the machine is to keep up with all of them
		g.Config.DownAfter = max(g.Config.DownAfter, downAfter)
		if g.Name == "data nodes" {
			// Sentinel corrects a replica of another after failover-timeout: by default
			// before the alert, so that this must be longer in proportion.
			g.Config.FailoverTimeout = time.Minute
			most = 2 // which then take as long as four others
		}
		for piece := range slices.Chunk(g.Faults, most) {
			part := g
			part.Faults = piece
			list = append(list, &lane{
				number: len(list), job: fmt.Sprintf("redis_sentinel_%d", len(list)), address: sentineltest.FreeAddr(t), group: part,
			})
		}
	}
	var part, of int
	if n, err := fmt.Sscanf(*lanesPart, "%d/%d", &part, &of); n != 2 || err != nil || part < 1 || part > of {
		t.Fatalf("-lanes=%s is no part", *lanesPart)
	}
	return slices.DeleteFunc(list, func(l *lane) bool { return l.number%of != part-1 })
}

// TestFaults makes every fault of the shared table for real: its alerts go
// pending, fire, reach the receiver of their severity once, and are resolved when
// it is mended. Nobody is paged for anything else. A deployment that is well and
// fails over meanwhile pages nobody.
func TestFaults(t *testing.T) {
	t.Parallel()
	all := lanes(t)
	well := &lane{job: "redis_sentinel_well", address: sentineltest.FreeAddr(t)}
	s := startStack(t)
	// Side by side even on two cores: most of it is waiting. t.Parallel would do as
	// many at a time as there are cores.
	var wg sync.WaitGroup
	wg.Go(func() {
		var told bool
		t.Run("nobody watches", func(t *testing.T) {
			(&lane{}).told(t, s, noExporterKnown, s.began) // which is a lane without a job
			told = !t.Failed()
		})
		s.scrape(t, append(all, well)) // also if only one of the others runs
		if told {
			eventually(t, "it is resolved when there are some", func() bool {
				_, resolved := s.hook.first("", "page", "RedisSentinelExporterAbsent", "resolved", s.began)
				return resolved
			})
		}
	})
	wg.Go(func() { t.Run("well", func(t *testing.T) { well.pageNobody(t, s, all) }) })
	made, watched := 0, map[string]int{}
	for _, l := range all {
		made += len(l.group.Faults)
		for _, e := range s.watched(l) {
			watched[e.name] += len(l.group.Faults)
		}
		wg.Go(func() { t.Run(l.group.Name, func(t *testing.T) { l.run(t, s) }) })
	}
	wg.Wait()
	if _, barked := s.hook.first("", "watchdog", "RedisSentinelWatchdog", "firing", time.Time{}); !barked {
		t.Error("the watchdog has not barked")
	}
	t.Logf("Of %d faults there were %v", made, watched)
	t.Logf("The times from the faults to the notifications:\n%s", s.times.table())
}

func (l *lane) run(t *testing.T, s *stack) {
	t.Helper()
	rig := &faults.Rig{Topology: sentineltest.Run(t, l.group.Config)}
	born := time.Now()
	exporter := s.startExporter(t, l.address, rig.ClientAddrs())
	l.quiet(t, s, "at first")
	s.agree(t, l, "birth", expectation{}, born)
	for _, f := range l.group.Faults {
		exporter = l.show(t, s, rig, exporter, f)
		if t.Failed() {
			return // the next would only fail with it
		}
	}
}

// show makes one fault, follows its alerts, and mends it.
func (l *lane) show(t *testing.T, s *stack, rig *faults.Rig, exporter *sentineltest.Program, f faults.Fault) *sentineltest.Program {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	began := time.Now()
	var ask []string
	if f.Ask != nil {
		addrs, err := f.Ask(rig)
		if err != nil {
			t.Fatal(err)
		}
		ask = addrs
		exporter.Stop() // it asks only after the fault
	}
	mend, err := f.Make(ctx, rig)
	if f.Ask != nil {
		exporter = s.startExporter(t, l.address, ask)
	}
	if err != nil {
		t.Errorf("%s: %v", f.Name, err)
	} else {
		l.told(t, s, f.Name, began)
	}
	early := s.hook.names(l.job, "morning", began)
	if err := mend(ctx); err != nil {
		t.Fatalf("mending %s: %v", f.Name, err)
	}
	if f.Ask != nil {
		exporter.Stop()
		exporter = s.startExporter(t, l.address, rig.ClientAddrs())
	}
	if !t.Failed() {
		l.resolved(t, s, f.Name, began, early)
	}
	return exporter
}

// told waits until the receivers know all that they shall.
func (l *lane) told(t *testing.T, s *stack, name string, began time.Time) {
	t.Helper()
	want := expectations()[name]
	rules := map[string]rule{}
	for _, a := range readAlerts(t) {
		rules[a.Alert] = a
	}
	for receiver, alerts := range want.receivers() {
		for _, alert := range alerts {
			var at time.Time
			if !eventually(t, fmt.Sprintf("%s leads to %s", name, alert), func() bool {
				var told bool
				at, told = s.hook.first(l.job, receiver, alert, "firing", began)
				return told
			}) {
				continue
			}
			s.times.add(name, alert, receiver, at.Sub(began))
			if rules[alert].For != "" && !s.were(t, l.job, "pending", began)[alert] {
				t.Errorf("%s: %s was never pending", name, alert)
			}
		}
	}
	for _, alert := range full(want.silent) {
		eventually(t, fmt.Sprintf("%s makes %s fire", name, alert), func() bool { return s.in(t, l.job, "firing")[alert] })
	}
	if len(want.all()) == 0 {
		l.pagesNobody(t, s, name, began)
	}
	for _, e := range s.watched(l) {
		for _, alert := range want.all() {
			eventually(t, fmt.Sprintf("%s leads to %s by %s", name, alert, e.name), func() bool { return e.told.has(l.job, alert, false, began) })
		}
	}
}

// pagesNobody waits for longer than any page takes, and looks whether there was one.
func (l *lane) pagesNobody(t *testing.T, s *stack, name string, began time.Time) {
	t.Helper()
	select { // that nothing happens has no condition to wait for
	case <-time.After(12 * time.Minute / factor): // the longest for of a page is 5m
	case <-t.Context().Done():
	}
	if pages := s.hook.names(l.job, "page", began); len(pages) > 0 {
		t.Errorf("%s: the pages were %q, want none", name, pages)
	}
}

// resolved waits for the end of it, and looks back at what was told; early is what was in the morning before it was mended.
func (l *lane) resolved(t *testing.T, s *stack, name string, began time.Time, early []string) {
	t.Helper()
	want := expectations()[name]
	for receiver, alerts := range want.receivers() {
		for _, alert := range alerts {
			eventually(t, fmt.Sprintf("%s is resolved after %s", alert, name), func() bool {
				_, told := s.hook.first(l.job, receiver, alert, "resolved", began)
				return told
			})
		}
	}
	l.quiet(t, s, "after "+name)
	for _, e := range s.watched(l) {
		for _, alert := range want.all() {
			eventually(t, fmt.Sprintf("%s is resolved after %s by %s", alert, name, e.name), func() bool { return e.told.has(l.job, alert, true, began) })
		}
	}
	s.agree(t, l, name, want, began)
	pages := slices.DeleteFunc(s.hook.names(l.job, "page", began), func(name string) bool { return slices.Contains(full(want.may), name) })
	if !slices.Equal(pages, full(want.page)) {
		t.Errorf("%s: the pages were %q, want %q", name, pages, full(want.page))
	}
	got := s.hook.names(l.job, "morning", began)
	t.Logf("%s: in the morning: %q", name, got)
	for _, alert := range full(want.silent) {
		if slices.Contains(early, alert) || slices.Contains(got, alert) && !slices.Contains(full(want.may), alert) {
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
	if !eventually(t, "all is quiet "+when, func() bool {
		left = s.query(t, fmt.Sprintf(`ALERTS{job=%q, alertname!~"RedisSentinelFailover(Flapping|Happened)"} or absent(up{job=%q} == 1)`, l.job, l.job))
		return len(left) == 0
	}) {
		t.Errorf("left: %v", left)
	}
}

// pageNobody fails a deployment over by hand, both ways, and waits for longer than
// any page takes. Then it goes on with what can happen to its exporter.
func (l *lane) pageNobody(t *testing.T, s *stack, others []*lane) {
	t.Helper()
	topology := sentineltest.Run(t, sentineltest.Config{DownAfter: downAfter, NoSettle: true})
	config := filepath.Join(t.TempDir(), "probe.yml")
	writeFile(t, config, "modules: {}\n")
	exporter := s.startExporter(t, l.address, topology.ClientAddrs(), "--config.file="+config)
	eventually(t, "Prometheus scrapes the exporter", func() bool {
		return len(s.query(t, fmt.Sprintf("up{job=%q} == 1", l.job))) > 0
	})
	began := time.Now()
	failOver(t, topology, 2)
	l.told(t, s, failedOverByHand, began)
	l.pagesNobody(t, s, failedOverByHand, began)
	if got := s.hook.names(l.job, "morning", began); len(got) > 0 {
		t.Errorf("%s: in the morning: %q", failedOverByHand, got)
	}
	// That nobody was told means nothing unless somebody could have been.
	began = time.Now()
	failOver(t, topology, 3)
	l.told(t, s, failedOverAgain, began)
	began = time.Now()
	writeFile(t, config, "modules: none\n")
	if err := exporter.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	l.told(t, s, configSpoiled, began)
	began = time.Now()
	exporter.Stop()
	l.told(t, s, exporterKilled, began)
	began = time.Now()
	s.scrape(t, others)
	l.told(t, s, targetRemoved, began)
}

// failOver does it by hand, some times, each when all is well.
func failOver(t *testing.T, topology *sentineltest.Topology, times int) {
	t.Helper()
	for range times {
		if err := topology.WaitSettled(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := topology.Failover(t.Context(), faults.MasterName); err != nil {
			t.Fatal(err)
		}
	}
}
