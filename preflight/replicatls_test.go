package preflight_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestReplicaTLS: who speaks plain text to a port that takes TLS follows nobody.
func TestReplicaTLS(t *testing.T) {
	t.Parallel()
	r := newTLSRig(t)
	old := r.Masters[0].Node
	r.cli(old, "CONFIG", "SET", "tls-replication", "no")
	r.finds("replica_tls", old, health.Critical, "it has tls-replication no, and there it takes yes")
	if !r.failover() {
		t.Error("the failover did not succeed")
	}
	sentineltest.WaitFor(t, "the new master to refuse the old one", func() bool {
		log, err := r.Masters[0].Replicas[0].Log()
		return err == nil && strings.Contains(log, "wrong version number")
	})
	if _, up := linked(t.Context(), old); up {
		t.Error("the old master has come back")
	}
}

// TestReplicaWithoutTLS: who speaks TLS to a port that takes plain text follows nobody, until the command of the finding is run.
func TestReplicaWithoutTLS(t *testing.T) {
	t.Parallel()
	certs, err := sentineltest.NewCertificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, sentineltest.Config{Replicas: 1, NodeConf: []string{
		saves, "tls-ca-cert-file " + certs.CA, "tls-cert-file " + certs.ServerCert, "tls-key-file " + certs.ServerKey,
	}})
	old := r.Masters[0].Node
	if report := r.assess(); report.Status != health.OK {
		t.Errorf("at first: %+v", report)
	}
	r.cli(old, "CONFIG", "SET", "tls-replication", "yes")
	r.finds("replica_tls", old, health.Critical, "it has tls-replication yes, and there it takes no")
	if want, commands := commandOf(old, "no"), r.commands(); !slices.Contains(commands, want) {
		t.Errorf("the commands are %q, want %s", commands, want)
	}
	r.cli(old, "CONFIG", "SET", "repl-timeout", "2") // where the other one waits for the end of a line
	if !r.failover() {
		t.Error("the failover did not succeed")
	}
	sentineltest.WaitFor(t, "the old master to try in vain", func() bool {
		log, err := old.Log()
		return err == nil && (strings.Contains(log, "Timeout connecting to the MASTER") || strings.Contains(log, "wrong version number"))
	})
	if _, up := linked(t.Context(), old); up {
		t.Error("the old master has come back")
	}
	r.cli(old, "CONFIG", "SET", "tls-replication", "no")
	sentineltest.WaitFor(t, "the old master to follow", func() bool {
		replica, up := linked(t.Context(), old)
		return replica && up
	})
}

// TestReplicaTLSWherePortsAreMapped: where the Sentinels have a node at another port than it listens on, its settings do not say what it takes there.
// The finding names the node that differs from all others, be it the one that would be promoted, and names it once.
func TestReplicaTLSWherePortsAreMapped(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{TLS: true, Partitionable: true, NodeConf: []string{saves}})
	heir := r.Masters[0].Replicas[0]
	if report := r.assess(); report.Status != health.OK {
		t.Fatalf("at first: %+v", report)
	}
	for _, n := range []*sentineltest.Node{heir, r.Masters[0].Node} {
		r.cli(n, "CONFIG", "SET", "tls-replication", "no")
		r.finds("replica_tls", n, health.Critical, "it has tls-replication no, and there it takes yes")
		if want, commands := commandOf(n, "yes"), r.commands(); !slices.Contains(commands, want) {
			t.Errorf("the commands are %q, want %s", commands, want)
		}
		r.cli(n, "CONFIG", "SET", "tls-replication", "yes")
	}
}

// commands are those of all findings.
func (r *rig) commands() []string {
	r.t.Helper()
	var all []string
	for _, f := range r.assess().Findings {
		all = append(all, f.Commands...)
	}
	return all
}

// commandOf is the command that changes a node.
func commandOf(n *sentineltest.Node, to string) string {
	return fmt.Sprintf("redis-cli -h %s -p %d CONFIG SET tls-replication %s", n.Host(), n.Port(), to)
}
