package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"redis_sentinel_exporter/internal/sentineltest"
)

// beTheExporter is set where the test's binary is to be the program itself: to the
// address of the nameserver that it is to ask, or to usualNames.
const (
	beTheExporter = "BE_THE_EXPORTER"
	usualNames    = "usual names"
)

// beExporter is the whole program; it does not return.
func beExporter(nameserver string) {
	if nameserver != usualNames {
		askOnly(nameserver)
	}
	main()
}

// A process is a run of the exporter in a process of its own, whose memory and
// signals are not the test's.
type process struct {
	program
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended
}

// startProcess runs the exporter on a free port and waits until it serves. The
// test's end stops it.
func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	return startProcessWith(t, usualNames, args...)
}

// startProcessWith is startProcess with a nameserver of the test's own.
func startProcessWith(t *testing.T, nameserver string, args ...string) *process {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), beTheExporter+"="+nameserver)
	return startCommand(t, cmd)
}

// startCommand runs a command that becomes the exporter, with one more flag.
func startCommand(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	address := sentineltest.FreeAddr(t)
	p := &process{program: program{url: "http://" + address, stderr: &lockedBuffer{}}, cmd: cmd, ended: make(chan struct{})}
	p.cmd.Args = append(p.cmd.Args, "--web.listen-address="+address)
	// The race detector would have it wait for a second before it ends.
	p.cmd.Env = append(p.cmd.Env, "GORACE=atexit_sleep_ms=0")
	p.cmd.Stderr = p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(p.ended)
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("it ended with %v:\n%s", err, p.stderr)
		}
	})
	t.Cleanup(func() {
		if !p.hasEnded() {
			p.signal(t, syscall.SIGTERM)
		}
		wg.Wait()
	})
	waitFor(t, "the exporter to serve", func() bool { return strings.Contains(p.stderr.String(), "Started") })
	return p
}

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

func (p *process) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Error(err)
	}
}

// value is that of one of the exporter's metrics, which has no labels.
func (p *process) value(t *testing.T, name string) float64 {
	t.Helper()
	return sampleOf(t, p.mustGet(t, "/metrics").body, name)
}

// sampleOf reads the value of a metric without labels.
func sampleOf(t *testing.T, body, name string) float64 {
	t.Helper()
	_, rest, _ := strings.Cut(body, "\n"+name+" ")
	line, _, _ := strings.Cut(rest, "\n")
	value, err := strconv.ParseFloat(line, 64)
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return value
}

func (p *process) residentBytes(t *testing.T) int64 {
	t.Helper()
	return int64(p.value(t, "process_resident_memory_bytes"))
}

// procfs reads what the kernel says of the process.
func (p *process) procfs(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readHealthy has a request answered over a connection, which then is idle.
func readHealthy(t *testing.T, conn net.Conn) *bufio.Reader {
	t.Helper()
	if _, err := io.WriteString(conn, "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	response, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("/-/healthy: got %d, %v", response.StatusCode, err)
	}
	return in
}
