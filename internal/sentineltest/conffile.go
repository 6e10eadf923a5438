package sentineltest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A confFile collects the lines of one server's configuration.
type confFile struct{ strings.Builder }

func (f *confFile) line(words ...string) {
	f.WriteString(words[0])
	for _, w := range words[1:] {
		f.WriteString(" " + quote(w))
	}
	f.WriteByte('\n')
}

func (f *confFile) raw(lines []string) {
	for _, l := range lines {
		f.WriteString(l + "\n")
	}
}

// common writes what every server needs.
func (b *builder) common(f *confFile, n *Node) {
	f.line("daemonize", "no")
	f.line("protected-mode", "no")
	f.line("dir", n.dir)
	f.line("bind", n.ip)
	if b.cfg.Partitionable && b.version.AtLeast(7, 0) { // earlier ones connect from the address that they bind
		f.line("bind-source-addr", n.ip)
	}
	listen := strconv.Itoa(n.listen.number)
	if !b.cfg.TLS {
		f.line("port", listen)
		return
	}
	f.line("port", "0")
	f.line("tls-port", listen)
	f.line("tls-replication", "yes") // for a Sentinel this means all its outgoing connections
	f.line("tls-ca-cert-file", b.topology.TLS.CA)
	f.line("tls-cert-file", b.topology.TLS.ServerCert)
	f.line("tls-key-file", b.topology.TLS.ServerKey)
	f.line("tls-auth-clients", yesNo(b.cfg.ClientCerts))
}

// dataNodeConf is the configuration of a master, or of a replica of the given one.
func (b *builder) dataNodeConf(n, master *Node) string {
	var f confFile
	b.common(&f, n)
	f.line("save", "")
	f.line("appendonly", "no")
	f.line("repl-diskless-sync", "yes")
	f.line("repl-diskless-sync-delay", "0")
	if b.cfg.MasterPassword != "" {
		f.line("requirepass", b.cfg.MasterPassword)
		f.line("masterauth", b.cfg.MasterPassword)
	}
	if b.announces() {
		f.line("replica-announce-ip", n.host)
		f.line("replica-announce-port", strconv.Itoa(n.Port()))
	}
	if master != nil {
		f.line("replicaof", master.host, strconv.Itoa(master.Port()))
	}
	f.raw(b.cfg.NodeConf)
	return f.String()
}

// sentinelConf is the configuration of a Sentinel. What it says about a master must come after its "monitor", and that
// after the settings on host names.
func (b *builder) sentinelConf(n *Node) string {
	var f confFile
	b.common(&f, n)
	if b.cfg.Password != "" {
		f.line("requirepass", b.cfg.Password) // also what it sends to the other Sentinels
	}
	f.raw(b.cfg.ACL)
	if b.named {
		f.line("sentinel resolve-hostnames", "yes")
		f.line("sentinel announce-hostnames", "yes")
	}
	if b.announces() {
		f.line("sentinel announce-ip", n.host)
		f.line("sentinel announce-port", strconv.Itoa(n.Port()))
	}
	for _, m := range b.topology.Masters {
		b.monitor(&f, m)
	}
	f.raw(b.cfg.SentinelConf)
	return f.String()
}

func (b *builder) monitor(f *confFile, m *MasterNodes) {
	f.line("sentinel monitor", m.Name, m.Node.host, strconv.Itoa(m.Node.Port()), strconv.Itoa(b.cfg.Quorum))
	f.line("sentinel down-after-milliseconds", m.Name, strconv.FormatInt(b.cfg.DownAfter.Milliseconds(), 10))
	f.line("sentinel failover-timeout", m.Name, strconv.FormatInt(b.cfg.FailoverTimeout.Milliseconds(), 10))
	f.line("sentinel parallel-syncs", m.Name, strconv.Itoa(b.cfg.ParallelSyncs))
	if b.cfg.MasterPassword != "" {
		f.line("sentinel auth-pass", m.Name, b.cfg.MasterPassword)
	}
}

// announces reports whether the nodes need an announced address, because that of their sockets is not the right one.
func (b *builder) announces() bool { return b.named || b.cfg.Partitionable || b.cfg.Hosts != nil }

// writeConf makes the node's directory with its configuration file.
func writeConf(n *Node, name, text string) error {
	if err := os.MkdirAll(n.dir, 0o700); err != nil {
		return fmt.Errorf("sentineltest: the directory of %s: %w", n.name, err)
	}
	if err := os.WriteFile(filepath.Join(n.dir, name), []byte(text), 0o600); err != nil {
		return fmt.Errorf("sentineltest: the configuration of %s: %w", n.name, err)
	}
	return nil
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
