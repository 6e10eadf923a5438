package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestOnlyProbes: with --config.file and no --sentinel.address there is no
// deployment that could be down: what would be about it says so, and /probe answers.
func TestOnlyProbes(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	p := exportertest.Start(t, "--config.file="+exportertest.TempFile(t, "modules: {m: {}}"))
	for line := range strings.Lines(p.MustGet(t, "/metrics").Body) {
		if name := strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE "); strings.HasPrefix(name, "redis_sentinel_") && !strings.HasPrefix(name, "redis_sentinel_exporter_") {
			t.Errorf("a metric of a deployment: %s", line)
		}
	}
	if a := p.MustGet(t, "/metrics"); !strings.Contains(a.Body, "redis_sentinel_exporter_probed_sentinels") || !strings.Contains(a.Body, "process_start_time_seconds") {
		t.Errorf("the exporter's own metrics are missing:\n%s", a.Body)
	}
	const howTo = "/probe?target=HOST:PORT&module=NAME"
	for _, path := range []string{"/health", "/health?master=x", "/status", "/sd", "/sd?role=master"} {
		a, err := p.Get(path)
		if err != nil || a.Status != http.StatusNotFound || !strings.Contains(a.Body, howTo) {
			t.Errorf("%s: got %d %q, %v", path, a.Status, a.Body, err)
		}
	}
	if page := p.MustGet(t, "/").Body; !strings.Contains(page, howTo) || strings.Contains(page, `href="/status"`) {
		t.Errorf("the landing page is\n%s", page)
	}
	if a := p.MustGet(t, "/probe?module=m&target="+fake.Addr()); !a.Has(`redis_sentinel_up{sentinel="` + fake.Addr() + `"} 1`) {
		t.Errorf("/probe: got\n%s", a.Body)
	}
	p.End()
	if log := p.Stderr.String(); !strings.Contains(log, "only /probe") || strings.Contains(log, "26379") {
		t.Errorf("the log is\n%s", log)
	}
}

// TestOnlyProbesHaveNothingToAsk: what needs a deployment is refused, or says so.
func TestOnlyProbesHaveNothingToAsk(t *testing.T) {
	t.Parallel()
	file := "--config.file=" + exportertest.TempFile(t, "")
	for _, tc := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"check"}, 3, "--sentinel.address"},
		{[]string{"watch"}, 1, "--sentinel.address"},
		{[]string{"discover", "master", "m"}, 1, "--sentinel.address"},
		{[]string{"failover", "m", "--yes"}, 1, "--sentinel.address"},
		{[]string{"--admin.listen-address=127.0.0.1:0", "--admin.config.file=" + exportertest.TempFile(t, exportertest.AdminUsers)}, 1, "--admin.listen-address"},
	} {
		stdout, stderr, status := exportertest.Output(t, append(tc.args, file)...)
		if status != tc.status || stdout != "" {
			t.Errorf("%q: got the exit code %d and on stdout %q", tc.args, status, stdout)
		}
		wantOneLine(t, stderr, tc.want)
	}
}
