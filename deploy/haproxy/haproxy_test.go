package haproxy_test

import (
	"context"
	"flag"
	"syscall"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

var all = flag.Bool("haproxy.all", false, "run all faults, which takes ten minutes")

// A rig is a deployment with clients that write through HAProxy, and others to compare with.
type rig struct {
	topology  *sentineltest.Topology
	exporters []*exportertest.Process
	balancers []*balancer
	switches  *listener
	writers   []*writer // through the exporter's endpoints, one for each balancer
	roles     *writer   // through tcp-check role:master
	library   *writer   // go-redis
	master    *sentineltest.Node
}

// A fault moves a master, or hinders those that look for it.
type fault struct {
	name  string
	short bool // enough to be one of all tests
	pairs int  // of balancers and exporters; 1 if 0
	// stays is true if the master stays where it is.
	stays bool
	do    func(t *testing.T, r *rig)
}

func faults() []fault {
	return []fault{
		{name: "failover by hand", short: true, do: func(t *testing.T, r *rig) { r.failOver(t) }},
		{name: "crash", short: true, do: func(_ *testing.T, r *rig) { r.master.Kill() }},
		{name: "hang for 20 s", do: func(t *testing.T, r *rig) {
			must(t, r.master.Hang())
			pause(t, 20*time.Second)
			must(t, r.master.Resume())
		}},
		{name: "two exporters", pairs: 2, do: func(_ *testing.T, r *rig) { r.master.Kill() }},
		{name: "two exporters, failover by hand, one restarted", pairs: 2, do: func(t *testing.T, r *rig) {
			r.failOver(t)
			r.exporters[0].Signal(t, syscall.SIGTERM)
			<-r.exporters[0].Ended
		}},
		{name: "stale Sentinel first", do: func(t *testing.T, r *rig) {
			stale := r.topology.Sentinels[0]
			must(t, stale.Hang())
			r.master.Kill()
			r.waitSwitch(t)
			must(t, stale.Resume())
		}},
		{name: "exporter restarted in the middle", do: func(t *testing.T, r *rig) {
			r.failOver(t)
			r.restartExporter(t)
		}},
		{name: "all Sentinels hang for 5 s", stays: true, do: func(t *testing.T, r *rig) { r.hangSentinels(t, 5*time.Second) }},
		{name: "all Sentinels hang for 60 s", stays: true, do: func(t *testing.T, r *rig) { r.hangSentinels(t, 60*time.Second) }},
	}
}

// Whatever moves a master, HAProxy never has two servers of it up at once, and clients get no
// acknowledgement of the old master once the first Sentinel has published the new one.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, f := range faults() {
		if !f.short && !*all {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			if !*all {
				t.Parallel()
			}
			r := newRig(t, max(1, f.pairs))
			before := time.Now()
			f.do(t, r)
			r.check(t, f, before)
		})
	}
}

func newRig(t *testing.T, pairs int) *rig {
	t.Helper()
	topology := sentineltest.Run(t, sentineltest.Config{SlowTimers: *all})
	r := &rig{topology: topology, switches: listen(t, topology), master: topology.Masters[0].Node}
	var addrs []string
	for range pairs {
		e := startExporter(t, topology)
		r.exporters = append(r.exporters, e)
		addrs = append(addrs, e.Addr())
	}
	for i := range pairs {
		b := startBalancer(t, topology, append(addrs[i:], addrs[:i]...)...)
		r.balancers = append(r.balancers, b)
		r.writers = append(r.writers, plainWriter(t, "role"+string(rune('0'+i)), b.write))
	}
	r.roles = plainWriter(t, "tcp-check", r.balancers[0].roles)
	r.library = sentinelWriter(t, "go-redis", topology)
	for _, w := range r.all() {
		sentineltest.WaitFor(t, w.name+" to write", func() bool { return w.count() > 20 })
	}
	return r
}

func (r *rig) all() []*writer { return append([]*writer{r.roles, r.library}, r.writers...) }

// check waits for the end of a fault, and looks at what the writers were told.
func (r *rig) check(t *testing.T, f fault, before time.Time) {
	t.Helper()
	if !f.stays {
		r.waitSwitch(t)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := r.topology.WaitSettled(ctx); err != nil {
		t.Fatal(err)
	}
	to, err := r.topology.MasterNode(ctx, r.topology.Masters[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	if (to == r.master) != f.stays {
		t.Fatalf("the master is %s", to.Name())
	}
	settled := time.Now()
	for _, w := range r.writers {
		sentineltest.WaitFor(t, w.name+" to write to the master", func() bool { last := w.last(); return last.at.After(settled) && last.node == to.Addr() })
	}
	for _, w := range []*writer{r.roles, r.library} {
		sentineltest.WaitFor(t, w.name+" to write again", func() bool { return w.last().at.After(settled) })
	}
	published := r.switches.first(before)
	for i, w := range r.writers {
		if n := r.balancers[i].together(t, "master"); n > 1 {
			t.Errorf("HAProxy had %d servers up at once", n)
		}
		if !f.stays {
			if n := w.by(r.master.Addr(), published); n > 0 {
				t.Errorf("%s: the old master acknowledged %d writes after a Sentinel had published the new one", w.name, n)
			}
		}
	}
	for _, w := range append(r.writers, r.roles, r.library) {
		late := 0
		if !f.stays {
			late = w.by(r.master.Addr(), published)
		}
		t.Logf("%-30s %-10s gap %5d ms, lost %4d, acknowledged by the loser %4d, together %d", f.name, w.name, w.gap(before).Milliseconds(), w.lost(t, to), late,
			r.balancers[0].together(t, map[bool]string{true: "roles", false: "master"}[w == r.roles]))
	}
}

func (r *rig) failOver(t *testing.T) {
	t.Helper()
	if _, err := r.topology.Sentinels[0].CLI(t.Context(), "SENTINEL", "FAILOVER", r.topology.Masters[0].Name); err != nil {
		t.Fatal(err)
	}
}

// restartExporter ends the exporter, and starts it again at its address.
func (r *rig) restartExporter(t *testing.T) {
	t.Helper()
	e := r.exporters[0]
	e.Signal(t, syscall.SIGTERM)
	<-e.Ended
	r.exporters[0] = startExporter(t, r.topology, "--web.listen-address="+e.Addr())
}

func (r *rig) waitSwitch(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := r.topology.WaitFailover(ctx, r.topology.Masters[0].Name, r.master.Addr()); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) hangSentinels(t *testing.T, d time.Duration) {
	t.Helper()
	for _, s := range r.topology.Sentinels {
		must(t, s.Hang())
	}
	pause(t, d)
	for _, s := range r.topology.Sentinels {
		must(t, s.Resume())
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pause waits for the time that a fault lasts.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}
