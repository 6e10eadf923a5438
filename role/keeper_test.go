package role

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

const (
	nodeA = "10.0.0.1:6379"
	nodeB = "10.0.0.2:6379"
	nodeC = "10.0.0.3:6379"
	grace = 10 * time.Second
)

// start is a moment; the tests count seconds from it.
func start() time.Time { return time.Unix(1_700_000_000, 0) }

// says is one Sentinel's view: which node is the master, at which epoch.
type says struct {
	node   string
	epoch  int64
	change func(*sentinel.Master)
	dead   bool // it does not answer
	tilt   bool
	none   bool // it monitors nothing
}

func instance(addr string, flags sentinel.Flags) sentinel.Instance {
	host, port, _ := strings.Cut(addr, ":")
	return sentinel.Instance{Name: addr, Host: host, Port: port, Addr: addr, RunID: "run id of " + addr, Flags: flags}
}

// snapshots are those of three Sentinels, or as many as say something.
func snapshots(all ...says) []*sentinel.Snapshot {
	var list []*sentinel.Snapshot
	for i, s := range all {
		address := fmt.Sprintf("10.0.0.%d:26379", i+1)
		snapshot := &sentinel.Snapshot{Sentinel: address, ID: "id of " + address, Info: &sentinel.Info{Tilt: sentinel.Some(s.tilt)}}
		list = append(list, snapshot)
		if s.dead {
			snapshot.Err = &sentinel.Error{Sentinel: address, Reason: sentinel.ReasonTimeout}
			continue
		}
		if s.none {
			continue
		}
		m := sentinel.Master{
			Instance: instance(s.node, sentinel.FlagMaster), RoleReported: sentinel.RoleMaster, InfoRefresh: sentinel.Some(time.Second),
			ConfigEpoch: sentinel.Some(s.epoch), NumOtherSentinels: sentinel.Some(int64(len(all) - 1)), Quorum: sentinel.Some[int64](2),
		}
		for _, other := range []string{nodeA, nodeB, nodeC} {
			if other != s.node {
				m.Replicas = append(m.Replicas, sentinel.Replica{
					Instance: instance(other, sentinel.FlagReplica), RoleReported: sentinel.RoleReplica, MasterLinkUp: true,
					MasterHost: m.Host, MasterPort: m.Port, InfoRefresh: sentinel.Some(time.Second), ReplOffset: sentinel.Some[int64](1000),
				})
			}
		}
		m.Name = "orders"
		if s.change != nil {
			s.change(&m)
		}
		snapshot.Masters = []sentinel.Master{m}
	}
	return list
}

func sdown(m *sentinel.Master) { m.Flags |= sentinel.FlagSDown }

// leads makes a Sentinel lead a failover that has come to a state.
func leads(state sentinel.FailoverState) func(*sentinel.Master) {
	return func(m *sentinel.Master) {
		m.Flags |= sentinel.FlagFailoverInProgress
		m.FailoverState = state
		for i := range m.Replicas {
			if m.Replicas[i].Addr == nodeB && state > sentinel.FailoverSelectReplica {
				m.Replicas[i].Flags |= sentinel.FlagPromoted
			}
		}
	}
}

// A moment is what three Sentinels say at a time, and which node may then take writes.
type moment struct {
	at    float64 // seconds
	say   []says
	yes   string // the node; empty for none
	grace bool   // only by the grace
	why   string // part of the reason for nodeA
}

func three(s says) []says { return []says{s, s, s} }

// The answer moves forward, and never is yes for two nodes.
func TestMaster(t *testing.T) {
	t.Parallel()
	a5, b6, b5, a4 := says{node: nodeA, epoch: 5}, says{node: nodeB, epoch: 6}, says{node: nodeB, epoch: 5}, says{node: nodeC, epoch: 4}
	dead := says{dead: true}
	for _, test := range []struct {
		name string
		then []moment
	}{
		{"healthy", []moment{{at: 0, say: three(a5), yes: nodeA}}},
		{"a failover: the old master loses its writes before the new one is promoted", []moment{
			{at: 0, say: three(a5), yes: nodeA},
			{at: 1, say: []says{a5, a5, {node: nodeA, epoch: 5, change: leads(sentinel.FailoverWaitStart)}}, yes: nodeA},
			{at: 2, say: []says{a5, a5, {node: nodeA, epoch: 5, change: leads(sentinel.FailoverSelectReplica)}}, why: "failover is under way"},
			{at: 3, say: []says{a5, a5, {node: nodeA, epoch: 5, change: leads(sentinel.FailoverWaitPromotion)}}, why: "failover is under way"},
			{at: 4, say: []says{a5, a5, {node: nodeA, epoch: 6, change: leads(sentinel.FailoverReconfReplicas)}}, yes: nodeB},
			{at: 5, say: three(b6), yes: nodeB, why: "the master of orders is " + nodeB},
		}},
		{"a failover that ends without one gives the writes back", []moment{
			{at: 0, say: three(a5), yes: nodeA},
			{at: 1, say: []says{a5, a5, {node: nodeA, epoch: 5, change: leads(sentinel.FailoverWaitPromotion)}}},
			{at: 3, say: three(a5), yes: nodeA},
		}},
		{"and so does one that lasts, where the master is up", []moment{
			{at: 0, say: three(a5), yes: nodeA},
			{at: 1, say: []says{a5, a5, {node: nodeA, epoch: 5, change: leads(sentinel.FailoverWaitPromotion)}}},
			{at: 12, say: []says{a5, a5, {node: nodeA, epoch: 5, change: leads(sentinel.FailoverWaitPromotion)}}, yes: nodeA},
		}},
		{"but not where it is down", []moment{
			{at: 0, say: three(a5), yes: nodeA},
			{at: 1, say: three(says{node: nodeA, epoch: 5, change: func(m *sentinel.Master) { sdown(m); leads(sentinel.FailoverWaitPromotion)(m) }})},
			{at: 12, say: three(says{node: nodeA, epoch: 5, change: func(m *sentinel.Master) { sdown(m); leads(sentinel.FailoverWaitPromotion)(m) }})},
		}},
		{"one stale Sentinel", []moment{{at: 0, say: []says{a5, b6, b6}, yes: nodeB}}},
		{"one Sentinel knows of the failover, the others not yet", []moment{
			{at: 0, say: three(a5), yes: nodeA},
			{at: 1, say: []says{a5, a5, b6}, yes: nodeB},
		}},
		{"no majority at the start", []moment{{at: 0, say: []says{a5, dead, dead}, why: "too few Sentinels"}}},
		{"nobody answers", []moment{
			{at: 0, say: three(a5), yes: nodeA},
			{at: 9.9, say: three(dead), yes: nodeA, grace: true, why: "since then nobody can tell"},
			{at: 10.1, say: three(dead), why: "nobody can tell"},
			{at: 11, say: three(a5), yes: nodeA},
		}},
		{"the informed Sentinels do not answer any more: not back to the old master", []moment{
			{at: 0, say: three(b6), yes: nodeB},
			{at: 1, say: []says{a5, a5, dead}, yes: nodeB, grace: true},
			{at: 9, say: []says{a5, a5, dead}, yes: nodeB, grace: true},
			{at: 10, say: three(b6), yes: nodeB},
			{at: 11, say: []says{a5, a5, dead}, yes: nodeB, grace: true},
		}},
		{"monitored anew elsewhere: as soon as most have said so for the grace", []moment{
			{at: 0, say: three(b6), yes: nodeB},
			{at: 1, say: three(says{node: nodeC, epoch: 0}), yes: nodeB, grace: true},
			{at: 10.5, say: three(says{node: nodeC, epoch: 0})},
			{at: 11.5, say: three(says{node: nodeC, epoch: 0}), yes: nodeC},
		}},
		{"another node at the same epoch", []moment{
			{at: 0, say: three(a5), yes: nodeA},
			{at: 1, say: []says{a5, b5, b5}, yes: nodeA, grace: true},
			{at: 2, say: three(a5), yes: nodeA},
		}},
		{"two nodes at a new epoch: the old one is none of them", []moment{
			{at: 0, say: three(a5), yes: nodeA},
			{at: 1, say: []says{a5, b6, {node: nodeC, epoch: 6}}, why: "do not agree"},
			{at: 2, say: []says{b6, b6, {node: nodeC, epoch: 6}}, yes: nodeB},
		}},
		{"the new master is down at once", []moment{
			{at: 0, say: three(a5), yes: nodeA},
			{at: 1, say: three(says{node: nodeB, epoch: 6, change: sdown})},
		}},
		{"all consider it down", []moment{
			{at: 0, say: three(a5), yes: nodeA},
			{at: 1, say: three(says{node: nodeA, epoch: 5, change: sdown}), yes: nodeA, grace: true},
			{at: 11, say: three(says{node: nodeA, epoch: 5, change: sdown})},
		}},
		{"it says that it is a replica", []moment{
			{at: 0, say: three(says{node: nodeA, epoch: 5, change: func(m *sentinel.Master) { m.RoleReported = sentinel.RoleReplica }})},
		}},
		{"TILT counts only if there is nothing else", []moment{
			{at: 0, say: []says{{node: nodeC, epoch: 5, tilt: true}, a5, a5}, yes: nodeA},
			{at: 1, say: three(says{node: nodeA, epoch: 5, tilt: true}), yes: nodeA},
		}},
		{"removed", []moment{
			{at: 0, say: three(a4), yes: nodeC},
			{at: 1, say: three(says{none: true}), yes: nodeC, grace: true},
			{at: 11, say: three(says{none: true})},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := newMaster("orders")
			for _, then := range test.then {
				now := start().Add(time.Duration(then.at * float64(time.Second)))
				m.look(snapshots(then.say...), len(then.say), grace, now)
				for _, addr := range []string{nodeA, nodeB, nodeC} {
					in := instance(addr, 0)
					got := m.mayWrite(node{&in}, grace, now)
					if (got.Verdict == Yes) != (addr == then.yes) || got.Verdict == Yes && (got.Grace > 0) != then.grace {
						t.Errorf("at %v s: %s: got %+v, want yes for %q", then.at, addr, got, then.yes)
					}
					if addr == nodeA && !strings.Contains(got.Reason, then.why) {
						t.Errorf("at %v s: the reason is %q, want %q in it", then.at, got.Reason, then.why)
					}
				}
			}
		})
	}
}

// A new master gets its writes when every balancer has been refused the old one.
func TestHandOver(t *testing.T) {
	t.Parallel()
	at := func(seconds float64) time.Time { return start().Add(time.Duration(seconds * float64(time.Second))) }
	told := make(told)
	for _, who := range []string{"lb1", "lb2"} {
		told.ask(who, at(0))
		told.tell(who, nodeA, true, at(0))
	}
	if got := told.holder(nodeB, at(1)); got != nodeA {
		t.Errorf("both were told: got %q", got)
	}
	told.tell("lb1", nodeA, false, at(1.1))
	if got := told.holder(nodeB, at(1.2)); got != nodeA {
		t.Errorf("lb2 was told last: got %q", got)
	}
	told.tell("lb2", nodeA, false, at(1.3))
	if got := told.holder(nodeB, at(1.31)); got != nodeA {
		t.Errorf("lb2 has only just been told: got %q", got)
	}
	if got := told.holder(nodeB, at(1.4)); got != "" {
		t.Errorf("all have been refused: got %q", got)
	}
	told.tell("lb1", nodeB, true, at(2))
	if got := told.holder(nodeA, at(4.9)); got != nodeB {
		t.Errorf("one that is silent for 2.9 s: got %q", got)
	}
	if got := told.holder(nodeA, at(5.1)); got != "" {
		t.Errorf("one that is silent for 3.1 s: got %q", got)
	}
}

// A balancer that comes from another exporter, or from this one before a restart, is refused the
// other nodes first.
func TestNewBalancer(t *testing.T) {
	t.Parallel()
	told, now := make(told), start()
	nodes := nodesOf(deployment.ViewsOf(snapshots(says{node: nodeA, epoch: 5}), "orders"))
	told.ask("lb", now)
	if !told.unaware("lb", nodeA, nodes, now) {
		t.Error("it has been told nothing yet")
	}
	told.tell("lb", nodeB, false, now)
	told.tell("lb", nodeC, false, now)
	if told.unaware("lb", nodeA, nodes, now.Add(2*settling)) {
		t.Error("it has been refused the others")
	}
	told.ask("lb", now.Add(2*handOver))
	if !told.unaware("lb", nodeA, nodes, now.Add(2*handOver)) {
		t.Error("it has been silent, and may have asked another exporter")
	}
}

// What strangers ask for is not kept for ever.
func TestToldIsBounded(t *testing.T) {
	t.Parallel()
	told, now := make(told), start()
	for i := range 2 * mostBalancers {
		told.ask(fmt.Sprint(i), now)
	}
	if len(told) != mostBalancers {
		t.Errorf("%d are remembered", len(told))
	}
	told.ask("later", now.Add(2*handOver))
	if len(told) != 1 {
		t.Errorf("%d are remembered that do not ask any more", len(told)-1)
	}
}

func TestReplica(t *testing.T) {
	t.Parallel()
	limits := Limits{MaxLag: 1 << 20, MaxLinkDown: 10 * time.Second}
	change := func(change func(*sentinel.Replica)) []says {
		return three(says{node: nodeA, epoch: 5, change: func(m *sentinel.Master) { change(&m.Replicas[0]) }}) // nodeB
	}
	for _, test := range []struct {
		name string
		node string
		say  []says
		want Verdict
		why  string
	}{
		{"well", nodeB, three(says{node: nodeA, epoch: 5}), Yes, "may serve reads"},
		{"the master", nodeA, three(says{node: nodeA, epoch: 5}), No, "is the master of orders"},
		{"down", nodeB, change(func(r *sentinel.Replica) { r.Flags |= sentinel.FlagSDown }), No, "is down"},
		{"says that it is a master", nodeB, change(func(r *sentinel.Replica) { r.RoleReported = sentinel.RoleMaster }), No, "says that it is a master"},
		{"of another", nodeB, change(func(r *sentinel.Replica) { r.MasterPort = "1" }), No, "another node"},
		{"link down for long", nodeB, change(func(r *sentinel.Replica) {
			r.MasterLinkUp, r.MasterLinkDownTime = false, sentinel.Some(11*time.Second)
		}), No, "lost its master 11s ago"},
		{"link down for a moment", nodeB, change(func(r *sentinel.Replica) {
			r.MasterLinkUp, r.MasterLinkDownTime = false, sentinel.Some(9*time.Second)
		}), Yes, ""},
		{"never linked", nodeB, change(func(r *sentinel.Replica) { r.MasterLinkUp = false }), No, "never been linked"},
		{"behind", nodeB, three(says{node: nodeA, epoch: 5, change: func(m *sentinel.Master) {
			m.Replicas[1].ReplOffset, m.Replicas[1].InfoRefresh = sentinel.Some[int64](1002+1<<20), sentinel.Some(9*time.Second)
		}}), No, "is 1048578 bytes behind"},
		{"not heard of yet", nodeB, change(func(r *sentinel.Replica) { r.RunID, r.InfoRefresh = "", sentinel.Duration{} }), Unknown, "nobody can tell"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := newMaster("orders")
			m.look(snapshots(test.say...), 3, grace, start())
			in := instance(test.node, 0)
			got := m.mayRead(node{&in}, limits, grace, start())
			if got.Verdict != test.want || !strings.Contains(got.Reason, test.why) {
				t.Errorf("got %v %q, want %v %q", got.Verdict, got.Reason, test.want, test.why)
			}
		})
	}
}

// A node is called as the Sentinels announce it, or by the names of the host map.
func TestNames(t *testing.T) {
	t.Parallel()
	nodes := nodesOf(deployment.ViewsOf(snapshots(says{node: nodeA, epoch: 5}), "orders"))
	names := canstop.HostMap{"10.0.0.1": "redis-1", "10.0.0.2:6379": "redis-2", "10.0.0.3": "rack", nodeB + "x": "", "10.0.0.9": "redis-1"}
	for name, want := range map[string]string{
		nodeA: nodeA, "[::ffff:10.0.0.1]:6379": nodeA, "redis-1:6379": nodeA, "REDIS-1:6379": nodeA,
		"redis-2:6379": nodeB, "redis-2": nodeB, "rack:6379": nodeC,
		"10.0.0.9:6379": "", "redis-1:6380": "", "redis-1": "", "": "", ":6379": "", "10.0.0.1": "",
	} {
		got, err := find("orders", nodes, name, names)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q: got %s", name, got.addr())
		case want == "" && !strings.Contains(err.Error(), nodeA+", "+nodeB+", "+nodeC):
			t.Errorf("%q: the error is %v", name, err)
		case want != "" && (err != nil || got.addr() != want):
			t.Errorf("%q: got %v, %v", name, got, err)
		}
	}
	if _, err := find("orders", nodes, "rack:6379", canstop.HostMap{"10.0.0.1": "rack", "10.0.0.2": "rack"}); err == nil || !strings.Contains(err.Error(), "more than one") {
		t.Errorf("two nodes in one rack: %v", err)
	}
}

// saying is a deployment that says the same at each round, and counts them.
type saying struct {
	snapshots []*sentinel.Snapshot
	rounds    chan time.Time
	hung      chan struct{} // the last Sentinel does not answer until the context ends
}

func (s *saying) SnapshotsAsTheyCome(ctx context.Context, came func(*sentinel.Snapshot)) []*sentinel.Snapshot {
	s.rounds <- time.Now()
	for _, one := range s.snapshots {
		copied := *one
		copied.Started = time.Now()
		came(&copied)
	}
	if s.hung != nil {
		<-ctx.Done()
	}
	return s.snapshots
}

func newKeeper(t *testing.T, d *saying) *Keeper {
	t.Helper()
	d.rounds = make(chan time.Time, 1000)
	k := NewKeeper(d, Options{Grace: grace, Timeout: 5 * time.Second})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		k.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return k
}

// Checks share one snapshot a second; an event asks again at once.
func TestRounds(t *testing.T) {
	t.Parallel()
	d := &saying{snapshots: snapshots(three(says{node: nodeA, epoch: 5})...)}
	k := newKeeper(t, d)
	began := time.Now()
	for time.Since(began) < 2500*time.Millisecond {
		if got := k.Master(t.Context(), Check{Master: "orders", Node: nodeA}); got.Verdict != Yes {
			t.Fatalf("got %+v", got)
		}
	}
	if n := len(d.rounds); n < 2 || n > 3 {
		t.Errorf("%d rounds in 2.5 s", n)
	}
	for len(d.rounds) > 0 {
		<-d.rounds
	}
	k.Event(&sentinel.StreamUpdate{Kind: sentinel.StreamEvent})
	event := time.Now()
	if took := (<-d.rounds).Sub(event); took > 800*time.Millisecond {
		t.Errorf("an event was followed by a round after %s", took)
	}
}

// A Sentinel that hangs delays no answer, not even the first one.
func TestHungSentinel(t *testing.T) {
	t.Parallel()
	d := &saying{snapshots: snapshots(three(says{node: nodeA, epoch: 5})...)[:2], hung: make(chan struct{})}
	k := newKeeper(t, d)
	began := time.Now()
	if got := k.Master(t.Context(), Check{Master: "orders", Node: nodeA}); got.Verdict != Yes || time.Since(began) > freshFor/2 {
		t.Errorf("got %+v after %s", got, time.Since(began))
	}
}

func TestUnknownMaster(t *testing.T) {
	t.Parallel()
	k := newKeeper(t, &saying{snapshots: snapshots(three(says{node: nodeA, epoch: 5})...)})
	got := k.Master(t.Context(), Check{Master: "nosuch", Node: nodeA})
	if got.Verdict != NoMaster || !strings.HasSuffix(got.Reason, "there are orders") {
		t.Errorf("got %+v", got)
	}
	if len(k.Grace()) != 0 {
		t.Error("it is remembered")
	}
}

// A Sentinel may be given to clients if it sends them to the master.
func TestSentinel(t *testing.T) {
	t.Parallel()
	b6 := says{node: nodeB, epoch: 6}
	for _, test := range []struct {
		name  string
		first says
		want  Verdict
		why   string
	}{
		{"well", b6, Yes, "may be given"},
		{"stale", says{node: nodeA, epoch: 5}, No, "missed a failover"},
		{"in TILT", says{node: nodeB, epoch: 6, tilt: true}, No, "TILT"},
		{"dead", says{dead: true}, No, "does not answer"},
		{"without the master", says{none: true}, No, "no such master"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			k := newKeeper(t, &saying{snapshots: snapshots(test.first, b6, b6)})
			if got := k.Sentinel(t.Context(), "10.0.0.1:26379", nil); got.Verdict != test.want || !strings.Contains(got.Reason, test.why) {
				t.Errorf("got %v %q, want %v %q", got.Verdict, got.Reason, test.want, test.why)
			}
			other := "nosuch"
			if got := k.Sentinel(t.Context(), "10.0.0.2:26379", &other); got.Verdict != NoMaster {
				t.Errorf("another master: got %v %q", got.Verdict, got.Reason)
			}
			if got := k.Sentinel(t.Context(), "10.0.0.9:26379", nil); got.Verdict != No || !strings.Contains(got.Reason, "10.0.0.2:26379") {
				t.Errorf("another address: got %v %q", got.Verdict, got.Reason)
			}
		})
	}
}
