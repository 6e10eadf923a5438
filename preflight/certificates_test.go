package preflight_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
)

const day = 24 * time.Hour

// newTLSRig is a deployment that speaks only TLS, whose certificates are good for 100 days.
func newTLSRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, sentineltest.Config{Replicas: 1, TLS: true, NodeConf: []string{saves}})
	r.options.CertificatesWithin = 14 * day
	return r
}

// issue gives a data node a certificate of its own that is good until then, and returns the files.
func (r *rig) issue(n *sentineltest.Node, until time.Time) (cert, key string) {
	r.t.Helper()
	cert, key = filepath.Join(n.Dir(), "own.crt"), filepath.Join(n.Dir(), "own.key")
	if err := r.TLS.Issue(cert, key, until); err != nil {
		r.t.Fatal(err)
	}
	return cert, key
}

// TestCertificateExpires: it is found on a new connection, whatever those that are kept have. It is gone when the node
// has read the new files, and not before.
func TestCertificateExpires(t *testing.T) {
	t.Parallel()
	if !serverVersion(t).AtLeast(7, 0) {
		return // earlier ones cannot be given a certificate and its key in one CONFIG SET
	}
	r := newTLSRig(t)
	isClear := func(when string) {
		t.Helper()
		if report := r.assess(); report.Status != health.OK {
			t.Errorf("%s: %+v", when, report)
		}
	}
	isClear("with 100 days")
	r.options.CertificatesWithin = 101 * day
	if report := r.assess(); len(report.Findings) != 5 || report.Status != health.Warning || !strings.Contains(report.Findings[0].Message, "in 99 days") {
		t.Errorf("within 101 days: %+v", report)
	}
	r.options.CertificatesWithin = 14 * day

	heir := r.Masters[0].Replicas[0]
	cert, key := r.issue(heir, time.Now().Add(time.Hour))
	r.cli(heir, "CONFIG", "SET", "tls-cert-file", cert, "tls-key-file", key)
	r.finds("certificate_expires", heir, health.Warning, "in 1h0m0s")
	r.options.CertificatesWithin = 0
	isClear("with an hour, where only those that have expired count")
	r.options.CertificatesWithin = 14 * day
	r.issue(heir, time.Now().AddDate(0, 0, 100))
	r.finds("certificate_expires", heir, health.Warning, "in 1h0m0s") // it has not read them
	commands := r.assess().Findings[0].Commands
	if want := fmt.Sprintf("redis-cli -h %s -p %d CONFIG SET tls-cert-file %s", heir.Host(), heir.Port(), cert); !slices.Equal(commands, []string{want}) {
		t.Fatalf("the commands are %q, want %s", commands, want)
	}
	r.cli(heir, "CONFIG", "SET", "tls-cert-file", cert)
	isClear("when the new files are read")

	if err := r.TLS.Issue(r.TLS.ServerCert, r.TLS.ServerKey, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	isClear("the new files are read by nobody")
	restarted := r.Sentinels[1].Node
	restarted.Kill()
	if err := restarted.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := r.WaitSettled(ctx); err != nil {
		t.Fatal(err)
	}
	r.finds("certificate_expires", restarted, health.Warning, "in 1h0m0s")
	r.options.Nodes = nil
	if report := r.assess(); len(report.Findings) != 1 || report.Findings[0].Node != restarted.Addr() {
		t.Errorf("without an account for the data nodes: %+v", report)
	}
}

// TestCertificateExpired: the node is promoted, and nobody who checks its certificate can come to it. So the Sentinels
// find it down, and fail over once more, to the old master.
func TestCertificateExpired(t *testing.T) {
	t.Parallel()
	if !serverVersion(t).AtLeast(7, 0) {
		return
	}
	r := newTLSRig(t)
	r.unasked = true
	heir := r.Masters[0].Replicas[0]
	until := time.Now().Add(5 * time.Second)
	cert, key := r.issue(heir, until)
	r.cli(heir, "CONFIG", "SET", "tls-cert-file", cert, "tls-key-file", key)
	if found := r.assess().Findings; len(found) != 1 || found[0].Severity != health.Warning && time.Now().Before(until) {
		t.Errorf("at first it finds %+v", found)
	}
	sentineltest.WaitFor(t, "the certificate to have expired", func() bool { return time.Now().After(until) })
	found := r.assess().Findings
	if len(found) != 1 || found[0].Severity != health.Critical || found[0].Node != heir.Addr() || !strings.Contains(found[0].Message, "its certificate expired at") {
		t.Errorf("then it finds %+v", found)
	}
	// It is promoted, unless a Sentinel on a busy machine has lost its connection before, or loses it meanwhile.
	out, err := r.Sentinels[0].CLI(t.Context(), "SENTINEL", "FAILOVER", name)
	t.Logf("FAILOVER: %s, %v", out, err)
	sentineltest.WaitFor(t, "the Sentinels to have lost it, as their master or as a replica of the old one", func() bool {
		return !slices.ContainsFunc(r.Sentinels, func(s *sentineltest.Sentinel) bool { return !lost(t, s, heir) })
	})
	if log, err := heir.Log(); err != nil || !strings.Contains(log, "certificate expired") {
		t.Errorf("nobody has refused its certificate: %v", err)
	}
	config, err := r.TLS.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := (&tls.Dialer{Config: config}).DialContext(t.Context(), "tcp", heir.Addr()); err == nil {
		_ = conn.Close()
		t.Error("a client gets in")
	}
}

// lost reports whether a Sentinel has no connection to a node.
func lost(t *testing.T, s *sentineltest.Sentinel, n *sentineltest.Node) bool {
	t.Helper()
	rows, err := s.Rows(t.Context(), "SENTINEL", "REPLICAS", name)
	master, masterErr := s.Row(t.Context(), "SENTINEL", "MASTER", name)
	if err != nil || masterErr != nil {
		return false
	}
	for _, row := range append(rows, master) {
		flags := row.Get("flags")
		if row.Get("port") == strconv.Itoa(n.Port()) && (strings.Contains(flags, "s_down") || strings.Contains(flags, "disconnected")) {
			return true
		}
	}
	return false
}

// TestCertificateBesidePlainText: a node that is asked in plain text can speak TLS on another port. What does not
// answer there is unknown.
func TestCertificateBesidePlainText(t *testing.T) {
	t.Parallel()
	if !serverVersion(t).AtLeast(7, 0) {
		return
	}
	r := newRig(t, sentineltest.Config{Replicas: 1, Sentinels: 1, NodeConf: []string{saves}})
	r.options.CertificatesWithin = 14 * day
	certificates, err := sentineltest.NewCertificates(filepath.Join(t.TempDir(), "tls"))
	if err != nil {
		t.Fatal(err)
	}
	r.TLS = certificates
	master := r.Masters[0].Node
	cert, key := r.issue(master, time.Now().Add(-time.Hour))
	listener, err := net.Listen("tcp", net.JoinHostPort(master.Host(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	_ = listener.Close()
	_, port, _ := net.SplitHostPort(addr)
	r.cli(master, "CONFIG", "SET", "tls-ca-cert-file", certificates.CA, "tls-cert-file", cert, "tls-key-file", key, "tls-port", port)
	found := r.assess().Findings
	if len(found) != 1 || found[0].Check != "certificate_expires" || found[0].Severity != health.Critical || found[0].Node != addr {
		t.Errorf("it finds %+v", found)
	}
	r.issue(master, time.Now().AddDate(0, 0, 100))
	r.cli(master, "CONFIG", "SET", "tls-cert-file", cert)
	if report := r.assess(); report.Status != health.OK {
		t.Errorf("mended: %+v", report)
	}
}
