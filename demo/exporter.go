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

	"redis_sentinel_exporter/internal/sentineltest"
)

// usualPort is where the exporter listens by default.
const usualPort = "9355"

// An exporter is a child process.
type exporter struct {
	*sentineltest.Program
	port string
	dir  string // to be removed
}

// startExporter starts the exporter for these Sentinels, and waits until it is ready. It
// builds the exporter if no binary is given.
func startExporter(ctx context.Context, binary string, sentinels []string) (*exporter, error) {
	dir, err := os.MkdirTemp("", "redis_sentinel_exporter-demo-")
	if err != nil {
		return nil, fmt.Errorf("a directory for the exporter: %w", err)
	}
	e := &exporter{dir: dir}
	if err := e.start(ctx, binary, sentinels); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return e, nil
}

func (e *exporter) start(ctx context.Context, binary string, sentinels []string) error {
	if binary == "" {
		binary = filepath.Join(e.dir, "redis_sentinel_exporter")
		module, err := exec.CommandContext(ctx, "go", "list", "-m").Output()
		if err != nil {
			return fmt.Errorf("the exporter's module: %w", err)
		}
		//nolint:gosec // nothing of it comes from outside
		if out, err := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", binary, strings.TrimSpace(string(module))).CombinedOutput(); err != nil {
			return fmt.Errorf("building the exporter: %w\n%s", err, out)
		}
	}
	var err error
	if e.port, err = choosePort(ctx, "", usualPort); err != nil {
		return err
	}
	ready := func(ctx context.Context) error {
		_, err := e.get(ctx, "/-/ready")
		return err
	}
	e.Program, err = sentineltest.StartProgram(ctx, filepath.Join(e.dir, "log"), ready,
		binary, "--web.listen-address=:"+e.port, "--sentinel.address="+strings.Join(sentinels, ","))
	return err
}

// choosePort returns the usual port, or another one where that is taken.
func choosePort(ctx context.Context, host, usual string) (string, error) {
	for _, port := range []string{usual, "0"} {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, port))
		if err != nil {
			continue
		}
		defer func() { _ = listener.Close() }()
		_, port, err = net.SplitHostPort(listener.Addr().String())
		return port, err
	}
	return "", errors.New("no port is free")
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

// close stops the process and removes its directory.
func (e *exporter) close() {
	e.Stop()
	_ = os.RemoveAll(e.dir)
}
