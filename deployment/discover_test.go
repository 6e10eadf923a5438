package deployment_test

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// newDeployment asks the Sentinels at these addresses.
func newDeployment(t *testing.T, addrs ...string) *deployment.Deployment {
	t.Helper()
	clients := make([]*sentinel.Client, len(addrs))
	for i, addr := range addrs {
		clients[i] = sentinel.NewClient(sentinel.Options{Address: addr})
	}
	d := deployment.New(clients...)
	t.Cleanup(d.Close)
	return d
}

// discovery is what a discovery must come to.
type discovery struct {
	master   string        // the address; empty when an error is wanted
	from     string        // the Sentinel; empty for any
	replicas int           // found; -1 when an error is wanted
	errs     []error       // that a Sentinel of the error must have
	within   time.Duration // the answer
	min      int           // other Sentinels
	tilt     bool
}

const timeout = 2 * time.Second

// check runs DiscoverMaster and DiscoverReplicas.
func (want discovery) check(t *testing.T, d *deployment.Deployment, sentinels int) {
	t.Helper()
	options := deployment.DiscoverOptions{MinOtherSentinels: want.min}
	start := time.Now()
	m, err := d.DiscoverMaster(within(t, timeout), name, options)
	want.checkTime(t, start)
	switch {
	case want.master == "":
		wantDiscoveryError(t, err, sentinels, want.errs)
	case err != nil:
		t.Errorf("want %s, got the error %v", want.master, err)
	case m.Addr != want.master || want.from != "" && m.Sentinel != want.from || m.Tilt != want.tilt:
		t.Errorf("got %+v, want %+v", m, want)
	case d.Preferred()[0] != m.Sentinel:
		t.Errorf("%s has answered, and %v is preferred", m.Sentinel, d.Preferred())
	}
	start = time.Now()
	r, err := d.DiscoverReplicas(within(t, timeout), name, options)
	want.checkTime(t, start)
	switch {
	case want.replicas < 0:
		wantDiscoveryError(t, err, sentinels, nil)
	case err != nil:
		t.Errorf("want %d replicas, got the error %v", want.replicas, err)
	case len(r.Replicas) != want.replicas || r.Tilt != want.tilt:
		t.Errorf("got %+v, want %d replicas", r, want.replicas)
	case slices.ContainsFunc(r.Replicas, func(r sentinel.Replica) bool { return r.Addr == want.master }):
		t.Errorf("the master %s is one of %+v", want.master, r.Replicas)
	}
}

func (want discovery) checkTime(t *testing.T, start time.Time) {
	t.Helper()
	if took := time.Since(start); took > want.within+grace {
		t.Errorf("it took %v, want %v", took, want.within)
	}
}

func wantDiscoveryError(t *testing.T, err error, sentinels int, want []error) {
	t.Helper()
	var e *deployment.DiscoveryError
	if !errors.As(err, &e) {
		t.Errorf("got the error %v", err)
		return
	}
	if len(e.Said) != sentinels || strings.Count(err.Error(), "sentinel 127.") != sentinels {
		t.Errorf("want a word of each of %d Sentinels, got: %v", sentinels, err)
	}
	for _, one := range want {
		if !errors.Is(err, one) {
			t.Errorf("discovery: got the error %v, want %v", err, one)
		}
	}
}

// soon is when a discovery has its answer that waits for nobody.
const soon = 500 * time.Millisecond

// TestDiscover: one deployment, whose Sentinels fail in all ways.
func TestDiscover(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{})
	ctx := within(t, 60*time.Second)
	master := topo.Masters[0].Node.Addr()
	addrs := topo.SentinelAddrs()
	healthy := discovery{master: master, replicas: 2, within: soon}
	all := newDeployment(t, addrs...)

	t.Run("healthy", func(t *testing.T) { healthy.check(t, all, 3) })
	t.Run("one given of three", func(t *testing.T) { healthy.check(t, newDeployment(t, addrs[1]), 1) })
	t.Run("enough others", func(t *testing.T) {
		want := healthy
		want.min = 2
		want.check(t, all, 3)
	})
	t.Run("too few others", func(t *testing.T) {
		discovery{replicas: -1, within: soon, min: 3, errs: []error{deployment.ErrTooFewSentinels}}.check(t, all, 3)
	})
	t.Run("unknown name", func(t *testing.T) {
		_, err := all.DiscoverMaster(ctx, "nosuch", deployment.DiscoverOptions{})
		wantDiscoveryError(t, err, 3, []error{sentinel.ErrNoSuchMaster})
		_, err = all.DiscoverReplicas(ctx, "nosuch", deployment.DiscoverOptions{})
		wantDiscoveryError(t, err, 3, []error{sentinel.ErrNoSuchMaster})
	})
	t.Run("first hung", func(t *testing.T) {
		must(t, topo.Sentinels[0].Hang())
		healthy.check(t, all, 3)
		healthy.check(t, newDeployment(t, addrs...), 3)
	})
	t.Run("two hung", func(t *testing.T) {
		must(t, topo.Sentinels[1].Hang())
		want := healthy
		want.within = timeout // the third alone is no majority
		want.check(t, all, 3)
		must(t, topo.Sentinels[0].Resume())
		must(t, topo.Sentinels[1].Resume())
		must(t, topo.WaitSettled(ctx))
	})
	t.Run("first in TILT", func(t *testing.T) {
		must(t, topo.Sentinels[0].ForceTilt(ctx))
		fresh := newDeployment(t, addrs...)
		healthy.check(t, fresh, 3)
		if fresh.Preferred()[0] == addrs[0] {
			t.Error("the one in TILT is preferred")
		}
	})
	t.Run("others in TILT hung and dead", func(t *testing.T) {
		must(t, topo.Sentinels[1].Hang())
		topo.Sentinels[2].Kill()
		want := healthy
		want.within, want.tilt, want.from = timeout, true, addrs[0]
		want.check(t, all, 3)
		must(t, topo.Sentinels[0].EndTilt(ctx))
	})
	t.Run("first dead", func(t *testing.T) {
		must(t, topo.Sentinels[1].Resume())
		topo.Sentinels[0].Kill()
		must(t, topo.Sentinels[2].Restart(ctx))
		must(t, topo.WaitSettled(ctx))
		healthy.check(t, all, 3)
		healthy.check(t, newDeployment(t, addrs...), 3)
	})
	t.Run("all dead", func(t *testing.T) {
		for _, s := range topo.Sentinels {
			s.Kill()
		}
		discovery{replicas: -1, within: soon}.check(t, all, 3)
	})
}

// TestDiscoverRefused: the first Sentinel does not take our credentials.
func TestDiscoverRefused(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1})
	locked := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None, Password: "canary-secret"})
	wrong := sentinel.NewClient(sentinel.Options{Address: locked.Sentinels[0].Addr(), Password: func() (string, error) { return "canary-wrong", nil }})
	right := sentinel.NewClient(sentinel.Options{Address: topo.Sentinels[0].Addr()})
	d := deployment.New(wrong, right)
	defer d.Close()
	discovery{master: topo.Masters[0].Node.Addr(), replicas: 2, within: soon}.check(t, d, 2)

	alone := deployment.New(wrong)
	_, err := alone.DiscoverMaster(within(t, 5*time.Second), name, deployment.DiscoverOptions{})
	wantDiscoveryError(t, err, 1, nil)
	var refused *sentinel.Error
	if !errors.As(err, &refused) || refused.Reason != sentinel.ReasonAuth || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

// TestDiscoverMasterDown: nobody gives out a master that is down, nor one that is
// a replica by its own account.
func TestDiscoverMasterDown(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Quorum: 3, Timers: map[string]time.Duration{"ask-period": time.Minute}})
	ctx := within(t, 30*time.Second)
	d := newDeployment(t, topo.SentinelAddrs()...)
	must(t, topo.Masters[0].Node.Hang())
	sentineltest.WaitFor(t, "all Sentinels to hold the master to be down", func() bool {
		return !slices.ContainsFunc(d.Snapshots(ctx), func(s *sentinel.Snapshot) bool {
			return !s.Master(name).Flags.Has(sentinel.FlagSDown)
		})
	})
	if m, err := d.DiscoverMaster(ctx, name, deployment.DiscoverOptions{}); err == nil || !errors.Is(err, deployment.ErrMasterDown) {
		t.Errorf("got %+v, %v", m, err)
	}
	if r, err := d.DiscoverReplicas(ctx, name, deployment.DiscoverOptions{}); err != nil || len(r.Replicas) != 2 {
		t.Errorf("the replicas are still there: got %+v, %v", r, err)
	}
}

// TestDiscoverDuringFailover: from the moment when GET-MASTER-ADDR-BY-NAME of a
// Sentinel names the new master, discovery does.
func TestDiscoverDuringFailover(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{})
	ctx := within(t, 60*time.Second)
	d := newDeployment(t, topo.SentinelAddrs()...)
	leader := newClient(t, sentinel.Options{Address: topo.Sentinels[0].Addr()})
	old := topo.Masters[0].Node.Addr()
	must(t, leader.Failover(ctx, name))
	sentineltest.WaitFor(t, "the failover", func() bool {
		said, err := leader.MasterAddr(ctx, name)
		must(t, err)
		found, err := d.DiscoverMaster(ctx, name, deployment.DiscoverOptions{})
		must(t, err)
		if said.Value != old && (found.Addr != said.Value || found.ConfigEpoch.Value != 1) {
			t.Errorf("a Sentinel names %s, discovery %+v", said.Value, found)
		}
		return said.Value != old
	})
	now, err := topo.WaitFailover(ctx, name, old)
	must(t, err)
	discovery{master: now, replicas: 2, within: soon}.check(t, settled(t, topo, d), 3)
}

func settled(t *testing.T, topo *sentineltest.Topology, d *deployment.Deployment) *deployment.Deployment {
	t.Helper()
	must(t, topo.WaitSettled(within(t, 30*time.Second)))
	return d
}

// TestDiscoverStale: a Sentinel that is cut off still names the old master, which
// it believes in. It is the first, and answers at once.
func TestDiscoverStale(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Partitionable: true, Proxied: true})
	ctx := within(t, 60*time.Second)
	old := topo.Masters[0].Node
	island := []*sentineltest.Node{topo.Sentinels[0].Node, old}
	rest := slices.DeleteFunc(topo.Nodes(), func(n *sentineltest.Node) bool { return slices.Contains(island, n) })
	must(t, topo.Partition(island, rest))
	var now string
	sentineltest.WaitFor(t, "the other side to have a new master", func() bool {
		addr, err := newClient(t, sentinel.Options{Address: topo.Sentinels[1].Addr()}).MasterAddr(ctx, name)
		must(t, err)
		other, err := newClient(t, sentinel.Options{Address: topo.Sentinels[2].Addr()}).MasterAddr(ctx, name)
		must(t, err)
		now = addr.Value
		return now != old.Addr() && addr == other
	})

	addrs := topo.ClientAddrs()
	if m, err := newDeployment(t, addrs[0]).DiscoverMaster(ctx, name, deployment.DiscoverOptions{}); err != nil || m.Addr != old.Addr() {
		t.Fatalf("the first is not stale: %+v, %v", m, err)
	}
	for _, p := range topo.Sentinels[1:] {
		p.Proxy.Delay(100 * time.Millisecond) // so that the stale answer is the first
	}
	d := newDeployment(t, addrs...)
	knowing := []*deployment.Deployment{newDeployment(t, topo.Sentinels[1].Addr()), newDeployment(t, topo.Sentinels[2].Addr())}
	// A Sentinel that tells the other replica to follow cuts the connections of all, and none tells it again once all know that it does.
	sentineltest.WaitFor(t, "both to have the other replica follow the new master, and the old master down", func() bool {
		return !slices.ContainsFunc(knowing, func(one *deployment.Deployment) bool {
			found, err := one.DiscoverReplicas(ctx, name, deployment.DiscoverOptions{})
			if err != nil || len(found.Replicas) != 1 {
				return true
			}
			r := found.Replicas[0]
			return r.Addr == old.Addr() || net.JoinHostPort(r.MasterHost, r.MasterPort) != now || !r.MasterLinkUp
		})
	})
	discovery{master: now, replicas: 1, within: time.Second}.check(t, d, 3)
	topo.Sentinels[2].Proxy.BlackHole()
	discovery{master: now, replicas: 1, within: timeout}.check(t, d, 3)
	for _, g := range deployment.MergedMasters(d.Snapshots(within(t, time.Second))) {
		if g.Master.Addr != now {
			t.Errorf("merged, the master is %s", g.Master.Addr)
		}
	}
}

// TestDiscoverKeepsConnections: healthy Sentinels that answer one after the other.
func TestDiscoverKeepsConnections(t *testing.T) {
	t.Parallel()
	fakes := make([]*sentineltest.Fake, 3)
	addrs := make([]string, len(fakes))
	for i := range fakes {
		fakes[i] = sentineltest.RunFake(t, sentineltest.FakeConfig{Peers: 2, ID: strings.Repeat(fmt.Sprint(i), 40)})
		addrs[i] = fakes[i].Addr()
	}
	d := newDeployment(t, addrs...)
	for range 20 {
		_, err := d.DiscoverMaster(within(t, 5*time.Second), name, deployment.DiscoverOptions{})
		must(t, err)
	}
	for i, f := range fakes {
		if total, _ := f.Connections(); total > 3 { // one, but for what a busy machine delays
			t.Errorf("Sentinel %d had %d connections", i, total)
		}
	}
}

// TestDiscoverStaleAndDown: an answer that is refused still shows another to be
// outdated.
func TestDiscoverStaleAndDown(t *testing.T) {
	t.Parallel()
	stale := sentineltest.RunFake(t, fakeMaster("4", "master"))
	down := sentineltest.RunFake(t, fakeMaster("5", "s_down,master"))
	_, err := newDeployment(t, stale.Addr(), down.Addr()).DiscoverMaster(within(t, 5*time.Second), name, deployment.DiscoverOptions{})
	wantDiscoveryError(t, err, 2, []error{deployment.ErrOutdated, deployment.ErrMasterDown})
}

// TestDiscoverRoleMismatch: a master that says it is a replica.
func TestDiscoverRoleMismatch(t *testing.T) {
	t.Parallel()
	cfg := fakeMaster("1", "master")
	edit := cfg.Edit
	cfg.Edit = func(kind, master string, row sentineltest.Row) sentineltest.Row {
		if row = edit(kind, master, row); kind == "master" {
			return row.With("role-reported", "slave")
		}
		return row
	}
	fake := sentineltest.RunFake(t, cfg)
	_, err := newDeployment(t, fake.Addr()).DiscoverMaster(within(t, 5*time.Second), name, deployment.DiscoverOptions{})
	wantDiscoveryError(t, err, 1, []error{deployment.ErrRoleMismatch})
}

// fakeMaster is a Sentinel with an id of its own, this epoch and these flags.
func fakeMaster(epoch, flags string) sentineltest.FakeConfig {
	return sentineltest.FakeConfig{Replicas: 1, Peers: 2, ID: strings.Repeat(epoch, 40), Edit: func(kind, _ string, row sentineltest.Row) sentineltest.Row {
		if kind != "master" {
			return row
		}
		return row.With("config-epoch", epoch).With("flags", flags)
	}}
}
