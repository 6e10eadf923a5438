package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/sentinel/sentineltest"
)

// asExporter makes this test program be the exporter, in a process of its own,
// where it is set; to the address of the nameserver that it is to ask.
const asExporter = "REDIS_SENTINEL_EXPORTER_TEST_NAMESERVER"

// exporter is the whole program until its standard input ends.
func exporter(nameserver string) int {
	askOnly(nameserver)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// startProcess is start in a process of its own, whose memory, goroutines and
// files are then nobody else's.
func startProcess(t *testing.T, names *nameserver, args ...string) *program {
	t.Helper()
	address := sentineltest.FreeAddr(t)
	command := exec.Command(os.Args[0], append([]string{"--web.listen-address=" + address}, args...)...)
	command.Env = append(os.Environ(), asExporter+"="+names.addr())
	p := &program{url: "http://" + address, stderr: &lockedBuffer{}, status: make(chan int, 1)}
	command.Stderr = p.stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = command.Wait() // its status says it
		p.status <- command.ProcessState.ExitCode()
	}()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the exporter said\n%s", p.stderr)
		}
		_ = stdin.Close()
		select {
		case status := <-p.status:
			if status != 0 {
				t.Errorf("the exporter ended with %d:\n%s", status, p.stderr)
			}
		case <-time.After(20 * time.Second):
			_ = command.Process.Kill()
			t.Errorf("the exporter did not end; it said\n%s", p.stderr)
			<-p.status
		}
	})
	waitFor(t, "the exporter to serve", func() bool {
		if len(p.status) > 0 {
			t.Fatalf("it ended at once:\n%s", p.stderr)
		}
		return strings.Contains(p.stderr.String(), "Started")
	})
	return p
}
