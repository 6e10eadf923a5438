package sentineltest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
)

// Master returns the address that a live Sentinel gives for a master's name.
func (t *Topology) Master(ctx context.Context, name string) (string, error) {
	live := t.liveSentinels()
	if len(live) == 0 {
		return "", errors.New("sentineltest: no Sentinel is up")
	}
	return live[0].masterAddr(ctx, name)
}

// MasterNode returns the node that is the master of that name now.
func (t *Topology) MasterNode(ctx context.Context, name string) (*Node, error) {
	addr, err := t.Master(ctx, name)
	if err != nil {
		return nil, err
	}
	n := t.NodeAt(addr)
	if n == nil {
		return nil, fmt.Errorf("sentineltest: master %q is said to be at %s, which is no node of this topology", name, addr)
	}
	return n, nil
}

// masterAddr asks one Sentinel.
func (n *Node) masterAddr(ctx context.Context, name string) (string, error) {
	var addr []string
	if err := n.JSON(ctx, &addr, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", name); err != nil {
		return "", err
	}
	if len(addr) != 2 {
		return "", fmt.Errorf("sentineltest: %s does not know master %q", n.name, name)
	}
	return net.JoinHostPort(addr[0], addr[1]), nil
}

// Failover makes a live Sentinel fail a master over, and returns the new master's address when all live Sentinels name it
// and none is still at it. The replicas may not all have followed yet: see [Topology.WaitSettled].
func (t *Topology) Failover(ctx context.Context, name string) (string, error) {
	old, err := t.Master(ctx, name)
	if err != nil {
		return "", err
	}
	if err := t.liveSentinels()[0].failOver(ctx, name); err != nil {
		return "", err
	}
	return t.WaitFailover(ctx, name, old)
}

// failOver tries again while the Sentinel finds no good replica: on a busy machine it may wait for an answer of each.
func (n *Node) failOver(ctx context.Context, name string) error {
	var final error
	err := poll(ctx, func(ctx context.Context) error {
		_, err := n.CLI(ctx, "SENTINEL", "FAILOVER", name)
		if err != nil && strings.Contains(err.Error(), "NOGOODSLAVE") {
			return err
		}
		final = err
		return nil
	})
	return errors.Join(err, final)
}

// WaitFailover waits for the end of a failover away from the old address, and returns the new one.
func (t *Topology) WaitFailover(ctx context.Context, name, old string) (string, error) {
	var addr string
	err := poll(ctx, func(ctx context.Context) error {
		var err error
		if addr, err = t.Master(ctx, name); err != nil {
			return err
		}
		if addr == old {
			return fmt.Errorf("the master is still %s", old)
		}
		return each(t.liveSentinels(), func(n *Node) error { return n.follows(ctx, name, addr) })
	})
	if err != nil {
		return "", fmt.Errorf("sentineltest: waiting for the failover of %q: %w", name, err)
	}
	return addr, nil
}

// follows says in what way a Sentinel is not done with a failover to addr. SENTINEL MASTER gives the old address for as long
// as it is at it, when GET-MASTER-ADDR-BY-NAME already gives the new one.
func (n *Node) follows(ctx context.Context, name, addr string) error {
	row, err := n.Row(ctx, "SENTINEL", "MASTER", name)
	if err != nil {
		return err
	}
	if got := rowAddr(row); got != addr {
		return fmt.Errorf("%s still says %s, flags %s", n.name, got, row.Get("flags"))
	}
	return nil
}
