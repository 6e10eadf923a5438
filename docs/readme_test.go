package docs_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// The endpoints are there, and there are no others in the table.
func TestREADMEEndpoints(t *testing.T) {
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 2, Peers: 2})
	p := exportertest.Start(t, "--sentinel.address="+fake.Addr(), "--config.file="+exportertest.TempFile(t, ""), "--web.enable-lifecycle")
	_, section, _ := strings.Cut(readme(t), "\n## Endpoints\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var paths []string
	for line := range strings.Lines(section) {
		if cell, ok := strings.CutPrefix(line, "| `"); ok {
			cell, _, _ = strings.Cut(cell, " |")
			paths = append(paths, strings.Split(strings.ReplaceAll("`"+cell, "`", ""), ", ")...)
		}
	}
	if want := []string{"/metrics", "/history", "/status", "/health", "/fleet", "/probe", "/-/reload", "/sd", "/-/healthy", "/-/ready", "/"}; !slices.Equal(paths, want) {
		t.Errorf("got the endpoints %v, want %v", paths, want)
	}
	for _, path := range paths {
		switch path {
		case "/probe":
			path += "?target=" + fake.Addr()
		case "/-/reload":
			if a, err := p.Get(path); err != nil || a.Status != http.StatusMethodNotAllowed {
				t.Errorf("GET %s: got %d, %v", path, a.Status, err)
			}
			continue
		}
		p.MustGet(t, path)
	}
	if body := p.MustGet(t, "/metrics?name[]=redis_sentinel_up").Body; strings.Count(body, "# TYPE") != 1 {
		t.Errorf("?name[]=: got\n%s", body)
	}
}

func TestREADMEMetricsAreThere(t *testing.T) {
	p := exportertest.Start(t, "--sentinel.address="+sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 1, Peers: 1}).Addr())
	body := p.MustGet(t, "/metrics").Body
	for _, metric := range regexp.MustCompile("`(redis_sentinel_[a-z_]+)`").FindAllStringSubmatch(readme(t), -1) {
		if !strings.Contains(body, "# TYPE "+metric[1]+" ") {
			t.Errorf("there is no %s", metric[1])
		}
	}
	if got := strings.Count(page(t, project(), "docs/metrics.md"), "\n| `redis_sentinel_replica_"); !strings.Contains(readme(t), fmt.Sprintf("no metrics | %d:", got)) {
		t.Errorf("a replica has %d metrics", got)
	}
}

func TestPrometheusConfigurationsShown(t *testing.T) {
	blocks := slices.Concat(fenced(readme(t), "yaml"), fenced(page(t, project(), "docs/migrating.md"), "yaml"))
	if len(blocks) != 3 {
		t.Fatalf("got %d blocks of YAML, want 3", len(blocks))
	}
	for _, block := range blocks {
		file := filepath.Join(t.TempDir(), "prometheus.yml")
		if err := os.WriteFile(file, []byte(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("promtool", "check", "config", file).CombinedOutput(); err != nil {
			t.Errorf("promtool check config (`make test` installs it): %v\n%s", err, out)
		}
	}
}

// The ACL user of the README may do all that the exporter does.
func TestREADMEACL(t *testing.T) {
	_, section, _ := strings.Cut(readme(t), "\n## A Sentinel with ACLs\n")
	rule := strings.Replace(strings.TrimSpace(fenced(section, "text")[0]), ">PASSWORD", ">sesame", 1)
	topology := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: 1, ACL: []string{rule}})
	address := topology.SentinelAddrs()[0]
	t.Setenv("SENTINEL_PASSWORD", "sesame")
	p := exportertest.Start(t, "--sentinel.address="+address, "--sentinel.username=exporter", "--collector.info-cache")
	body := p.MustGet(t, "/metrics").Body
	if !strings.Contains(body, `redis_sentinel_up{sentinel="`+address+`"} 1`) {
		t.Errorf("it is not up:\n%s", p.Stderr)
	}
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "redis_sentinel_command_success{") && !strings.HasSuffix(line, " 1\n") {
			t.Errorf("refused: %s", line)
		}
	}
	if log, err := topology.Sentinels[0].CLI(t.Context(), "ACL", "LOG"); err != nil || strings.TrimSpace(log) != "" {
		t.Errorf("the Sentinel has logged refusals: %v\n%s", err, log)
	}
}

// The example of check prints here what it prints there, but for the addresses.
func TestREADMECheck(t *testing.T) {
	topology := sentineltest.Run(t, sentineltest.Config{})
	for _, r := range topology.Masters[0].Replicas {
		if _, err := r.CLI(t.Context(), "CONFIG", "SET", "replica-priority", "0"); err != nil {
			t.Fatal(err)
		}
	}
	_, section, _ := strings.Cut(readme(t), "\n## Health checks\n")
	want := strings.Split(strings.TrimSpace(fenced(section, "text")[0]), "\n")[1:]
	var diff string
	sentineltest.WaitFor(t, "check to find it", func() bool { // the Sentinels learn of it by INFO, and are to be settled
		out, _, status := exportertest.Output(t, "check", "mymaster", "--sentinel.address="+strings.Join(topology.SentinelAddrs(), ","))
		diff = cmp.Diff(maskedAddresses(want), maskedAddresses(strings.Split(strings.TrimSpace(out), "\n")))
		return status == 2
	})
	if diff != "" {
		t.Errorf("(-README +here):\n%s", diff)
	}
}

// maskedAddresses keeps the order of the lines.
func maskedAddresses(lines []string) []string {
	varies := regexp.MustCompile(`127\.0\.0\.1(:| -p )\d+`)
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = varies.ReplaceAllString(line, "X")
	}
	return out
}

// The commands of the tour print here what they print there, but for the
// addresses and ids.
func TestREADMETour(t *testing.T) {
	topology := sentineltest.Run(t, sentineltest.Config{})
	p := exportertest.Start(t, "--sentinel.address="+strings.Join(topology.SentinelAddrs(), ","))
	for _, step := range tour(readme(t)) {
		if strings.HasPrefix(step.command, "kill ") {
			topology.Sentinels[0].Kill()
			continue
		}
		try := parseCommand(t, p, topology.Sentinels[1].Addr(), step.command)
		var diff string
		for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
			if diff = cmp.Diff(masked(step.output), masked(try())); diff == "" {
				break // after the kill the Sentinels need a moment to notice
			}
		}
		if diff != "" {
			t.Errorf("$ %s (-README +here):\n%s", step.command, diff)
		}
	}
}

// parseCommand understands the two forms of command that the tour has: a curl with
// a grep, and the exporter's own. It returns what gives the lines of the output.
func parseCommand(t *testing.T, p *exportertest.Exporter, sentinel, command string) func() []string {
	t.Helper()
	if args, ok := strings.CutPrefix(command, "./redis_sentinel_exporter "); ok {
		args = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(args, sentinel)
		return func() []string {
			stdout, stderr, status := exportertest.Output(t, strings.Fields(args)...)
			if status != 0 || stderr != "" {
				t.Errorf("$ %s: got %d and on stderr %q", command, status, stderr)
			}
			return strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
		}
	}
	parts := regexp.MustCompile(`^curl -s localhost:9355(/\S*) \| grep -E '(.*)'$`).FindStringSubmatch(command)
	if parts == nil {
		t.Fatalf("the test does not understand %q", command)
	}
	pattern := regexp.MustCompile(parts[2])
	return func() []string { return grep(p.MustGet(t, parts[1]).Body, pattern) }
}

func grep(text string, pattern *regexp.Regexp) []string {
	var found []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSuffix(line, "\n"); pattern.MatchString(line) {
			found = append(found, line)
		}
	}
	return found
}

// masked returns the lines in order, without what differs from run to run.
func masked(lines []string) []string {
	varies := regexp.MustCompile(`127\.0\.0\.1:\d+|[0-9a-f]{40}`)
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = varies.ReplaceAllString(line, "X")
	}
	slices.Sort(out)
	return out
}

func TestToolsOfTheTests(t *testing.T) {
	for _, tool := range []string{"prometheus", "promtool", "redis-server", "redis-cli"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Errorf("%v: run `make test`, which installs it", err)
		}
	}
}
