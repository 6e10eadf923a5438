package health_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
)

// A watcher looks at the deployment all the time, and notes each finding with the
// words it had first.
type watcher struct {
	t    *testing.T
	stop chan struct{}
	wg   sync.WaitGroup

	mu      sync.Mutex
	seen    map[string]string
	reports int
}

func watch(t *testing.T, d *deployment.Deployment) *watcher {
	t.Helper()
	w := &watcher{t: t, stop: make(chan struct{}), seen: map[string]string{}}
	w.wg.Go(func() {
		for {
			r := assess(t.Context(), d, askForLong)
			w.note(&r)
			select {
			case <-w.stop:
				return
			case <-time.After(30 * time.Millisecond):
			}
		}
	})
	t.Cleanup(func() {
		close(w.stop)
		w.wg.Wait()
	})
	return w
}

func (w *watcher) note(r *health.Report) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reports++
	for _, f := range r.All() {
		if w.seen[f.Check] == "" {
			w.seen[f.Check] = f.Severity.String() + ": " + f.Message
		}
	}
}

// only checks what was found since the last call.
func (w *watcher) only(phase string, allowed ...string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for check, message := range w.seen {
		if !slices.Contains(allowed, check) {
			w.t.Errorf("%s: %s: %s", phase, check, message)
		}
	}
	w.t.Logf("%s: %d reports, found %v", phase, w.reports, w.seen)
	w.seen, w.reports = map[string]string{}, 0
}

// settle waits until the Sentinels know all, and some time for what comes late.
func settle(t *testing.T, topology *sentineltest.Topology, late time.Duration) {
	t.Helper()
	if err := topology.WaitSettled(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-time.After(late): // that nothing happens has no condition to wait for
	case <-t.Context().Done():
	}
}

// TestHealthyDeploymentHasNoFindings: not while it starts, fails over and
// settles; and while a master is dead only what is true.
func TestHealthyDeploymentHasNoFindings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		config sentineltest.Config
		late   time.Duration // after each step
		crash  bool
	}{
		{"quick", sentineltest.Config{DownAfter: 5 * time.Second, NoSettle: true}, 500 * time.Millisecond, true},
		{"usual timers", sentineltest.Config{DownAfter: 30 * time.Second, SlowTimers: true, NoSettle: true}, 3 * time.Second, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			topology := sentineltest.Run(t, tc.config)
			w := watch(t, deploymentOf(t, topology.SentinelAddrs()))
			settle(t, topology, tc.late)
			w.only("start")
			if _, err := topology.Failover(t.Context(), "mymaster"); err != nil {
				t.Fatal(err)
			}
			settle(t, topology, tc.late)
			w.only("failover by hand")
			if tc.crash {
				crash(t, topology, w, tc.late)
			}
		})
	}
}

func crash(t *testing.T, topology *sentineltest.Topology, w *watcher, late time.Duration) {
	t.Helper()
	node, err := topology.MasterNode(t.Context(), "mymaster")
	if err != nil {
		t.Fatal(err)
	}
	node.Kill()
	if _, err := topology.WaitFailover(t.Context(), "mymaster", node.Addr()); err != nil {
		t.Fatal(err)
	}
	settle(t, topology, late)
	w.only("crash", "master_sdown", "master_odown", "replica_down")
	if err := node.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	settle(t, topology, late)
	w.only("return of the old master", "replica_down", "replica_role_mismatch")
	settle(t, topology, late)
	w.only("after all")
}

// TestOldMasterReturns: for as long as an old master takes writes beside the new one there is
// a warning, and no longer; Sentinel's usual timers make that 10 s.
func TestOldMasterReturns(t *testing.T) {
	t.Parallel()
	topology := sentineltest.Run(t, sentineltest.Config{SlowTimers: true})
	d := deploymentOf(t, topology.SentinelAddrs())
	node, err := topology.MasterNode(t.Context(), "mymaster")
	if err != nil {
		t.Fatal(err)
	}
	node.Kill()
	if _, err := topology.WaitFailover(t.Context(), "mymaster", node.Addr()); err != nil {
		t.Fatal(err)
	}
	const down = 6 * time.Second // longer than an old master that was there all the time needs to be heard
	switched := time.Now()
	sentineltest.WaitFor(t, "it to have been down for a while", func() bool { return time.Since(switched) > down })
	if err := node.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	writable := func() bool {
		_, err := node.CLI(t.Context(), "SET", "lost", "write")
		return err == nil
	}
	warned := func() bool {
		r := assess(t.Context(), d, askForLong)
		return slices.Contains(found(&r), "warning replica_role_mismatch")
	}
	sentineltest.WaitFor(t, "a warning, while it takes writes", func() bool { return warned() && writable() })
	shown := time.Now()
	sentineltest.WaitFor(t, "it to take no more", func() bool { return !writable() })
	over := time.Now()
	sentineltest.WaitFor(t, "the warning to be over", func() bool { return !warned() })
	if before, after := over.Sub(shown), time.Since(over); before < 5*time.Second || after > 3*time.Second {
		t.Errorf("it was shown for only %s while it took writes, and for %s after that", before, after)
	}
}
