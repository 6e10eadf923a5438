package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// A drillReport is what is looked at of the JSON of a drill.
type drillReport struct {
	Outcome   string
	Reasons   []string
	Failovers []struct {
		Lost *int `json:"lost_writes"`
	}
	Remains []string `json:"key_remains"`
}

// TestDrill: the command has an exit code and JSON for CI. SIGTERM in the middle leaves no key and no pause behind.
func TestDrill(t *testing.T) {
	t.Parallel()
	const password = "canary-drill"
	topology := sentineltest.Run(t, sentineltest.Config{
		DownAfter: 20 * time.Second, NodeConf: []string{"save 3600 1", "user drill on >" + password + " ~redis_sentinel_exporter:drill:* +@all"},
	})
	args := []string{
		"drill", "mymaster", "--fence", "--output=json", "--max-gap=1m", "--sentinel.address=" + strings.Join(topology.SentinelAddrs(), ","),
		"--node.username=drill", "--node.password-file=" + exportertest.TempFile(t, password),
	}
	for _, n := range topology.Nodes() {
		args = append(args, "--host-map="+n.Addr()+"="+n.Name())
	}
	if _, stderr, status := exportertest.Output(t, args...); status != 2 {
		t.Errorf("without --yes: exit code %d", status)
	} else {
		wantOneLine(t, stderr, "--yes")
	}
	args = append(args, "--yes")
	// It is refused until the Sentinels have heard of all nodes, and after a failover until they have heard of the roles.
	sentineltest.WaitFor(t, "the drill", func() bool {
		status, report, said := runDrill(t, args, "")
		if report.Outcome == "refused" {
			return false
		}
		if status != 0 || report.Outcome != "passed" || len(report.Failovers) != 1 || report.Failovers[0].Lost == nil || *report.Failovers[0].Lost != 0 {
			t.Errorf("exit code %d, %+v\n%s", status, report, said)
		}
		return true
	})
	sentineltest.WaitFor(t, "the drill that is ended", func() bool {
		status, report, said := runDrill(t, args, "writes wait")
		if report.Outcome == "refused" {
			return false
		}
		if status != 2 || report.Outcome != "failed" || len(report.Remains) > 0 || len(report.Reasons) != 1 || !strings.HasPrefix(report.Reasons[0], "interrupted: ") {
			t.Errorf("exit code %d, %+v\n%s", status, report, said)
		}
		return true
	})
	for _, n := range topology.Masters[0].DataNodes() {
		if keys, err := n.CLI(t.Context(), "KEYS", "redis_sentinel_exporter:*"); err != nil || keys != "" {
			t.Errorf("%s has %s, %v", n.Name(), keys, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if _, err := n.CLI(ctx, "SET", "after", "1"); err != nil && !strings.Contains(err.Error(), "READONLY") {
			t.Errorf("%s takes no writes: %v", n.Name(), err)
		}
		cancel()
	}
}

// runDrill runs the command in a process of its own, and sends it SIGTERM after a line of its progress with these words.
func runDrill(t *testing.T, args []string, terminateAt string) (status int, report drillReport, said string) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), exportertest.Variable)
	var stdout strings.Builder
	cmd.Stdout = &stdout
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		said += lines.Text() + "\n"
		if terminateAt != "" && strings.Contains(lines.Text(), terminateAt) {
			_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
			terminateAt = ""
		}
	}
	err = cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	} else if ok {
		status = exit.ExitCode()
	}
	if err := json.Unmarshal([]byte(stdout.String()), &report); err != nil {
		t.Fatalf("exit code %d, %v:\n%s%s", status, err, &stdout, said)
	}
	if strings.Contains(stdout.String()+said, "canary") {
		t.Errorf("the password is told:\n%s%s", &stdout, said)
	}
	return status, report, said
}
