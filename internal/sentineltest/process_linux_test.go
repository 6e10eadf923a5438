package sentineltest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// orphanDir tells the test binary, run again by TestServersDieWithTheTest, to be the test that dies.
const orphanDir = "SENTINELTEST_ORPHAN_DIR"

func TestServersDieWithTheTest(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(orphanDir); dir != "" {
		beKilled(t, dir)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestServersDieWithTheTest$")
	cmd.Env = append(os.Environ(), orphanDir+"="+t.TempDir())
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.String() != "signal: killed" {
		t.Fatalf("the other test ended with %v:\n%s", err, out)
	}
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	servers := 0
	for lines.Scan() {
		pid, err := strconv.Atoi(strings.TrimPrefix(lines.Text(), "server "))
		if err != nil {
			continue
		}
		servers++
		WaitFor(t, "the process to have ended", func() bool { return !running(t, pid) })
	}
	if servers != 2 {
		t.Errorf("%d servers, want 2:\n%s", servers, out)
	}
}

// beKilled starts servers, one of them hung, and dies without a chance to end them.
func beKilled(t *testing.T, dir string) {
	t.Helper()
	topology := Run(t, Config{Dir: dir, Replicas: None, Sentinels: 1})
	if err := topology.Sentinels[0].Hang(); err != nil {
		t.Fatal(err)
	}
	for _, n := range topology.Nodes() {
		fmt.Println("server", n.PID())
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {}
}

// running says whether a process is there and not a zombie that waits for its new parent.
func running(t *testing.T, pid int) bool {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(after, "Z")
}
