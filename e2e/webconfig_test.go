package e2e_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestWebConfigFile: TLS, client certificates and basic auth for the exporter's own
// pages, with real certificates, right and wrong.
func TestWebConfigFile(t *testing.T) {
	t.Parallel()
	certificates := func(name string) (*sentineltest.Certificates, *tls.Config) {
		c, err := sentineltest.NewCertificates(filepath.Join(t.TempDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		config, err := c.ClientConfig()
		if err != nil {
			t.Fatal(err)
		}
		return c, config
	}
	own, client := certificates("own")
	_, stranger := certificates("stranger")
	anonymous := &tls.Config{RootCAs: client.RootCAs, MinVersion: tls.VersionTLS12}
	forged := &tls.Config{RootCAs: client.RootCAs, Certificates: stranger.Certificates, MinVersion: tls.VersionTLS12}
	distrustful := &tls.Config{RootCAs: stranger.RootCAs, Certificates: client.Certificates, MinVersion: tls.VersionTLS12}

	server := "tls_server_config:\n  cert_file: " + own.ServerCert + "\n  key_file: " + own.ServerKey + "\n"
	mutual := server + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: " + own.CA + "\n"
	// The bcrypt hash of "test", of the least cost.
	const users = "basic_auth_users:\n  prometheus: $2a$04$H9EPkaLsMt8wUkpI7/d3fOjlLkEnUp8sF0qU2GbTs4/4xZvh7PIwi\n"
	const noConnection = 0
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	type visitor struct {
		name     string
		scheme   string
		tls      *tls.Config
		password string
		status   int
	}
	for _, tc := range []struct {
		name, config string
		visitors     []visitor
	}{
		{"basic auth", users, []visitor{
			{"with the password", "http", nil, "test", http.StatusOK},
			{"with another", "http", nil, "tset", http.StatusUnauthorized},
			{"without", "http", nil, "", http.StatusUnauthorized},
		}},
		{"TLS", server, []visitor{
			{"anybody", "https", anonymous, "", http.StatusOK},
			{"who trusts another authority", "https", distrustful, "", noConnection},
			{"without TLS", "http", nil, "", http.StatusBadRequest},
		}},
		{"client certificates", mutual, []visitor{
			{"with a certificate", "https", client, "", http.StatusOK},
			{"without", "https", anonymous, "", noConnection},
			{"with one of another authority", "https", forged, "", noConnection},
		}},
		{"all of it", mutual + users, []visitor{
			{"with both", "https", client, "test", http.StatusOK},
			{"without a password", "https", client, "", http.StatusUnauthorized},
			{"without a certificate", "https", anonymous, "test", noConnection},
		}},
	} {
		p := exportertest.Start(t, "--sentinel.address="+fake.Addr(), "--config.file=/dev/null", "--web.config.file="+exportertest.TempFile(t, tc.config))
		for _, v := range tc.visitors {
			for _, path := range []string{"/metrics", "/probe?target=" + fake.Addr()} {
				status, body := visit(t, v.scheme+strings.TrimPrefix(p.URL, "http")+path, v.tls, v.password)
				if status != v.status {
					t.Errorf("%s, %s: %s: got %d, want %d", tc.name, v.name, path, status, v.status)
				}
				if known := strings.Contains(body, "redis_sentinel_up{"); known != (v.status == http.StatusOK) {
					t.Errorf("%s, %s: %s: got %q", tc.name, v.name, path, body)
				}
			}
		}
	}
}

// visit asks as the user prometheus, where there is a password. The status is 0
// where no answer comes.
func visit(t *testing.T, url string, config *tls.Config, password string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if password != "" {
		request.SetBasicAuth("prometheus", password)
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response.StatusCode, string(text)
}
