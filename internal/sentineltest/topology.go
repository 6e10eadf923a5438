package sentineltest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
)

// A Topology is a running deployment. Close it when done.
type Topology struct {
	Masters   []*MasterNodes
	Sentinels []*Sentinel
	TLS       *Certificates // nil without Config.TLS
	Version   Version       // of the servers

	tempDir string      // to be removed; "" when the caller gave one
	network *partitions // nil unless partitionable

	mu      sync.Mutex
	proxies []*Proxy
}

// MasterNodes is a monitored name with its data nodes, in the roles in which they were started: a failover moves the roles
// but not the fields. Topology.Master says which node is the master now.
type MasterNodes struct {
	Name     string
	Node     *Node
	Replicas []*Node
}

// DataNodes returns the master and its replicas.
func (m *MasterNodes) DataNodes() []*Node {
	return append([]*Node{m.Node}, m.Replicas...)
}

// Start starts a deployment, and returns when its Sentinels know all of it (see [Topology.WaitSettled]). The context
// bounds the start only.
func Start(ctx context.Context, cfg Config) (*Topology, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	const tries = 5 // another program can take a port between the moment it was seen free and the server's start
	for range tries {
		var t *Topology
		if t, err = start(ctx, cfg); err == nil {
			return t, nil
		}
		if !errors.Is(err, errAddressInUse) {
			break
		}
	}
	return nil, err
}

func start(ctx context.Context, cfg Config) (*Topology, error) {
	b, err := newBuilder(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := b.build(ctx); err != nil {
		return nil, errors.Join(err, b.topology.Close())
	}
	return b.topology, nil
}

// Close kills every node, closes every proxy and removes the directory unless the caller had named it.
func (t *Topology) Close() error {
	var wg sync.WaitGroup
	for _, n := range t.Nodes() {
		wg.Go(n.Kill)
	}
	wg.Wait()
	t.mu.Lock()
	proxies := t.proxies
	t.proxies = nil
	t.mu.Unlock()
	for _, p := range proxies {
		p.Close()
	}
	for _, n := range t.Nodes() {
		n.release()
	}
	if t.tempDir == "" {
		return nil
	}
	if err := os.RemoveAll(t.tempDir); err != nil {
		return fmt.Errorf("sentineltest: removing the nodes' directory: %w", err)
	}
	return nil
}

// release gives back what the node had reserved, once it does not run any more.
func (n *Node) release() {
	if n.relay != nil {
		n.relay.Close()
	}
	if n.listen != nil {
		n.listen.release()
	}
}

// Nodes returns all nodes: masters, replicas, Sentinels.
func (t *Topology) Nodes() []*Node {
	var nodes []*Node
	for _, m := range t.Masters {
		nodes = append(nodes, m.DataNodes()...)
	}
	for _, s := range t.Sentinels {
		nodes = append(nodes, s.Node)
	}
	return nodes
}

// NodeAt returns the node with that address, nil if there is none.
func (t *Topology) NodeAt(addr string) *Node {
	for _, n := range t.Nodes() {
		if n.Addr() == addr {
			return n
		}
	}
	return nil
}

// SentinelAddrs returns the addresses of the Sentinels.
func (t *Topology) SentinelAddrs() []string {
	addrs := make([]string, len(t.Sentinels))
	for i, s := range t.Sentinels {
		addrs[i] = s.Addr()
	}
	return addrs
}

// ClientAddrs returns the addresses at which clients should ask the Sentinels: those of their proxies where they have one.
func (t *Topology) ClientAddrs() []string {
	addrs := t.SentinelAddrs()
	for i, s := range t.Sentinels {
		if s.Proxy != nil {
			addrs[i] = s.Proxy.Addr()
		}
	}
	return addrs
}

// ProxySentinel puts a proxy before the i-th Sentinel, or returns the one it has.
func (t *Topology) ProxySentinel(i int) (*Proxy, error) {
	s := t.Sentinels[i]
	if s.Proxy != nil {
		return s.Proxy, nil
	}
	p, err := NewProxy(s.Addr())
	if err != nil {
		return nil, err
	}
	s.Proxy = p
	t.mu.Lock()
	t.proxies = append(t.proxies, p)
	t.mu.Unlock()
	return p, nil
}

// each does something with many nodes at once and joins the errors.
func each(nodes []*Node, do func(*Node) error) error {
	errs := make([]error, len(nodes))
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() { errs[i] = do(n) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
