package sentineltest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIsolatedSentinelStaysStale(t *testing.T) {
	t.Parallel()
	topology := Run(t, Config{Partitionable: true})
	ctx := within(t)
	isolated := topology.Sentinels[1]
	old := topology.Masters[0].Node.Addr()
	if err := topology.Isolate(isolated.Node); err != nil {
		t.Fatal(err)
	}
	addr, err := topology.Failover(ctx, "mymaster") // by the others
	if err != nil {
		t.Fatal(err)
	}
	// It answers, names the old master, and sees nobody.
	if got, err := isolated.masterAddr(ctx, "mymaster"); err != nil || got != old {
		t.Errorf("the isolated Sentinel names %s (%v), want the old master %s", got, err, old)
	}
	if log, err := isolated.Log(); err != nil || strings.Contains(log, "+switch-master") {
		t.Errorf("the isolated Sentinel heard of the failover (%v)", err)
	}
	for _, s := range topology.Sentinels {
		if s != isolated {
			waitPeer(t, s, isolated, "s_down,sentinel")
			waitPeer(t, isolated, s, "s_down,sentinel")
		}
	}
	if err := topology.WaitSettled(ctx); err != nil { // of the others
		t.Fatal(err)
	}
	if err := topology.Rejoin(isolated.Node); err != nil {
		t.Fatal(err)
	}
	if err := topology.WaitSettled(ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := isolated.masterAddr(ctx, "mymaster"); err != nil || got != addr {
		t.Errorf("the Sentinel that is back names %s (%v), want %s", got, err, addr)
	}
}

// A master that is cut off with one Sentinel, while the majority promotes a replica, leaves two masters.
func TestSplitBrain(t *testing.T) {
	t.Parallel()
	topology := Run(t, Config{Partitionable: true})
	ctx := within(t)
	m := topology.Masters[0]
	minority := []*Node{m.Node, topology.Sentinels[0].Node}
	majority := []*Node{m.Replicas[0], m.Replicas[1], topology.Sentinels[1].Node, topology.Sentinels[2].Node}
	if err := topology.Partition(minority, majority); err != nil {
		t.Fatal(err)
	}
	WaitFor(t, "the majority to have a new master", func() bool {
		addr, err := topology.Sentinels[1].masterAddr(ctx, m.Name)
		return err == nil && addr != m.Node.Addr()
	})
	stale, err := topology.Sentinels[0].Reply(ctx, "SENTINEL", "MASTER", m.Name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("master", stale["flags"]); diff != "" {
		t.Errorf("the minority's master is not fine to its Sentinel: %s", diff)
	}
	if err := topology.Heal(); err != nil {
		t.Fatal(err)
	}
	if err := topology.WaitSettled(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestPartitionNeedsItsConfig(t *testing.T) {
	t.Parallel()
	topology := Run(t, Config{Replicas: None, Sentinels: 1, NoSettle: true})
	if err := topology.Isolate(topology.Masters[0].Node); err == nil {
		t.Error("want an error")
	}
	if _, err := Start(t.Context(), Config{Partitionable: true, Host: "::1"}); err == nil {
		t.Error("want an error")
	}
}
