package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/internal/sentineltest"
)

// The examples of docs/admin.md print here what they print there, but for the
// addresses and times.
func TestAdminExamples(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	r := newAdminRig(t, sentineltest.Config{})
	master := r.Masters[0].Node.Addr()
	varies := regexp.MustCompile(`127\.0\.0\.1:\d+|"duration_seconds": [0-9.]+`)
	mask := func(output string) string { return strings.TrimSpace(varies.ReplaceAllString(output, "X")) }
	steps := tour(string(text))
	if len(steps) < 9 {
		t.Fatalf("got %d examples", len(steps))
	}
	for _, step := range steps {
		line := strings.ReplaceAll(step.command, "localhost:9356", strings.TrimPrefix(r.url, "http://"))
		line = strings.ReplaceAll(line, "127.0.0.1:6380", master)
		command := exec.Command("sh", "-c", line)
		command.Env = append(os.Environ(), "PASSWORD="+adminPassword)
		out, err := command.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if diff := cmp.Diff(mask(strings.Join(step.output, "\n")), mask(string(out))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.command, diff)
		}
		if strings.Contains(step.command, "/failover |") {
			if master, err = r.Master(t.Context(), "mymaster"); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.shows("mymaster", "failover-timeout", "60000")
}

// The user of docs/admin.md, with what the README has for reading, may do it all.
func TestAdminACL(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(readme(t), "\n## A Sentinel with ACLs\n")
	rule := strings.Replace(strings.TrimSpace(fenced(section, "text")[0]), ">PASSWORD", ">sesame", 1) + " " + strings.TrimSpace(fenced(string(text), "text")[0])
	topology := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: 1, ACL: []string{rule}})
	file := configFile(t, "sesame\n")
	for _, words := range [][]string{
		{"set", "mymaster", "parallel-syncs", "2"}, {"reset", "mymaster"}, {"failover", "mymaster"}, {"flush-config"}, {"remove", "mymaster"},
		{"monitor", "mymaster", topology.Masters[0].Node.Addr(), "1", "--set=parallel-syncs=2"},
	} {
		args := []string{"--sentinel.address=" + topology.SentinelAddrs()[0], "--sentinel.username=exporter", "--sentinel.password-file=" + file}
		args = append(append(args, words...), "--yes")
		if _, stderr, status := output(t, args...); status != 0 {
			t.Errorf("%v: exit code %d:\n%s", words, status, stderr)
		}
	}
	if log, err := topology.Sentinels[0].CLI(t.Context(), "ACL", "LOG"); err != nil || strings.TrimSpace(log) != "" {
		t.Errorf("the Sentinel has logged refusals: %v\n%s", err, log)
	}
}
