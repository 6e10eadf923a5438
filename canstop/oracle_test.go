package canstop_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

var (
	layouts = flag.Int("oracle.layouts", 10, "how many random layouts TestOracle tries")
	seed    = flag.Uint64("oracle.seed", 1, "of the first layout")
)

const name = "mymaster"

// A layout is a random deployment, and what of it is stopped.
type layout struct {
	seed      uint64
	machines  []string
	at        map[string]string // the machine of each node, by name
	replicas  int
	sentinels int
	quorum    int
	priority0 []int // replicas that are never promoted
	tilted    []int // Sentinels in TILT
	without   []int // Sentinels that do not monitor the master
	stopped   []string
}

func newLayout(seed uint64) layout {
	random := rand.New(rand.NewPCG(seed, 23))
	l := layout{seed: seed, at: make(map[string]string), replicas: 1 + random.IntN(3), sentinels: 3 + 2*random.IntN(2)}
	// The second byte keeps layouts that run at one time apart.
	for i := range 3 + random.IntN(3) {
		l.machines = append(l.machines, fmt.Sprintf("127.%d.%d.%d", 10+seed%50, 1+seed/50%200, 1+i))
	}
	place := func(node string, spread int) { // mostly on machines of their own, as people do
		machine := spread % len(l.machines)
		if random.IntN(3) == 0 {
			machine = random.IntN(len(l.machines))
		}
		l.at[node] = l.machines[machine]
	}
	place("master-0", 0)
	for i := range l.replicas {
		place(fmt.Sprintf("master-0-replica-%d", i), 1+i)
		if random.IntN(4) == 0 {
			l.priority0 = append(l.priority0, i)
		}
	}
	for i := range l.sentinels {
		place(fmt.Sprintf("sentinel-%d", i), i)
	}
	l.quorum = 1 + random.IntN(l.sentinels)
	if random.IntN(2) == 0 {
		l.quorum = l.sentinels/2 + 1
	}
	for i := range l.sentinels {
		switch random.IntN(10) {
		case 0:
			l.tilted = append(l.tilted, i)
		case 1:
			l.without = append(l.without, i)
		}
	}
	if len(l.without) == l.sentinels {
		l.without = nil
	}
	l.stopped = l.machines[:1] // where the master mostly is
	switch random.IntN(4) {
	case 0:
		l.stopped = []string{l.machines[random.IntN(len(l.machines))]}
	case 1:
		l.stopped = l.machines[:2]
	}
	return l
}

func (l layout) String() string {
	var nodes []string
	for node, machine := range l.at {
		nodes = append(nodes, node+"@"+machine)
	}
	slices.Sort(nodes)
	return fmt.Sprintf("seed %d: %s; quorum %d, priority 0: %v, in TILT: %v, without the master: %v; stopped: %v",
		l.seed, strings.Join(nodes, " "), l.quorum, l.priority0, l.tilted, l.without, l.stopped)
}

// TestOracle predicts what is left of random deployments after machines are lost, kills
// everything on them, and looks.
func TestOracle(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	tally := make(map[string]int)
	t.Cleanup(func() {
		t.Logf("predicted and seen: %v", tally)
		if no, wrong := tally["no: not served"]+tally["no: served"], tally["no: served"]; wrong*50 > no+49 {
			t.Errorf("%d of %d noes would have been served", wrong, no)
		}
	})
	for i := range *layouts {
		l := newLayout(*seed + uint64(i))
		t.Run(fmt.Sprint(l.seed), func(t *testing.T) {
			t.Parallel()
			seen := l.try(t)
			mu.Lock()
			defer mu.Unlock()
			tally[seen]++
		})
	}
}

// try returns what was predicted, and what came.
func (l layout) try(t *testing.T) string {
	topo := sentineltest.Run(t, sentineltest.Config{
		Hosts: func(node string) string { return l.at[node] }, Replicas: l.replicas, Sentinels: l.sentinels, Quorum: l.quorum,
		DownAfter: 2 * time.Second, FailoverTimeout: 3 * time.Second, // for a busy machine, on which nobody shall be down before the time
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	l.prepare(ctx, t, topo)

	clients := make([]*sentinel.Client, len(topo.Sentinels))
	for i, s := range topo.Sentinels {
		clients[i] = sentinel.NewClient(sentinel.Options{Address: s.Addr()})
	}
	d := deployment.New(clients...)
	defer d.Close()
	answer, err := canstop.NewLayout(d.Snapshots(ctx), nil).Ask(l.stopped...)
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Masters) != 1 {
		t.Fatalf("the answer is %+v", answer)
	}
	predicted := answer.Masters[0]

	for _, n := range topo.Nodes() {
		if slices.Contains(l.stopped, n.Host()) {
			n.Kill()
		}
	}
	served := l.servedWithin(ctx, topo, wait(predicted.Verdict == canstop.No))
	seen := predicted.Verdict.String() + ": not served"
	if served != "" {
		seen = predicted.Verdict.String() + ": served"
	}
	switch {
	case predicted.Verdict == canstop.Unknown:
		t.Errorf("%s: it is not known what is left: %s", l, predicted.Reason)
	case (predicted.Verdict == canstop.Yes || predicted.Verdict == canstop.Degraded) && served == "":
		t.Errorf("%s: predicted %s, and no node takes writes: %s", l, predicted.Verdict, predicted.Reason)
	case predicted.WouldBecome != "" && served != predicted.WouldBecome:
		t.Errorf("%s: predicted that %s would become the master, and it is %s: %s", l, predicted.WouldBecome, served, predicted.Reason)
	case predicted.Verdict == canstop.No && served != "":
		t.Logf("%s: predicted no, and %s takes writes: %s", l, served, predicted.Reason)
	}
	if predicted.Verdict != canstop.Yes || served == "" {
		return seen
	}
	// A failover would still be possible, once this one has ended: let the master go as well.
	l.waitEnded(ctx, t, topo, served)
	topo.NodeAt(served).Kill()
	if l.servedWithin(ctx, topo, wait(false)) == "" {
		t.Errorf("%s: predicted that a failover would still be possible, and none came: %s", l, predicted.Reason)
	}
	return seen
}

// wait is how long to wait for a master: several attempts, or as long as it takes.
func wait(predictedNone bool) time.Duration {
	if predictedNone {
		return 12 * time.Second
	}
	return 40 * time.Second
}

func (l layout) prepare(ctx context.Context, t *testing.T, topo *sentineltest.Topology) {
	cli := func(n *sentineltest.Node, args ...string) {
		if got, err := n.CLI(ctx, args...); err != nil || strings.TrimSpace(got) != "OK" {
			t.Errorf("%s %v: %s, %v", n.Name(), args, got, err)
		}
	}
	for _, i := range l.priority0 {
		cli(topo.Masters[0].Replicas[i], "CONFIG", "SET", "replica-priority", "0")
	}
	for _, i := range l.without {
		cli(topo.Sentinels[i].Node, "SENTINEL", "REMOVE", name)
	}
	for _, i := range l.tilted {
		if !slices.Contains(l.without, i) {
			if err := topo.Sentinels[i].ForceTilt(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	sentineltest.WaitFor(t, "the Sentinels have heard of the priorities", func() bool {
		for i, s := range topo.Sentinels {
			if slices.Contains(l.without, i) || slices.Contains(l.tilted, i) {
				continue
			}
			rows, err := s.Rows(ctx, "SENTINEL", "REPLICAS", name)
			if err != nil {
				return false
			}
			never := 0
			for _, r := range rows {
				if r.Get("slave-priority") == "0" {
					never++
				}
			}
			if never != len(l.priority0) {
				return false
			}
		}
		return true
	})
}

// waitEnded waits until no failover goes on, and the replicas that are left follow the new master. A
// Sentinel never ends a failover whose new master dies while the replicas are made to follow it.
func (l layout) waitEnded(ctx context.Context, t *testing.T, topo *sentineltest.Topology, master string) {
	sentineltest.WaitFor(t, "the failover has ended", func() bool {
		for i, s := range topo.Sentinels {
			if !s.Live() || slices.Contains(l.without, i) || slices.Contains(l.tilted, i) {
				continue
			}
			m, err := s.Row(ctx, "SENTINEL", "MASTER", name)
			if err != nil || net.JoinHostPort(m.Get("ip"), m.Get("port")) != master || m.Get("flags") != "master" {
				return false
			}
			rows, err := s.Rows(ctx, "SENTINEL", "REPLICAS", name)
			if err != nil {
				return false
			}
			for _, r := range rows {
				if n := topo.NodeAt(r.Get("name")); n != nil && n.Live() && (r.Get("master-link-status") != "ok" || r.Get("master-port") != m.Get("port")) {
					return false
				}
			}
		}
		return true
	})
}

// servedWithin is the node that a Sentinel which is left names and that takes writes; empty when none came
// to be in time.
func (l layout) servedWithin(ctx context.Context, topo *sentineltest.Topology, patience time.Duration) string {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		for i, s := range topo.Sentinels {
			if !s.Live() || slices.Contains(l.without, i) {
				continue
			}
			text, err := s.CLI(ctx, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)
			lines := strings.Fields(text)
			if err != nil || len(lines) != 2 {
				continue
			}
			port, _ := strconv.Atoi(lines[1])
			n := topo.NodeAt(net.JoinHostPort(lines[0], strconv.Itoa(port)))
			if n == nil || !n.Live() {
				continue
			}
			if got, err := n.CLI(ctx, "SET", "key", "value"); err == nil && strings.TrimSpace(got) == "OK" {
				return n.Addr()
			}
		}
		select {
		case <-ctx.Done():
			return ""
		case <-time.After(100 * time.Millisecond):
		}
	}
	return ""
}
