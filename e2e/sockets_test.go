package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestSocketsOfSystemd: on each of several sockets that systemd has opened, passwords are asked for, and wrong ones
// counted, as on an address.
func TestSocketsOfSystemd(t *testing.T) {
	t.Parallel()
	hash, err := bcrypt.GenerateFromPassword([]byte("right"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`, binary, "--web.systemd-socket",
		"--sentinel.address="+fake.Addr(), "--web.config.file="+exportertest.TempFile(t, fmt.Sprintf("basic_auth_users: {me: '%s'}\n", hash)))
	const sockets = 3
	cmd.Env = append(os.Environ(), exportertest.Variable, fmt.Sprintf("LISTEN_FDS=%d", sockets))
	var urls []string
	for range sockets {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		file, err := listener.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = file.Close() })
		cmd.ExtraFiles = append(cmd.ExtraFiles, file)
		urls = append(urls, "http://"+listener.Addr().String())
	}
	p := exportertest.StartCommand(t, cmd)
	ask := func(url, password string) exportertest.Response {
		t.Helper()
		request, err := http.NewRequest(http.MethodGet, "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth("me", password)
		p.URL = url
		a, err := p.Get("/metrics", "Authorization", request.Header.Get("Authorization"))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	const wrong = 4
	for _, url := range urls {
		for range wrong {
			if a := ask(url, "wrong"); a.Status != http.StatusUnauthorized {
				t.Errorf("%s: a wrong password: %d %s", url, a.Status, a.Body)
			}
		}
	}
	for _, url := range urls {
		a := ask(url, "right")
		counted := fmt.Sprintf(`redis_sentinel_exporter_failed_logins_total{listener="web",reason="password",user="me"} %d`, wrong*sockets)
		if a.Status != http.StatusOK || !a.Has(counted) {
			t.Errorf("%s: %d, without %s", url, a.Status, counted)
		}
	}
	if said := strings.Count(p.Stderr.String(), "Started redis_sentinel_exporter"); said != 1 {
		t.Errorf("it has started %d times:\n%s", said, p.Stderr)
	}
}
