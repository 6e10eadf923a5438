package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// usualPort is where the exporter listens by default.
const usualPort = "9355"

// An exporter is a child process.
type exporter struct {
	cmd   *exec.Cmd
	port  string
	dir   string // to be removed
	log   string // a file
	ended chan struct{}
}

// startExporter runs the exporter, which it builds where no binary is given, on
// these Sentinels, and waits until it is ready.
func startExporter(ctx context.Context, binary string, sentinels []string) (*exporter, error) {
	dir, err := os.MkdirTemp("", "redis_sentinel_exporter-demo-")
	if err != nil {
		return nil, fmt.Errorf("a directory for the exporter: %w", err)
	}
	e := &exporter{dir: dir, log: filepath.Join(dir, "log"), ended: make(chan struct{})}
	if err := e.start(ctx, binary, sentinels); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

func (e *exporter) start(ctx context.Context, binary string, sentinels []string) error {
	if binary == "" {
		binary = filepath.Join(e.dir, "redis_sentinel_exporter")
		//nolint:gosec // nothing of it comes from outside
		if out, err := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", binary, "redis_sentinel_exporter").CombinedOutput(); err != nil {
			return fmt.Errorf("building the exporter: %w\n%s", err, out)
		}
	}
	var err error
	if e.port, err = choosePort(ctx); err != nil {
		return err
	}
	log, err := os.Create(e.log)
	if err != nil {
		return fmt.Errorf("the exporter's log: %w", err)
	}
	defer func() { _ = log.Close() }() // the child has its own descriptor
	// It is ended by close, not by a context, so that it can shut down.
	cmd := exec.Command(binary, "--web.listen-address=:"+e.port, "--sentinel.address="+strings.Join(sentinels, ",")) //nolint:gosec // our own
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the demo, which then ends it
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the exporter: %w", err)
	}
	e.cmd = cmd
	go func() {
		defer close(e.ended)
		_ = cmd.Wait() // why it ended is in its log
	}()
	return e.waitReady(ctx)
}

// choosePort returns the exporter's usual port, or another where that is taken.
func choosePort(ctx context.Context) (string, error) {
	for _, port := range []string{usualPort, "0"} {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", ":"+port)
		if err != nil {
			continue
		}
		defer func() { _ = listener.Close() }()
		_, port, err = net.SplitHostPort(listener.Addr().String())
		return port, err
	}
	return "", errors.New("no port is free for the exporter")
}

func (e *exporter) waitReady(ctx context.Context) error {
	for {
		_, err := e.get(ctx, "/-/ready")
		if err == nil {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-e.ended:
			log, _ := os.ReadFile(e.log)
			return fmt.Errorf("the exporter ended as soon as it was started; it said:\n%s", log)
		case <-ctx.Done():
			return fmt.Errorf("the exporter does not get ready: %w", errors.Join(ctx.Err(), err))
		}
	}
}

func (e *exporter) url(path string) string { return "http://localhost:" + e.port + path }

func (e *exporter) get(ctx context.Context, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url(path), nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", path, response.Status)
	}
	return string(body), err
}

// close stops the process, if it runs, and removes its directory.
func (e *exporter) close() {
	if e.cmd != nil {
		_ = e.cmd.Process.Signal(syscall.SIGTERM) // fails only if it has ended already
		select {
		case <-e.ended:
		case <-time.After(10 * time.Second):
			_ = e.cmd.Process.Kill()
			<-e.ended
		}
	}
	_ = os.RemoveAll(e.dir)
}
