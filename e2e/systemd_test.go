package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestServiceOfSystemd: the program tells systemd that it is ready when all its listeners answer,
// that it lives as long as it runs, and when it stops.
func TestServiceOfSystemd(t *testing.T) {
	t.Parallel()
	admin := sentineltest.FreeAddr(t)
	const within = 2 * time.Second // systemd wants a sign of life
	cmd := serviceCommand(t, within, "--admin.listen-address="+admin, "--admin.config.file="+exportertest.TempFile(t, exportertest.AdminUsers))
	addresses := make(chan string, 2)
	systemd := runSystemd(t, func(state string) {
		if state != "READY=1" {
			return
		}
		for range cap(addresses) {
			response, err := http.Get("http://" + <-addresses + "/-/healthy")
			if err != nil {
				t.Errorf("it is ready, but does not answer: %v", err)
				continue
			}
			_ = response.Body.Close()
		}
		http.DefaultClient.CloseIdleConnections()
	})
	cmd.Env = append(cmd.Env, "NOTIFY_SOCKET="+systemd.socket)
	p := exportertest.StartCommand(t, cmd)
	addresses <- p.Addr()
	addresses <- admin

	const signs = 4
	systemd.hears(t, "WATCHDOG=1", signs)
	heard := systemd.all()
	if heard[0].state != "READY=1" {
		t.Errorf("the first is %s", heard[0].state)
	}
	var gaps []time.Duration
	for i := range signs {
		gaps = append(gaps, heard[i+1].at.Sub(heard[i].at))
	}
	slices.Sort(gaps)
	if median := gaps[signs/2]; median >= within/2 { // one may be late on a busy machine
		t.Errorf("systemd wants a sign of life every %s, and gets one every %s", within, median)
	}

	p.Signal(t, syscall.SIGSTOP)
	systemd.hearsNothingFor(t, 2*within)
	p.Signal(t, syscall.SIGCONT)
	systemd.hears(t, "WATCHDOG=1", systemd.count("WATCHDOG=1")+2)
	p.Signal(t, syscall.SIGTERM)
	<-p.Ended
	systemd.hears(t, "STOPPING=1", 1)
	heard = systemd.all()
	if systemd.count("READY=1") != 1 || heard[len(heard)-1].state != "STOPPING=1" {
		t.Errorf("systemd heard %v", heard)
	}
	if log := p.Stderr.String(); strings.Contains(log, "could not be told") {
		t.Errorf("got the log\n%s", log)
	}
}

// TestServiceThatCannotListen: a program of which one listener cannot be opened is never ready.
func TestServiceThatCannotListen(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	systemd := runSystemd(t, func(string) {})
	cmd := serviceCommand(t, time.Minute, "--web.listen-address="+sentineltest.FreeAddr(t),
		"--admin.listen-address="+taken.Addr().String(), "--admin.config.file="+exportertest.TempFile(t, exportertest.AdminUsers))
	cmd.Env = append(cmd.Env, "NOTIFY_SOCKET="+systemd.socket)
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "address already in use") {
		t.Errorf("it ended with %v:\n%s", err, out)
	}
	if n := systemd.count("READY=1"); n > 0 {
		t.Error("it said that it is ready")
	}
}

// TestNoService: a watchdog without a socket to tell changes nothing, and a socket that is gone
// is only logged.
func TestNoService(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env  []string
		said bool
	}{
		"no socket":             {nil, false},
		"a socket that is gone": {[]string{"NOTIFY_SOCKET=" + filepath.Join(t.TempDir(), "none")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := serviceCommand(t, 30*time.Millisecond)
			cmd.Env = append(cmd.Env, tc.env...)
			p := exportertest.StartCommand(t, cmd)
			for range 3 {
				p.MustGet(t, "/metrics")
			}
			p.Signal(t, syscall.SIGTERM)
			<-p.Ended
			if log := p.Stderr.String(); strings.Contains(log, "systemd could not be told") != tc.said {
				t.Errorf("got the log\n%s", log)
			}
		})
	}
}

// serviceCommand is the exporter as systemd starts it with Type=notify and WatchdogSec=, but for
// the socket.
func serviceCommand(t *testing.T, watchdog time.Duration, args ...string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	args = append([]string{"-c", `WATCHDOG_PID=$$ exec "$0" "$@"`, binary, "--sentinel.address=" + fake.Addr()}, args...)
	cmd := exec.Command("/bin/sh", args...)
	cmd.Env = append(os.Environ(), exportertest.Variable, fmt.Sprintf("WATCHDOG_USEC=%d", watchdog.Microseconds()))
	return cmd
}

// A systemd is one as far as a service that tells it something sees it.
type systemd struct {
	socket string

	mu    sync.Mutex
	heard []told
}

// told is what it was told at some time.
type told struct {
	state string
	at    time.Time
}

// runSystemd listens until the test's end, and calls a function with each state.
func runSystemd(t *testing.T, each func(state string)) *systemd {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	s := &systemd{socket: filepath.Join(dir, "socket")}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: s.socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 4096)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			state := string(buf[:n])
			s.mu.Lock()
			s.heard = append(s.heard, told{state, time.Now()})
			s.mu.Unlock()
			each(state)
		}
	})
	t.Cleanup(func() {
		_ = conn.Close()
		wg.Wait()
		_ = os.RemoveAll(dir)
	})
	return s
}

func (s *systemd) all() []told {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heard)
}

func (s *systemd) count(state string) int {
	n := 0
	for _, h := range s.all() {
		if h.state == state {
			n++
		}
	}
	return n
}

// hears waits until it has been told a state so many times.
func (s *systemd) hears(t *testing.T, state string, times int) {
	t.Helper()
	sentineltest.WaitFor(t, fmt.Sprintf("%d times %s", times, state), func() bool { return s.count(state) >= times })
}

// hearsNothingFor fails if anything is told in some time, but for what was on its way.
func (s *systemd) hearsNothingFor(t *testing.T, long time.Duration) {
	t.Helper()
	time.Sleep(long / 4)
	before := s.all()
	time.Sleep(long) // that nothing happens has no condition to wait for
	if after := s.all(); len(after) > len(before) {
		t.Errorf("systemd heard %v", after[len(before):])
	}
}
