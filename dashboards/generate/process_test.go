package main

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// start runs a server until the test's end or until it is stopped, and waits until
// it is ready.
func start(t *testing.T, name, ready, program string, args ...string) (stop func()) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	err = cmd.Start()
	_ = log.Close() // the child has its own descriptor
	if err != nil {
		t.Fatalf("%v (`make test` installs it)", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // how it ended is in its log
	}()
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // fails only if it has ended already
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
	}
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			lines := strings.Split(readFile(t, log.Name()), "\n")
			t.Logf("the end of the log of %s:\n%s", name, strings.Join(lines[max(0, len(lines)-20):], "\n"))
		}
	})
	sentineltest.WaitFor(t, name+" is ready", func() bool {
		select {
		case <-ended:
			t.Fatalf("%s ended at once:\n%s", name, readFile(t, log.Name()))
		default:
		}
		status, _ := post(t.Context(), ready, nil)
		return status == http.StatusOK
	})
	return stop
}

// post sends a form, or asks for a page where there is none to send.
func post(ctx context.Context, address string, form url.Values) (status int, body []byte) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	method := http.MethodPost
	if form == nil {
		method = http.MethodGet
	}
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, []byte(err.Error())
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Close = true // no idle connection stays behind
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(response.Body)
	if err != nil {
		return 0, []byte(err.Error())
	}
	return response.StatusCode, body
}
