package docs_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// The examples of docs/admin.md print here what they print there, but for the
// addresses and times.
func TestAdminExamples(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("admin.md")
	if err != nil {
		t.Fatal(err)
	}
	topology := sentineltest.Run(t, sentineltest.Config{})
	_, address := exportertest.StartAdmin(t, exportertest.TempFile(t, exportertest.AdminUsers), "--sentinel.address="+strings.Join(topology.SentinelAddrs(), ","))
	master := topology.Masters[0].Node.Addr()
	varies := regexp.MustCompile(`127\.0\.0\.1:\d+|"duration_seconds": [0-9.]+`)
	mask := func(output string) string { return strings.TrimSpace(varies.ReplaceAllString(output, "X")) }
	steps := tour(string(text))
	if len(steps) < 9 {
		t.Fatalf("got %d examples", len(steps))
	}
	for _, step := range steps {
		line := strings.ReplaceAll(step.command, "localhost:9356", address)
		line = strings.ReplaceAll(line, "127.0.0.1:6380", master)
		command := exec.Command("sh", "-c", line)
		command.Env = append(os.Environ(), "PASSWORD="+exportertest.AdminPassword)
		out, err := command.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if diff := cmp.Diff(mask(strings.Join(step.output, "\n")), mask(string(out))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.command, diff)
		}
		if strings.Contains(step.command, "/failover |") {
			if master, err = topology.Master(t.Context(), "mymaster"); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, got := range topology.MasterField(t.Context(), "mymaster", "failover-timeout") {
		if got != "60000" {
			t.Errorf("a Sentinel has the failover-timeout %q", got)
		}
	}
}

// The user of docs/admin.md, with what the README has for reading, may do it all.
func TestAdminACL(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("admin.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(readme(t), "\n## A Sentinel with ACLs\n")
	rule := strings.Replace(strings.TrimSpace(fenced(section, "text")[0]), ">PASSWORD", ">sesame", 1) + " " + strings.TrimSpace(fenced(string(text), "text")[0])
	topology := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: 1, ACL: []string{rule}})
	file := exportertest.TempFile(t, "sesame\n")
	for _, words := range [][]string{
		{"set", "mymaster", "parallel-syncs", "2"}, {"reset", "mymaster"}, {"failover", "mymaster"}, {"flush-config"}, {"remove", "mymaster"},
		{"monitor", "mymaster", topology.Masters[0].Replicas[0].Addr(), "1", "--set=parallel-syncs=2"}, // to which it failed over
	} {
		args := []string{"--sentinel.address=" + topology.SentinelAddrs()[0], "--sentinel.username=exporter", "--sentinel.password-file=" + file}
		args = append(append(args, words...), "--yes")
		if _, stderr, status := exportertest.Output(t, args...); status != 0 {
			t.Errorf("%v: exit code %d:\n%s", words, status, stderr)
		}
	}
	if log, err := topology.Sentinels[0].CLI(t.Context(), "ACL", "LOG"); err != nil || strings.TrimSpace(log) != "" {
		t.Errorf("the Sentinel has logged refusals: %v\n%s", err, log)
	}
}
