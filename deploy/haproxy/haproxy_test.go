package haproxy_test

import (
	"context"
	"errors"
	"flag"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/internal/sentineltest/faults"
)

var all = flag.Bool("haproxy.all", false, "run all faults, which takes ten minutes")

// A rig is a deployment with clients that write through HAProxy, and others to compare with.
type rig struct {
	topology  *sentineltest.Topology
	exporters []*exportertest.Process
	balancers []*balancer
	switches  *listener
	writers   []*writer                     // through the exporter's endpoints, one for each balancer
	roles     *writer                       // through tcp-check role:master
	library   *writer                       // go-redis
	master    *sentineltest.Node            // at first
	ends      map[string]*sentineltest.Node // the nodes by their end of a connection, which a relay or a name may hide
}

// A fault moves a master, or hinders those that look for it.
type fault struct {
	name  string
	short bool // enough to be one of all tests
	pairs int  // of balancers and exporters; 1 if 0
	// stays is true if the master stays where it is.
	stays  bool
	config sentineltest.Config
	do     func(t *testing.T, r *rig)
}

func allFaults() []fault {
	return slices.Concat(own(), movers())
}

// movers are the faults of the shared table that move a master.
func movers() []fault {
	const lasts = 15 * time.Second // longer than any answer is kept
	var list []fault
	for _, g := range faults.Groups() {
		g.Config.MasterPassword = "" // the writers have none
		for _, f := range g.Faults {
			if !f.Moves() {
				continue
			}
			list = append(list, fault{name: f.Name, config: g.Config, do: func(t *testing.T, r *rig) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				mend, err := f.Make(ctx, &faults.Rig{Topology: r.topology})
				if err == nil {
					pause(t, lasts)
				}
				must(t, errors.Join(err, mend(ctx)))
			}})
		}
	}
	return list
}

// own are the faults of which the table has none.
func own() []fault {
	list := []fault{
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
	for i := range list {
		list[i].config.SlowTimers = *all
	}
	return list
}

// Whatever moves a master, HAProxy never has two servers of it up at once, and clients get no
// acknowledgement of the old master once the first Sentinel has published the new one.
func TestFaults(t *testing.T) {
	t.Parallel()
	version, err := exec.CommandContext(t.Context(), *haproxyBinary, "-v").Output()
	if err != nil {
		t.Fatalf("%v (`make test` installs it)", err)
	}
	first, _, _ := strings.Cut(string(version), "\n")
	t.Log(first)
	for _, f := range allFaults() {
		if !f.short && !*all {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			if !*all {
				t.Parallel()
			}
			r := newRig(t, f.config, max(1, f.pairs))
			before := time.Now()
			f.do(t, r)
			r.check(t, f, before)
		})
	}
}

func newRig(t *testing.T, config sentineltest.Config, pairs int) *rig {
	t.Helper()
	topology := sentineltest.Run(t, config)
	r := &rig{topology: topology, switches: listen(t, topology), master: topology.Masters[0].Node, ends: make(map[string]*sentineltest.Node)}
	for _, n := range topology.Masters[0].DataNodes() {
		r.ends[endOf(t, n)] = n
	}
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
		sentineltest.WaitFor(t, "a Sentinel to publish another master", func() bool { return len(r.terms()) > 1 })
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
	if f.stays && len(r.terms()) > 1 {
		t.Fatalf("the master is %s", to.Name())
	}
	settled := time.Now()
	for _, w := range r.writers {
		sentineltest.WaitFor(t, w.name+" to write to the master", func() bool { last := w.last(); return last.at.After(settled) && r.nodeAt(last.node) == to })
	}
	for _, w := range []*writer{r.roles, r.library} {
		sentineltest.WaitFor(t, w.name+" to write again", func() bool { return w.last().at.After(settled) })
	}
	for i, w := range r.writers {
		if n := r.balancers[i].together(t, "master"); n > 1 {
			t.Errorf("HAProxy had %d servers up at once", n)
		}
		if n := r.late(w); n > 0 {
			t.Errorf("%s: an old master acknowledged %d writes after a Sentinel had published the new one", w.name, n)
		}
	}
	for _, w := range append(r.writers, r.roles, r.library) {
		t.Logf("%-30s %-10s gap %5d ms, lost %4d, acknowledged by the loser %4d, together %d", f.name, w.name, w.gap(before).Milliseconds(), w.lost(t, to), r.late(w),
			r.balancers[0].together(t, map[bool]string{true: "roles", false: "master"}[w == r.roles]))
	}
}

// endOf returns the node's end of a connection to it.
func endOf(t *testing.T, n *sentineltest.Node) string {
	t.Helper()
	info, err := n.CLI(t.Context(), "CLIENT", "INFO")
	must(t, err)
	end, err := laddr(info)
	must(t, err)
	return end
}

// nodeAt returns the node at an address, as it is announced or as its end of a connection; nil if there is none.
func (r *rig) nodeAt(address string) *sentineltest.Node {
	if n := r.ends[address]; n != nil {
		return n
	}
	return r.topology.NodeAt(address)
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
