package sentineltest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// A builder makes a topology from a configuration.
type builder struct {
	cfg      Config // complete
	version  Version
	dir      string
	ip       string // of cfg.Host
	named    bool   // cfg.Host is a name
	cli      cliOptions
	topology *Topology
}

func newBuilder(ctx context.Context, cfg Config) (*builder, error) {
	version, err := askVersion(ctx, cfg.Binary)
	if err != nil {
		return nil, err
	}
	ip, named, err := resolve(ctx, cfg.Host)
	if err != nil {
		return nil, err
	}
	b := &builder{cfg: cfg, version: version, dir: cfg.Dir, ip: ip, named: named, topology: &Topology{Version: version}}
	if b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "sentineltest-"); err != nil {
			return nil, fmt.Errorf("sentineltest: a directory for the nodes: %w", err)
		}
		b.topology.tempDir = b.dir
	}
	b.cli.program = cfg.CLI
	return b, nil
}

func (b *builder) build(ctx context.Context) error {
	if err := b.prepare(); err != nil {
		return err
	}
	if err := b.startAll(ctx); err != nil {
		return err
	}
	if b.cfg.Proxied {
		for i := range b.topology.Sentinels {
			if _, err := b.topology.ProxySentinel(i); err != nil {
				return err
			}
		}
	}
	if b.cfg.NoSettle {
		return nil
	}
	return b.topology.WaitSettled(ctx)
}

// prepare makes everything that the nodes need before any of them is started.
func (b *builder) prepare() error {
	if err := b.prepareNetwork(); err != nil {
		return err
	}
	for _, name := range b.cfg.Masters {
		if err := b.addMaster(name); err != nil {
			return err
		}
	}
	for i := range b.cfg.Sentinels {
		if err := b.addSentinel(i); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) prepareNetwork() error {
	var ips []string
	if b.cfg.Partitionable {
		nodes := len(b.cfg.Masters)*(1+b.cfg.Replicas) + b.cfg.Sentinels
		network, err := newPartitions(nodes)
		if err != nil {
			return err
		}
		b.topology.network, ips = network, network.ips
	}
	if !b.cfg.TLS {
		return nil
	}
	certs, err := NewCertificates(filepath.Join(b.dir, "tls"), ips...)
	if err != nil {
		return err
	}
	b.topology.TLS = certs
	b.cli.tls = []string{"--tls", "--cacert", certs.CA, "--cert", certs.ClientCert, "--key", certs.ClientKey}
	return nil
}

func (b *builder) addMaster(name string) error {
	m := &MasterNodes{Name: name}
	b.topology.Masters = append(b.topology.Masters, m)
	label := fmt.Sprintf("master-%d", len(b.topology.Masters)-1) // a name may hold any bytes, a directory's not
	var err error
	if m.Node, err = b.addDataNode(label, nil); err != nil {
		return err
	}
	for i := range b.cfg.Replicas {
		r, err := b.addDataNode(fmt.Sprintf("%s-replica-%d", label, i), m.Node)
		if err != nil {
			return err
		}
		m.Replicas = append(m.Replicas, r)
	}
	return nil
}

func (b *builder) addDataNode(name string, master *Node) (*Node, error) {
	n, err := b.newNode(name, b.cfg.MasterPassword)
	if err != nil {
		return nil, err
	}
	n.args = []string{"redis.conf"}
	return n, writeConf(n, "redis.conf", b.dataNodeConf(n, master))
}

func (b *builder) addSentinel(i int) error {
	n, err := b.newNode(fmt.Sprintf("sentinel-%d", i), b.cfg.Password)
	if err != nil {
		return err
	}
	n.args = []string{"sentinel.conf", "--sentinel"}
	s := &Sentinel{Node: n, timers: b.cfg.timers(b.version)}
	n.ready = s.applyTimers
	b.topology.Sentinels = append(b.topology.Sentinels, s)
	return writeConf(n, "sentinel.conf", b.sentinelConf(n))
}

// newNode makes a node with its addresses reserved.
func (b *builder) newNode(name, password string) (*Node, error) {
	n := &Node{
		name: name, host: b.cfg.Host, ip: b.ip,
		dir: filepath.Join(b.dir, name), binary: b.cfg.Binary, cli: b.cli,
	}
	if b.cfg.Binaries != nil {
		n.binary = orDefault(b.cfg.Binaries(name), b.cfg.Binary)
	}
	if password != "" {
		n.cli.env = []string{"REDISCLI_AUTH=" + password}
	}
	if b.topology.network != nil {
		return n, b.topology.network.join(n)
	}
	if b.cfg.Hosts != nil {
		n.host = b.cfg.Hosts(name)
		n.ip = n.host
	}
	var err error
	n.listen, err = reservePort(n.ip)
	return n, err
}

// startAll starts the masters first: a replica or a Sentinel that finds its master absent tries again only a second later.
func (b *builder) startAll(ctx context.Context) error {
	var masters, others []*Node
	for _, m := range b.topology.Masters {
		masters = append(masters, m.Node)
		others = append(others, m.Replicas...)
	}
	for _, s := range b.topology.Sentinels {
		others = append(others, s.Node)
	}
	start := func(n *Node) error { return n.start(ctx) }
	if err := each(masters, start); err != nil {
		return err
	}
	return each(others, start)
}
