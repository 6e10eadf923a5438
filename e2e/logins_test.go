package e2e_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// A keptClient asks again and again on one connection, or resumes a TLS session on new ones.
type keptClient struct {
	http.Client
	url string
}

func newKeptClient(url string, config *tls.Config, resumes bool) *keptClient {
	config = config.Clone()
	if resumes {
		config.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	}
	return &keptClient{http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: resumes}}, url}
}

// ask returns the status, 0 if the handshake was refused, and whether a session was resumed.
func (c *keptClient) ask(t *testing.T) (status int, resumed bool) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Do(request)
	if err != nil {
		return 0, false
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, response.Body) // or the connection is not kept
	return response.StatusCode, response.TLS.DidResume
}

// TestCertificateAtEachRequest: a client whose name or whose authority is taken out of the
// file is refused on a connection that it has kept, and with a session that it resumes, on
// both listeners; and let in when it is in the file again.
func TestCertificateAtEachRequest(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	own, err := sentineltest.NewCertificates(filepath.Join(t.TempDir(), "own"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := sentineltest.NewCertificates(filepath.Join(t.TempDir(), "other"))
	if err != nil {
		t.Fatal(err)
	}
	config, err := own.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	text := func(ca, san string) string {
		return fmt.Sprintf("tls_server_config:\n  cert_file: %s\n  key_file: %s\n  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: %s\n  client_allowed_sans: [%s]\n",
			own.ServerCert, own.ServerKey, ca, san)
	}
	good := text(own.CA, "localhost")
	file := exportertest.TempFile(t, good)
	e, admin := exportertest.StartAdmin(t, file, "--sentinel.address="+fake.Addr(), "--web.config.file="+file)
	const refusedByAdmin, refusedByWeb = http.StatusNotFound, http.StatusMethodNotAllowed // let in, and there is no such master, or only GET
	for listener, c := range map[string]struct {
		url string
		in  int
	}{
		"admin": {"https://" + admin + "/api/v1/masters/nosuch/failover", refusedByAdmin},
		"web":   {"https://" + e.Addr() + "/metrics", refusedByWeb},
	} {
		for what, bad := range map[string]string{"its name is gone": text(own.CA, "another.example"), "its authority is gone": text(other.CA, "localhost")} {
			kept, resuming := newKeptClient(c.url, config, false), newKeptClient(c.url, config, true)
			for range 2 {
				if status, _ := kept.ask(t); status != c.in {
					t.Errorf("%s: the client was answered %d", listener, status)
				}
				if status, _ := resuming.ask(t); status != c.in {
					t.Errorf("%s: the client was answered %d", listener, status)
				}
			}
			if _, resumed := resuming.ask(t); !resumed {
				t.Errorf("%s: no session was resumed: this would test nothing", listener)
			}
			rewrite(t, file, bad)
			if status, _ := kept.ask(t); status != http.StatusForbidden {
				t.Errorf("%s, %s: on a kept connection: %d", listener, what, status)
			}
			if status, resumed := resuming.ask(t); status != http.StatusForbidden && status != 0 {
				t.Errorf("%s, %s: with a session that was resumed (%t): %d", listener, what, resumed, status)
			}
			rewrite(t, file, good)
			if status, _ := kept.ask(t); status != c.in {
				t.Errorf("%s: back in the file, the client is answered %d", listener, status)
			}
			kept.CloseIdleConnections()
		}
	}
	kept := newKeptClient("https://"+e.Addr()+"/metrics", config, false)
	defer kept.CloseIdleConnections()
	if status, _ := kept.ask(t); status != refusedByWeb {
		t.Errorf("the client was answered %d", status)
	}
	rewrite(t, file, text("canary-hunter2", "localhost"))
	if status, _ := kept.ask(t); status != http.StatusInternalServerError {
		t.Errorf("with a file that cannot be used the client is answered %d", status)
	}
	if status, _ := newKeptClient(kept.url, config, true).ask(t); status != 0 {
		t.Errorf("a new connection is answered %d", status)
	}
	for _, words := range []string{`listener=web err="open <client_ca_file>: no such file`, `TLS handshake error from 127\.0\.0\.1:[0-9]*: open <client_ca_file>: no such file`} {
		sentineltest.WaitFor(t, "the log to have "+words, func() bool { return countMatches(e.Stderr.String(), words) == 1 })
	}
	log := e.Stderr.String()
	if strings.Contains(log, "canary") {
		t.Errorf("what stands in the file is in the log:\n%s", log)
	}
	for _, listener := range []string{"admin", "web"} {
		if !strings.Contains(log, `msg="Login failed" listener=`+listener+` from=127.0.0.1:`) {
			t.Errorf("the failed logins of %s are not logged:\n%s", listener, log)
		}
	}
}

func rewrite(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// login asks with a password on a connection of its own, from an address of this machine.
func login(ctx context.Context, from, url, user, password string) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return 0, err
	}
	request.SetBasicAuth(user, password)
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: dialer.DialContext}}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// TestWrongPasswords: while 100 clients try wrong passwords without a break, one with the right
// password is answered: one that has logged in before, also at the address of those, and one
// from another address. The log and the metrics tell of users that there are, and of no other
// name.
func TestWrongPasswords(t *testing.T) { // not beside others: it takes the whole machine
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	cost, clients := bcrypt.DefaultCost, 100
	if underRace { // it makes all this many times as slow
		cost, clients = bcrypt.MinCost, 30
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(exportertest.AdminPassword), cost)
	if err != nil {
		t.Fatal(err)
	}
	e, admin := exportertest.StartAdmin(t, exportertest.TempFile(t, "basic_auth_users:\n  operator: "+string(hash)+"\n  known: "+string(hash)+"\n"), "--sentinel.address="+fake.Addr())
	url := "http://" + admin + "/api/v1/masters/nosuch/failover" // 404 for who is let in
	if status, err := login(t.Context(), "127.0.0.1", url, "known", exportertest.AdminPassword); err != nil || status != http.StatusNotFound {
		t.Fatalf("the right password: %d, %v", status, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	var mu sync.Mutex
	answers := make(map[int]int)
	for i := range clients {
		user := []string{"operator", "canary-user"}[i%2]
		wg.Go(func() {
			for ctx.Err() == nil {
				status, err := login(ctx, "127.0.0.1", url, user, "canary-guess")
				if err != nil {
					continue
				}
				mu.Lock()
				answers[status]++
				mu.Unlock()
			}
		})
	}
	sentineltest.WaitFor(t, "the wrong passwords to be too many", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return answers[http.StatusTooManyRequests] > 0 && answers[http.StatusUnauthorized] > 0
	})
	for _, right := range []struct{ from, user string }{{"127.0.0.1", "known"}, {"127.0.0.2", "operator"}} {
		var worst time.Duration
		for range 3 {
			began := time.Now()
			status, err := login(t.Context(), right.from, url, right.user, exportertest.AdminPassword)
			if err != nil || status != http.StatusNotFound {
				t.Errorf("the right password, from %s: %d, %v", right.from, status, err)
			}
			worst = max(worst, time.Since(began))
		}
		t.Logf("%s from %s was answered after %s at most", right.user, right.from, worst)
	}
	stop()
	wg.Wait()
	t.Logf("the wrong ones were answered %v", answers)
	if len(answers) != 2 {
		t.Errorf("the wrong passwords were answered %v", answers)
	}
	text := e.MustGet(t, "/metrics").Body
	for _, series := range []string{`user="operator",reason="password"`, `user="",reason="password"`, `user="operator",reason="busy"`} {
		if !containsSeries(text, "redis_sentinel_exporter_failed_logins_total", append(strings.Split(series, ","), `listener="admin"`)) {
			t.Errorf("there is no count of %s", series)
		}
	}
	for where, said := range map[string]string{"the metrics": text, "the log": e.Stderr.String()} {
		if strings.Contains(said, "canary") {
			t.Errorf("what a stranger has typed is in %s", where)
		}
	}
	if log := e.Stderr.String(); !strings.Contains(log, "user=operator reason=password") {
		t.Errorf("the log is %s", log)
	}
}

// containsSeries reports whether a series of a metric has all the labels.
func containsSeries(text, metric string, labels []string) bool {
	for line := range strings.Lines(text) {
		all := strings.HasPrefix(line, metric+"{")
		for _, label := range labels {
			all = all && strings.Contains(line, label)
		}
		if all {
			return true
		}
	}
	return false
}
