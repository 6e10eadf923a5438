package e2e_test

import (
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestAdminClientCertificate: with a certificate of the file's authority, with
// none, with a password as well, and after the file has come to let everybody in.
// The log names only who was verified: a user's name that nobody asked for is not.
func TestAdminClientCertificate(t *testing.T) {
	t.Parallel()
	topology := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None})
	certs, err := sentineltest.NewCertificates(filepath.Join(t.TempDir(), "tls"))
	if err != nil {
		t.Fatal(err)
	}
	open := "tls_server_config:\n  cert_file: " + certs.ServerCert + "\n  key_file: " + certs.ServerKey + "\n"
	file := exportertest.TempFile(t, open+"  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: "+certs.CA+"\n")
	p, address := exportertest.StartAdmin(t, file, "--sentinel.address="+topology.SentinelAddrs()[0])

	with, err := certs.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	without := &tls.Config{RootCAs: with.RootCAs, MinVersion: tls.VersionTLS12}
	set := func(config *tls.Config, user string) (int, error) {
		client := http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, "https://"+address+"/api/v1/masters/mymaster", strings.NewReader(`{"quorum":7}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.SetBasicAuth(user, exportertest.AdminPassword)
		response, err := client.Do(request)
		if err != nil {
			return 0, err
		}
		return response.StatusCode, response.Body.Close()
	}
	if status, err := set(without, "bob"); err == nil {
		t.Errorf("without a certificate: got %d", status)
	}
	if got := topology.MasterField(t.Context(), "mymaster", "quorum")[0]; got != "1" {
		t.Errorf("without a certificate: the quorum is %s", got)
	}
	if status, err := set(with, "bob"); err != nil || status != http.StatusOK {
		t.Errorf("with a certificate: got %d, %v", status, err)
	}
	if got := topology.MasterField(t.Context(), "mymaster", "quorum")[0]; got != "7" {
		t.Errorf("with a certificate: the quorum is %s", got)
	}
	if lines := audits(p.Stderr.String()); len(lines) != 1 || !strings.Contains(lines[0], ` who="CN=client" `) {
		t.Errorf("with a certificate: the audit lines are %s", lines)
	}
	both, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(both, exportertest.AdminUsers...), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, err := set(with, "operator"); err != nil || status != http.StatusOK {
		t.Errorf("with a certificate and a password: got %d, %v", status, err)
	}
	if lines := audits(p.Stderr.String()); len(lines) != 2 || !strings.Contains(lines[1], ` who="operator, CN=client" `) {
		t.Errorf("with a certificate and a password: the audit lines are %s", lines)
	}
	if err := os.WriteFile(file, []byte(open), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, config := range []*tls.Config{with, without} {
		if status, err := set(config, "bob"); err != nil || status != http.StatusForbidden {
			t.Errorf("when the file requires nothing any more: got %d, %v", status, err)
		}
	}
}
