package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

type certificate struct{ cert, key string } // files

func newCertificate(t *testing.T, dir string) certificate {
	t.Helper()
	c, err := sentineltest.NewCertificates(filepath.Clean(dir))
	if err != nil {
		t.Fatal(err)
	}
	return certificate{c.ClientCert, c.ClientKey}
}

// TestCertificateDays: what expires within --preflight.certificate-days is a finding, on the command line and on /status, with the
// flags and with the file.
func TestCertificateDays(t *testing.T) {
	t.Parallel()
	const password = "canary-days"
	r := sentineltest.Run(t, sentineltest.Config{
		Replicas: 1, TLS: true, NodeConf: []string{"save 3600 1", sentineltest.DocumentedUser(t, "../docs/admin.md", "preflight", password)},
	})
	file := exportertest.TempFile(t, password)
	tlsConfig := "{ca_file: " + r.TLS.CA + "}"
	config := exportertest.TempFile(t, "modules:\n  m:\n    tls_config: "+tlsConfig+"\n    nodes: {username: preflight, password_file: "+file+", tls_config: "+tlsConfig+"}\n"+
		"deployments:\n  orders: {sentinels: ["+strings.Join(r.SentinelAddrs(), ",")+"], module: m}\n")
	flags := []string{
		"--sentinel.address=" + strings.Join(r.SentinelAddrs(), ","), "--sentinel.tls", "--sentinel.tls-ca-file=" + r.TLS.CA,
		"--node.username=preflight", "--node.password-file=" + file, "--node.tls",
	}
	for name, args := range map[string][]string{"flags": flags, "file": {"--config.file=" + config, "--deployment=orders"}} {
		args = append(args, "preflight")
		sentineltest.WaitFor(t, name+": preflight to be all clear", func() bool {
			_, _, status := exportertest.Output(t, args...)
			return status == 0
		})
		out, stderr, status := exportertest.Output(t, append(args, "--preflight.certificate-days=101")...)
		if n := strings.Count(out, "certificate_expires"); status != 1 || n < 5 {
			t.Errorf("%s: exit code %d, %d servers\n%s%s", name, status, n, out, stderr)
		}
	}
	e := exportertest.Start(t, append(flags, "--config.file="+config, "--preflight.certificate-days=101")...)
	for _, path := range []string{"/status", "/status?deployment=orders"} {
		if body := e.MustGet(t, path).Body; !strings.Contains(body, "certificate_expires") || strings.Contains(body, password) {
			t.Errorf("%s says nothing about certificates, or the password", path)
		}
	}
	_, stderr, status := exportertest.Output(t, append(flags, "preflight", "--preflight.certificate-days=-1")...)
	if status != 3 || !strings.Contains(stderr, "--preflight.certificate-days: -1 is not between") {
		t.Errorf("exit code %d: %s", status, stderr)
	}
}
