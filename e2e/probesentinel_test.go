package e2e_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// startSentinel runs a real Sentinel whose configuration is these lines, for what
// no topology can work with, and returns when it accepts connections.
func startSentinel(t *testing.T, lines ...string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "sentinel.conf")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := &sentineltest.LockedBuffer{}
	cmd := exec.Command("redis-server", file, "--sentinel")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = cmd.Wait() })
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		wg.Wait()
		if t.Failed() {
			t.Logf("the Sentinel has logged:\n%s", log)
		}
	})
	sentineltest.WaitFor(t, "the Sentinel to start", func() bool { return strings.Contains(log.String(), "Sentinel ID is") })
}

// startExpiredSentinel runs one whose certificate has expired.
func startExpiredSentinel(t *testing.T, certificates *sentineltest.Certificates) (address string) {
	t.Helper()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "expired.crt"), filepath.Join(dir, "expired.key")
	if err := certificates.Issue(cert, key, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	address = sentineltest.FreeAddr(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	startSentinel(t, "bind 127.0.0.1", "port 0", "tls-port "+port, "tls-auth-clients no",
		"tls-ca-cert-file "+certificates.CA, "tls-cert-file "+cert, "tls-key-file "+key)
	return address
}
