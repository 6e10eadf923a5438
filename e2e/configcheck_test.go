package e2e_test

import (
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

func TestConfigCheck(t *testing.T) {
	t.Parallel()
	good := exportertest.TempFile(t, "allowed_targets: [10.0.0.0/8]\nmodules: {m: {timeout: 3s}}")
	stdout, stderr, status := exportertest.Output(t, "config", "check", "--config.file="+good)
	if status != 0 || stderr != "" || !strings.Contains(stdout, "    timeout: 3s\n") || !strings.Contains(stdout, "replicas: true\n") {
		t.Errorf("got %d, %q and\n%s", status, stderr, stdout)
	}
	if again, _, _ := exportertest.Output(t, "config", "check", "--config.file="+exportertest.TempFile(t, stdout)); again != stdout {
		t.Errorf("what it prints is not what it reads:\n%s\n%s", stdout, again)
	}
	if stdout, _, status := exportertest.Output(t, "config", "check"); status != 0 || !strings.Contains(stdout, "no --config.file") {
		t.Errorf("without a file: got %d and %q", status, stdout)
	}
	for _, tc := range []struct{ flag, want string }{
		{"--config.file=" + exportertest.TempFile(t, "modules:\n  m: {timout: 3s}"), "line 2: modules: m: timout: there is no such field"},
		{"--web.config.file=" + exportertest.TempFile(t, "a: b"), "--web.config.file"},
		{"--admin.listen-address=:0", "--admin.config.file"},
		{"--sentinel.address=a", "--sentinel.address"},
		{"--sentinel.timeout=0s", "--sentinel.timeout"},
	} {
		stdout, stderr, status := exportertest.Output(t, "config", "check", tc.flag)
		if status != 1 || stdout != "" {
			t.Errorf("%s: got %d and %q", tc.flag, status, stdout)
		}
		wantOneLine(t, stderr, tc.want)
	}
}

// A process takes up a changed file at SIGHUP, and keeps what it had when the file
// is bad.
func TestHangupReloads(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	file := exportertest.TempFile(t, "modules: {a: {}}")
	p := exportertest.StartProcess(t, "--sentinel.address="+fake.Addr(), "--config.file="+file, "--web.enable-lifecycle")
	const successful = "redis_sentinel_exporter_config_last_reload_successful"
	has := func(module string) bool {
		t.Helper()
		a, err := p.Get("/probe?module=" + module + "&target=" + fake.Addr())
		if err != nil || a.Status != http.StatusOK && a.Status != http.StatusBadRequest {
			t.Errorf("got %d %s, %v", a.Status, a.Body, err)
		}
		return a.Status == http.StatusOK
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !has("a") || has("b") || p.Value(t, successful) != 1 {
		t.Error("the file is not loaded")
	}
	write("modules: [b]")
	p.Signal(t, syscall.SIGHUP)
	sentineltest.WaitFor(t, "the bad file to be told", func() bool { return p.Value(t, successful) == 0 })
	if !has("a") {
		t.Error("the old file has not stayed")
	}
	write("modules: {b: {}}")
	p.Signal(t, syscall.SIGHUP)
	sentineltest.WaitFor(t, "the file to be loaded", func() bool { return p.Value(t, successful) == 1 })
	if has("a") || !has("b") {
		t.Error("the file is not loaded again")
	}
	write("modules: {c: {}}")
	response, err := http.Post(p.URL+"/-/reload", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK || !has("c") {
		t.Errorf("/-/reload: got %d", response.StatusCode)
	}
	http.DefaultClient.CloseIdleConnections()
}
