package e2e_test

import (
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestNoSecretInMistakes: a password, or a key, that stands where the name of a file or a
// section belongs is in no answer to config check and /-/reload, nor in the log. What is
// wrong, and where, is.
func TestNoSecretInMistakes(t *testing.T) {
	t.Parallel()
	const secret = "canary-hunter2"
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	module := func(text string) string { return "modules:\n  m:\n    allowed_targets: []\n    " + text + "\n" }
	file := exportertest.TempFile(t, "modules: {}\n")
	e := exportertest.Start(t, "--sentinel.address="+fake.Addr(), "--config.file="+file, "--web.enable-lifecycle")
	for text, want := range map[string]string{
		module("password_file: " + secret):                       "line 4: modules: m: password_file: no such file",
		module("tls_config: {ca_file: " + secret + "}"):          "ca_file: no such file",
		module("tls_config: {cert_file: a, key_file: " + secret): "line",
		module("tls_config: " + secret):                          "line 4: modules: m: tls_config",
		module("collectors: {replicas: " + secret + "}"):         "replicas",
		"modules: " + secret + "\n":                              "line 1: modules",
	} {
		_, stderr, status := exportertest.Output(t, "config", "check", "--config.file="+exportertest.TempFile(t, text))
		if status != 1 || strings.Contains(stderr, secret) || !strings.Contains(stderr, want) {
			t.Errorf("%s: config check: %d %s", text, status, stderr)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c := &adminRig{t: t, adminURL: e.URL}
		if status, body := c.send(call{method: http.MethodPost, path: "/-/reload"}); status != http.StatusInternalServerError || strings.Contains(body, secret) || !strings.Contains(body, want) {
			t.Errorf("%s: /-/reload: %d %s", text, status, body)
		}
	}
	if log := e.Stderr.String(); strings.Contains(log, secret) {
		t.Errorf("it is in the log:\n%s", log)
	}
	for text, want := range map[string]string{
		"basic_auth_users: " + secret + "\n":                                "cannot unmarshal",
		"tls_server_config: {cert_file: a.crt, key_file: " + secret + "}\n": "cert_file",
		"tls_server_config: {cert_file: " + secret + ", key_file: a.key}\n": "cert_file",
		"http_server_config: {http2: " + secret + "}\n":                     "cannot unmarshal",
	} {
		for _, flags := range [][]string{{"--web.config.file="}, {"--admin.listen-address=127.0.0.1:0", "--admin.config.file="}} {
			last := len(flags) - 1
			args := append([]string{"config", "check"}, flags[:last]...)
			_, stderr, status := exportertest.Output(t, append(args, flags[last]+exportertest.TempFile(t, text))...)
			if status != 1 || strings.Contains(stderr, secret) || !strings.Contains(stderr, want) {
				t.Errorf("%s %s: %d %s", flags, text, status, stderr)
			}
		}
	}
}

// TestReloadOfOtherSites: a page of another site cannot have a browser reload the configuration.
func TestReloadOfOtherSites(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	e := exportertest.Start(t, "--sentinel.address="+fake.Addr(), "--config.file=/dev/null", "--web.enable-lifecycle")
	c := &adminRig{t: t, adminURL: e.URL}
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		if status, body := c.send(call{method: http.MethodPost, path: "/-/reload", headers: headers}); status != http.StatusForbidden {
			t.Errorf("%v: %d %s", headers, status, body)
		}
	}
	if status, body := c.send(call{method: http.MethodPost, path: "/-/reload"}); status != http.StatusOK {
		t.Errorf("without a browser: %d %s", status, body)
	}
}

// TestImpatientScrape: a scrape that waits for no time at all costs others no connection.
func TestImpatientScrape(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	e := exportertest.Start(t, "--sentinel.address="+fake.Addr(), "--no-collector.events")
	e.MustGet(t, "/metrics")
	before, _ := fake.Connections()
	for range 50 {
		e.MustGet(t, "/metrics", "X-Prometheus-Scrape-Timeout-Seconds", "0.000001")
	}
	// A machine that is busy for a quarter of a second may cost one of them its connection.
	if after, _ := fake.Connections(); after-before > 10 {
		t.Errorf("%d connections were made anew", after-before)
	}
}

// TestNoProbesWithoutFile: who asks chooses what a probe connects to, so somebody has to say
// that there are to be probes.
func TestNoProbesWithoutFile(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	other := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	e := exportertest.Start(t, "--sentinel.address="+fake.Addr())
	a, err := e.Get("/probe?target=" + other.Addr())
	if err != nil || a.Status != http.StatusNotFound || !strings.Contains(a.Body, "--config.file") || !strings.Contains(a.Body, "allowed_targets") {
		t.Errorf("got %d %s, %v", a.Status, a.Body, err)
	}
	if total, _ := other.Connections(); total != 0 {
		t.Error("it has connected")
	}
}

// watchedNode returns a node that notes who connects, a Sentinel for which it is the master and the replica, and its host.
func watchedNode(t *testing.T) (node, fake *sentineltest.Fake, host string) {
	t.Helper()
	node = sentineltest.RunFake(t, sentineltest.FakeConfig{})
	host, port, err := net.SplitHostPort(node.Addr())
	if err != nil {
		t.Fatal(err)
	}
	fake = sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 1, Edit: func(kind, _ string, row sentineltest.Row) sentineltest.Row {
		if kind == "sentinel" {
			return row
		}
		return row.With("ip", host).With("port", port)
	}})
	return node, fake, host
}

// TestNothingToDataNodes without --node.password-file: nobody connects to one, whatever is asked.
func TestNothingToDataNodes(t *testing.T) {
	t.Parallel()
	node, fake, host := watchedNode(t)
	e := exportertest.Start(t, "--sentinel.address="+fake.Addr())
	for _, path := range []string{"/metrics", "/status", "/status?master=mymaster", "/health", "/history", "/can-stop?host=" + host, "/sd", "/role/master?master=mymaster&node=" + node.Addr()} {
		if a, err := e.Get(path); err != nil || a.Status == http.StatusNotFound || a.Status == http.StatusBadRequest {
			t.Errorf("%s: %d %s, %v", path, a.Status, a.Body, err)
		}
	}
	for _, words := range []string{"check", "preflight", "can-stop " + host, "drain", "failover mymaster --dry-run", "failover mymaster --fence --dry-run", "drill mymaster --yes"} {
		args := append(strings.Fields(words), "--sentinel.address="+fake.Addr())
		if stdout, stderr, status := exportertest.Output(t, args...); status > 3 || strings.Contains(stderr, "--help") {
			t.Errorf("%s: %d\n%s%s", words, status, stdout, stderr)
		}
	}
	if total, _ := node.Connections(); total != 0 {
		t.Errorf("%d connections were made to the data node", total)
	}
	_, stderr, _ := exportertest.Output(t, "preflight", "--sentinel.address="+fake.Addr(), "--node.password-file="+exportertest.TempFile(t, "x"))
	if total, _ := node.Connections(); total == 0 {
		t.Errorf("with the file none was made either: this would test nothing: %s", stderr)
	}
}
