package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestNeedsNoPrivilegeAndNoFile runs the exporter as nobody, without a capability, in
// a directory in which it can make nothing, and with a limit of 0 bytes for what it
// writes to any file. All pages are there all the same.
func TestNeedsNoPrivilegeAndNoFile(t *testing.T) {
	t.Parallel()
	topology := sentineltest.Run(t, sentineltest.Config{Replicas: 1})
	addresses := topology.SentinelAddrs()
	p := exportertest.StartCommand(t, powerless(t, "--log.level=debug", "--config.file=/dev/null", "--sentinel.address="+strings.Join(addresses, ",")))

	for _, address := range addresses {
		sentineltest.WaitFor(t, "its answer and its events", func() bool {
			got := p.MustGet(t, "/metrics")
			return got.Has(fmt.Sprintf("redis_sentinel_up{sentinel=%q} 1", address)) && got.Has(fmt.Sprintf("redis_sentinel_event_stream_up{sentinel=%q} 1", address))
		})
	}
	for _, path := range []string{"/", "/status", "/sd", "/-/healthy", "/-/ready", "/probe?target=" + addresses[0]} {
		p.MustGet(t, path)
	}
	if got, err := p.Get("/health"); err != nil || !strings.Contains(got.Body, `"mymaster"`) {
		t.Errorf("/health: got %q, %v", got.Body, err)
	}
	status := p.Procfs(t, "status")
	for _, set := range []string{"CapPrm", "CapEff", "CapAmb"} {
		if !strings.Contains(status, set+":\t0000000000000000\n") {
			t.Errorf("it has capabilities:\n%s", status)
		}
	}
	if limits := p.Procfs(t, "limits"); !strings.Contains(strings.Join(strings.Fields(limits), " "), "Max file size 0 0 bytes") {
		t.Errorf("it may write files:\n%s", limits)
	}
	p.Signal(t, syscall.SIGTERM)
	<-p.Ended // with status 0, or startCommand says so
}

// powerless is a command that becomes the exporter with no power over anything.
func powerless(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	// By this path the test's binary can be run by those who may not enter its directory.
	cmd := exec.Command("prlimit", append([]string{"--fsize=0", "--", "/proc/self/fd/3"}, args...)...)
	cmd.ExtraFiles = []*os.File{file}
	cmd.Dir = "/"
	cmd.Env = []string{"HOME=/", "TMPDIR=/", exportertest.Variable}
	if os.Geteuid() == 0 {
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}
