package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/internal/sentineltest"
)

// TestOnlyProbes: with --config.file and no --sentinel.address there is no
// deployment that could be down: what would be about it says so, and /probe answers.
func TestOnlyProbes(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	p := start(t, "--config.file="+configFile(t, "modules: {m: {}}"))
	for line := range strings.Lines(p.mustGet(t, "/metrics").body) {
		if name := strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE "); strings.HasPrefix(name, "redis_sentinel_") && !strings.HasPrefix(name, "redis_sentinel_exporter_") {
			t.Errorf("a metric of a deployment: %s", line)
		}
	}
	if a := p.mustGet(t, "/metrics"); !strings.Contains(a.body, "redis_sentinel_exporter_probed_sentinels") || !strings.Contains(a.body, "process_start_time_seconds") {
		t.Errorf("the exporter's own metrics are missing:\n%s", a.body)
	}
	const howTo = "/probe?target=HOST:PORT&module=NAME"
	for _, path := range []string{"/health", "/health?master=x", "/status", "/sd", "/sd?role=master"} {
		a, err := p.get(path)
		if err != nil || a.status != http.StatusNotFound || !strings.Contains(a.body, howTo) {
			t.Errorf("%s: got %d %q, %v", path, a.status, a.body, err)
		}
	}
	if page := p.mustGet(t, "/").body; !strings.Contains(page, howTo) || strings.Contains(page, `href="/status"`) {
		t.Errorf("the landing page is\n%s", page)
	}
	if a := p.mustGet(t, "/probe?module=m&target="+fake.Addr()); !a.has(`redis_sentinel_up{sentinel="` + fake.Addr() + `"} 1`) {
		t.Errorf("/probe: got\n%s", a.body)
	}
	p.end()
	if log := p.stderr.String(); !strings.Contains(log, "only /probe") || strings.Contains(log, "26379") {
		t.Errorf("the log is\n%s", log)
	}
}

// TestOnlyProbesHaveNothingToAsk: what needs a deployment is refused, or says so.
func TestOnlyProbesHaveNothingToAsk(t *testing.T) {
	t.Parallel()
	file := "--config.file=" + configFile(t, "")
	for _, tc := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"check"}, 3, "--sentinel.address"},
		{[]string{"watch"}, 1, "--sentinel.address"},
		{[]string{"discover", "master", "m"}, 1, "--sentinel.address"},
		{[]string{"failover", "m", "--yes"}, 1, "--sentinel.address"},
		{[]string{"--admin.listen-address=127.0.0.1:0", "--admin.config.file=" + configFile(t, adminUsers)}, 1, "--admin.listen-address"},
	} {
		stdout, stderr, status := output(t, append(tc.args, file)...)
		if status != tc.status || stdout != "" {
			t.Errorf("%q: got the exit code %d and on stdout %q", tc.args, status, stdout)
		}
		wantOneLine(t, stderr, tc.want)
	}
}

func TestWhoIsAsked(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		want []string
	}{
		{nil, []string{"127.0.0.1:26379"}},
		{[]string{"--config.file=a.yml"}, nil},
		{[]string{"--config.file=a.yml", "--sentinel.address=a:1"}, []string{"a:1"}},
		{[]string{"--sentinel.address=a:1"}, []string{"a:1"}},
	} {
		var f flags
		if _, _, err := parse(newApp(&f), tc.args); err != nil {
			t.Fatal(err)
		}
		got, err := f.addresses()
		if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
			t.Errorf("%q: %v (-want +got):\n%s", tc.args, err, diff)
		}
	}
}
