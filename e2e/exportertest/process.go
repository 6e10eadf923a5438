package exportertest

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"redis_sentinel_exporter/app"
	"redis_sentinel_exporter/internal/sentineltest"
)

// beTheExporter is set where the test's binary is to be the program itself: to the
// address of the nameserver that it is to ask, or to usualNames.
const (
	beTheExporter = "BE_THE_EXPORTER"
	usualNames    = "usual names"
)

// Variable makes the test's binary be the exporter if it is in its environment.
const Variable = beTheExporter + "=" + usualNames

// Main is what TestMain calls. It runs the tests and fails if they leave a goroutine
// behind; or it is the exporter, if StartProcess has started this process. It does not
// return.
func Main(m *testing.M) {
	switch nameserver := os.Getenv(beTheExporter); nameserver {
	case "":
		goleak.VerifyTestMain(m)
	default:
		askOnly(nameserver)
		fallthrough
	case usualNames:
		os.Exit(app.Main())
	}
}

// A Process is an Exporter in a process of its own, whose memory and signals are not
// the test's.
type Process struct {
	Exporter

	// Ended is closed when the process has ended.
	Ended chan struct{}

	cmd    *exec.Cmd
	killed atomic.Bool
}

// StartProcess runs the exporter in a process of its own, and returns when it serves.
// The test's end stops it. That it ends with another exit code than 0 fails the test.
func StartProcess(t testing.TB, args ...string) *Process {
	t.Helper()
	return startBinary(t, usualNames, args)
}

// StartProcessAt is StartProcess for an exporter that asks a nameserver of the test's
// own for all names.
func StartProcessAt(t testing.TB, names *Nameserver, args ...string) *Process {
	t.Helper()
	return startBinary(t, names.addr(), args)
}

func startBinary(t testing.TB, nameserver string, args []string) *Process {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, args...) //nolint:gosec // it is this program
	cmd.Env = append(os.Environ(), beTheExporter+"="+nameserver)
	return StartCommand(t, cmd)
}

// StartCommand is StartProcess for any command that becomes the exporter. It gets one
// more flag.
func StartCommand(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{Exporter: *newExporter(t), cmd: cmd, Ended: make(chan struct{})}
	p.cmd.Args = append(p.cmd.Args, p.listenFlag())
	// The race detector would have it wait for a second before it ends.
	p.cmd.Env = append(p.cmd.Env, "GORACE=atexit_sleep_ms=0")
	p.cmd.Stderr = p.Stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(p.Ended)
		if err := p.cmd.Wait(); err != nil && !p.killed.Load() {
			t.Errorf("the exporter ended with %v:\n%s", err, p.Stderr)
		}
	})
	t.Cleanup(func() {
		if !p.hasEnded() {
			p.Signal(t, syscall.SIGTERM)
		}
		wg.Wait()
	})
	sentineltest.WaitFor(t, "the exporter to serve", func() bool { return p.serves() || p.hasEnded() })
	if p.hasEnded() {
		t.FailNow()
	}
	return p
}

func (p *Process) hasEnded() bool {
	select {
	case <-p.Ended:
		return true
	default:
		return false
	}
}

// Signal sends a signal to the process.
func (p *Process) Signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Error(err)
	}
}

// Kill ends the process with SIGKILL and waits for it.
func (p *Process) Kill(t testing.TB) {
	t.Helper()
	p.killed.Store(true)
	p.Signal(t, syscall.SIGKILL)
	<-p.Ended
}

// Value scrapes the exporter and returns the value of a metric without labels.
func (p *Process) Value(t testing.TB, name string) float64 {
	t.Helper()
	return Sample(t, p.MustGet(t, "/metrics").Body, name)
}

// PID returns the id of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Procfs returns a file of the process in /proc, such as "status".
func (p *Process) Procfs(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
