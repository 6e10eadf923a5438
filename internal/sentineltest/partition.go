package sentineltest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
)

// partitions is the network of a partitionable topology. Each node has an address of its own in 127.0.0.0/8, from which it
// connects to the others, and all know it only by the address of a relay in front of it. The relay identifies the caller by
// the source address. So every pair of nodes can be cut off from each other, while clients, which come from 127.0.0.1,
// always get through.
type partitions struct {
	ips  []string // of the nodes in the order in which they join
	used int
}

func newPartitions(nodes int) (*partitions, error) {
	const most = 250
	if nodes > most {
		return nil, fmt.Errorf("sentineltest: a partitionable topology has at most %d nodes, not %d", most, nodes)
	}
	if !local("127.77.77.77") {
		return nil, errors.New("sentineltest: Partitionable needs all of 127.0.0.0/8 to be local, as on Linux")
	}
	p := &partitions{}
	b, c := 64+rand.IntN(128), rand.IntN(256) //nolint:gosec // an address is no secret
	for i := range nodes {
		p.ips = append(p.ips, fmt.Sprintf("127.%d.%d.%d", b, c, 1+i))
	}
	return p, nil
}

// join gives a node its address, its port, and the relay before it.
func (p *partitions) join(n *Node) error {
	n.ip = p.ips[p.used]
	n.host = n.ip
	p.used++
	var err error
	if n.listen, err = reservePort(n.ip); err != nil {
		return err
	}
	n.relay, err = newProxy(n.ip, net.JoinHostPort(n.ip, strconv.Itoa(n.listen.number)))
	return err
}

// Isolate cuts a node off from all the others, as if its cable were pulled: what is sent is lost, nothing is closed. Clients
// still reach it. The topology must be partitionable.
func (t *Topology) Isolate(n *Node) error {
	if err := t.Partition([]*Node{n}, t.Nodes()); err != nil {
		return err
	}
	n.setIsolated(true)
	return nil
}

// Rejoin ends Isolate.
func (t *Topology) Rejoin(n *Node) error {
	n.setIsolated(false)
	return t.cut([]*Node{n}, t.Nodes(), false)
}

// Partition cuts every node of one group off from every node of the other, and leaves each group whole.
func (t *Topology) Partition(group, other []*Node) error {
	return t.cut(group, other, true)
}

// Heal ends every Partition and Isolate.
func (t *Topology) Heal() error {
	for _, n := range t.Nodes() {
		n.setIsolated(false)
	}
	return t.cut(t.Nodes(), t.Nodes(), false)
}

func (t *Topology) cut(group, other []*Node, blocked bool) error {
	if t.network == nil {
		return errors.New("sentineltest: the topology was started without Config.Partitionable")
	}
	for _, a := range group {
		for _, b := range other {
			if a != b {
				a.relay.block(b.source(), blocked)
				b.relay.block(a.source(), blocked)
			}
		}
	}
	return nil
}

// source is where the connections of a node of a partitionable topology come from.
func (n *Node) source() netip.Addr {
	return netip.MustParseAddr(n.ip)
}

func (n *Node) setIsolated(isolated bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.isolated = isolated
}
