package sentineltest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
)

// WaitSettled returns when every live Sentinel knows everything about every master that the topology was started with:
// the same master, reachable and in its role; each live data node as a replica of it with its link up; each live other
// Sentinel; and says that there is a quorum. Nodes that are dead, hung or isolated count neither as witnesses nor as
// missing. The error at the context's end says what was still amiss.
func (t *Topology) WaitSettled(ctx context.Context) error {
	err := poll(ctx, t.settled)
	if err != nil {
		return fmt.Errorf("sentineltest: the deployment did not settle: %w", err)
	}
	return nil
}

// settled returns an error that says what is still wrong with the first Sentinel that does not know all, or nil.
func (t *Topology) settled(ctx context.Context) error {
	agreed := map[string]string{} // by master name, the address and epoch that the first Sentinel gave
	for _, n := range t.liveSentinels() {
		views, err := t.views(ctx, n)
		if err != nil {
			return err
		}
		for i, m := range t.Masters {
			if err := t.check(n, m, views[i]); err != nil {
				return fmt.Errorf("%s about %q: %w", n.name, m.Name, err)
			}
			says := rowAddr(views[i].master) + ", epoch " + views[i].master.Get("config-epoch")
			if first, ok := agreed[m.Name]; ok && first != says {
				return fmt.Errorf("%s says that %q is at %s, others say %s", n.name, m.Name, says, first)
			}
			agreed[m.Name] = says
		}
	}
	return nil
}

func (t *Topology) liveSentinels() []*Node {
	var live []*Node
	for _, s := range t.Sentinels {
		if s.Live() {
			live = append(live, s.Node)
		}
	}
	return live
}

// masterRows is what one Sentinel says about one master.
type masterRows struct {
	master    Row
	replicas  []Row
	sentinels []Row
	quorum    string
}

// views asks a Sentinel about every master in one go.
func (t *Topology) views(ctx context.Context, n *Node) ([]masterRows, error) {
	var commands [][]string
	for _, m := range t.Masters {
		for _, sub := range []string{"MASTER", "REPLICAS", "SENTINELS", "CKQUORUM"} {
			commands = append(commands, []string{"SENTINEL", sub, m.Name})
		}
	}
	answers, err := n.Batch(ctx, commands...)
	if err != nil {
		return nil, err
	}
	views := make([]masterRows, len(t.Masters))
	for i := range views {
		v := &views[i]
		for j, into := range []any{&v.master, &v.replicas, &v.sentinels, &v.quorum} {
			if err := answers[4*i+j].Decode(into); err != nil {
				return nil, err
			}
		}
	}
	return views, nil
}

// check returns an error if a Sentinel's view of a master is wrong or incomplete.
func (t *Topology) check(n *Node, m *MasterNodes, v masterRows) error {
	addr := rowAddr(v.master)
	if at := t.NodeAt(addr); at != nil && !at.Live() {
		return fmt.Errorf("the master is said to be %s, which is not up", addr)
	}
	if err := sound(v.master, "master"); err != nil {
		return fmt.Errorf("the master %s: %w", addr, err)
	}
	for _, want := range m.DataNodes() {
		if !want.Live() || want.Addr() == addr {
			continue
		}
		if err := soundReplica(find(v.replicas, want), v.master); err != nil {
			return fmt.Errorf("replica %s: %w", want.Addr(), err)
		}
	}
	for _, want := range t.liveSentinels() {
		if want == n {
			continue
		}
		if err := sound(find(v.sentinels, want), "sentinel"); err != nil {
			return fmt.Errorf("peer %s: %w", want.Addr(), err)
		}
	}
	return nil
}

// sound returns an error if an instance has other flags than its kind.
func sound(r Row, kind string) error {
	switch flags := r.Get("flags"); {
	case r == nil:
		return errors.New("not known")
	case flags != kind && flags != "sentinel,master_down": // what it last said of a master that is no more; Valkey 9.1 keeps that
		return fmt.Errorf("flags are %s", flags)
	case r.Get("runid") == "":
		return errors.New("run id not known")
	case kind != "sentinel" && r.Get("role-reported") != kind:
		return fmt.Errorf("it reports role %s", r.Get("role-reported"))
	}
	return nil
}

func soundReplica(r, master Row) error {
	if err := sound(r, "slave"); err != nil {
		return err
	}
	if status := r.Get("master-link-status"); status != "ok" {
		return fmt.Errorf("its link to the master is %s", status)
	}
	if of := net.JoinHostPort(r.Get("master-host"), r.Get("master-port")); of != rowAddr(master) {
		return fmt.Errorf("it replicates from %s", of)
	}
	return nil
}

// find returns the row about a node, nil if there is none.
func find(rows []Row, n *Node) Row {
	i := slices.IndexFunc(rows, func(r Row) bool { return rowAddr(r) == n.Addr() })
	if i < 0 {
		return nil
	}
	return rows[i]
}

func rowAddr(r Row) string {
	return net.JoinHostPort(r.Get("ip"), r.Get("port"))
}
