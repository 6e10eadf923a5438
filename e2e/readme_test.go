package e2e

import (
	"flag"
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

	"redis_sentinel_exporter/internal/sentineltest"
)

//go:generate go test -run ^TestREADMEFlags$ . -update

var update = flag.Bool("update", false, "write the README's table of flags again")

const (
	readmeFile = "README.md"
	flagsBegin = "<!-- flags: written by `make docs` -->\n"
	flagsEnd   = "<!-- flags: end -->\n"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(readmeFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestREADMEFlags(t *testing.T) {
	text := readme(t)
	before, rest, found := strings.Cut(text, flagsBegin)
	got, after, closed := strings.Cut(rest, flagsEnd)
	if !found || !closed {
		t.Fatal("the marks of the table are missing")
	}
	want := flagsTable(t)
	if *update {
		if err := os.WriteFile(readmeFile, []byte(before+flagsBegin+want+flagsEnd+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the table of flags is not what `make docs` writes (-want +got):\n%s", diff)
	}
}

func flagsTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| flag | default | |\n|---|---|---|\n")
	for _, f := range ownFlags(t) {
		value := strings.Join(f.Default, ", ")
		switch {
		case f.IsBoolFlag() && value == "true":
			value = "on; `--no-" + f.Name + "`"
		case f.IsBoolFlag():
			value = "off"
		case value != "":
			value = "`" + value + "`"
		}
		_, _ = fmt.Fprintf(&b, "| `--%s` | %s | %s |\n", f.Name, value, strings.ReplaceAll(f.Help, "|", `\|`))
	}
	return b.String()
}

// The endpoints are there, and there are no others in the table.
func TestREADMEEndpoints(t *testing.T) {
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 2, Peers: 2})
	p := start(t, "--sentinel.address="+fake.Addr(), "--config.file="+configFile(t, ""), "--web.enable-lifecycle")
	_, section, _ := strings.Cut(readme(t), "\n## Endpoints\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var paths []string
	for line := range strings.Lines(section) {
		if cell, ok := strings.CutPrefix(line, "| `"); ok {
			cell, _, _ = strings.Cut(cell, " |")
			paths = append(paths, strings.Split(strings.ReplaceAll("`"+cell, "`", ""), ", ")...)
		}
	}
	if want := []string{"/metrics", "/status", "/health", "/probe", "/-/reload", "/sd", "/-/healthy", "/-/ready", "/"}; !slices.Equal(paths, want) {
		t.Errorf("got the endpoints %v, want %v", paths, want)
	}
	for _, path := range paths {
		switch path {
		case "/probe":
			path += "?target=" + fake.Addr()
		case "/-/reload":
			if a, err := p.get(path); err != nil || a.status != http.StatusMethodNotAllowed {
				t.Errorf("GET %s: got %d, %v", path, a.status, err)
			}
			continue
		}
		p.mustGet(t, path)
	}
	if body := p.mustGet(t, "/metrics?name[]=redis_sentinel_up").body; strings.Count(body, "# TYPE") != 1 {
		t.Errorf("?name[]=: got\n%s", body)
	}
}

func TestREADMEMetricsAreThere(t *testing.T) {
	p := start(t, "--sentinel.address="+sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 1, Peers: 1}).Addr())
	body := p.mustGet(t, "/metrics").body
	for _, metric := range regexp.MustCompile("`(redis_sentinel_[a-z_]+)`").FindAllStringSubmatch(readme(t), -1) {
		if !strings.Contains(body, "# TYPE "+metric[1]+" ") {
			t.Errorf("there is no %s", metric[1])
		}
	}
	if got := strings.Count(body, "# TYPE redis_sentinel_replica_"); !strings.Contains(readme(t), fmt.Sprintf("no metrics | %d:", got)) {
		t.Errorf("a replica has %d metrics", got)
	}
}

func TestPrometheusConfigurationsShown(t *testing.T) {
	blocks := slices.Concat(fenced(readme(t), "yaml"), fenced(page(t, os.DirFS("."), "docs/migrating.md"), "yaml"))
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
	t.Setenv(passwordVariable, "sesame")
	p := start(t, "--sentinel.address="+address, "--sentinel.username=exporter", "--collector.info-cache")
	body := p.mustGet(t, "/metrics").body
	if !strings.Contains(body, `redis_sentinel_up{sentinel="`+address+`"} 1`) {
		t.Errorf("it is not up:\n%s", p.stderr)
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
	waitFor(t, "check to find it", func() bool { // the Sentinels learn of it by INFO, and are to be settled
		out, _, status := output(t, "check", "mymaster", "--sentinel.address="+strings.Join(topology.SentinelAddrs(), ","))
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
	p := start(t, "--sentinel.address="+strings.Join(topology.SentinelAddrs(), ","))
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

// A step is a command of the tour with what it prints.
type step struct {
	command string
	output  []string
}

func tour(text string) []step {
	var steps []step
	for _, block := range fenced(text, "console") {
		for line := range strings.Lines(block) {
			line = strings.TrimSuffix(line, "\n")
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				steps = append(steps, step{command: command})
			} else {
				last := &steps[len(steps)-1]
				last.output = append(last.output, line)
			}
		}
	}
	return steps
}

// parseCommand understands the two forms of command that the tour has: a curl with
// a grep, and the exporter's own. It returns what gives the lines of the output.
func parseCommand(t *testing.T, p *program, sentinel, command string) func() []string {
	t.Helper()
	if args, ok := strings.CutPrefix(command, "./redis_sentinel_exporter "); ok {
		args = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(args, sentinel)
		return func() []string {
			stdout, stderr, status := output(t, strings.Fields(args)...)
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
	return func() []string { return grep(p.mustGet(t, parts[1]).body, pattern) }
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

// fenced returns the blocks of code in a language.
func fenced(text, language string) []string {
	var blocks []string
	for _, match := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, match[1])
	}
	return blocks
}

func TestToolsOfTheTests(t *testing.T) {
	for _, tool := range []string{"prometheus", "promtool", "redis-server", "redis-cli"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Errorf("%v: run `make test`, which installs it", err)
		}
	}
}
