//go:build compose

package composetest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An engine is a Docker engine of the test's own: its images have the names of
// others, and nothing of a user's engine must be changed. It needs no rules of a
// firewall, and leaves none.
type engine struct {
	dir string // of all that it keeps
	env []string
}

// startEngine runs it until the test's end, when nothing of it may be left.
func startEngine(t *testing.T) *engine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("a Docker engine takes root")
	}
	dir := t.TempDir()
	socket := "unix://" + dir + "/docker.sock"
	e := &engine{dir: dir, env: append(os.Environ(),
		"DOCKER_HOST="+socket, "COMPOSE_PROJECT_NAME=composetest",
		"DOCKER_BUILDKIT=0", "COMPOSE_DOCKER_CLI_BUILD=0", // Debian has no BuildKit
	)}
	log, err := os.Create(filepath.Join(t.ArtifactDir(), "dockerd.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dockerd", "--host="+socket, "--data-root="+dir+"/data", "--exec-root="+dir+"/exec", "--pidfile="+dir+"/pid",
		"--containerd-namespace=composetest", "--containerd-plugins-namespace=composetest-plugins",
		"--bridge=none", "--iptables=false", "--ip6tables=false")
	cmd.Stdout, cmd.Stderr = log, log
	err = cmd.Start()
	_ = log.Close() // the child has its own descriptor
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // how it ended is in its log
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // fails only if it has ended already
		<-ended
		e.nothingIsLeft(t)
		if t.Failed() {
			t.Logf("the end of the engine's log:\n%s", tail(log.Name()))
		}
	})
	eventually(t, "the engine answers", time.Minute, func() bool {
		select {
		case <-ended:
			t.Fatalf("the engine ended at once:\n%s", tail(log.Name()))
		default:
		}
		_, err := e.try(t.Context(), "docker", "version")
		return err == nil
	})
	return e
}

// nothingIsLeft looks for processes and mounts.
func (e *engine) nothingIsLeft(t *testing.T) {
	t.Helper()
	ctx := context.Background() // that of the test has ended
	var left []string
	until(ctx, time.Minute, func() bool {
		left = nil
		files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, file := range files {
			line, _ := os.ReadFile(file) // a process that has ended has none
			if strings.Contains(string(line), e.dir) {
				left = append(left, strings.ReplaceAll(string(line), "\x00", " "))
			}
		}
		mounts, err := os.ReadFile("/proc/mounts")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(mounts)) {
			if strings.Contains(line, e.dir) {
				left = append(left, line)
			}
		}
		return len(left) == 0
	})
	if len(left) > 0 {
		t.Errorf("the engine left behind:\n%s", strings.Join(left, "\n"))
	}
}

// try runs a program that uses the engine, and returns what it prints.
func (e *engine) try(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = root, e.env
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return string(out) + errs.String(), err
	}
	return string(out), nil
}

// run is try where it must succeed.
func (e *engine) run(t *testing.T, program string, args ...string) string {
	t.Helper()
	begin := time.Now()
	out, err := e.try(t.Context(), program, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Logf("%3.0f s: %s %s", took.Seconds(), program, strings.Join(args, " "))
	}
	return out
}

// tail returns the last lines of a file.
func tail(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(text), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}

// until waits for a condition and reports whether it has come.
func until(ctx context.Context, within time.Duration, ok func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// eventually is until where it must come.
func eventually(t *testing.T, what string, within time.Duration, ok func() bool) {
	t.Helper()
	if !until(t.Context(), within, ok) {
		t.Fatalf("it did not happen in %s that %s", within, what)
	}
}
