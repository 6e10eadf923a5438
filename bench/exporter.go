package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// An exporter is a child process that asks the given Sentinels.
type exporter struct {
	cmd *exec.Cmd
	url string
}

func startExporter(ctx context.Context, binary string, sentinels []string) (*exporter, error) {
	addr, err := freeAddr(sentinelIP(0))
	if err != nil {
		return nil, err
	}
	args := []string{"--web.listen-address=" + addr, "--log.level=error", "--sentinel.timeout=60s"}
	for _, s := range sentinels {
		args = append(args, "--sentinel.address="+s)
	}
	return start(ctx, addr, binary, args)
}

// startPeer starts redis_exporter, which asks one Sentinel.
func startPeer(ctx context.Context, binary, sentinel string) (*exporter, error) {
	addr, err := freeAddr(sentinelIP(0))
	if err != nil {
		return nil, err
	}
	return start(ctx, addr, binary, []string{"--web.listen-address=" + addr, "--redis.addr=redis://" + sentinel, "--connection-timeout=60s"})
}

// start starts an exporter that listens at addr, and waits for its first scrape.
func start(ctx context.Context, addr, binary string, args []string) (*exporter, error) {
	e := &exporter{cmd: exec.Command(binary, args...), url: "http://" + addr + "/metrics"} //nolint:gosec // the caller chooses the binary
	e.cmd.Stderr = os.Stderr
	if err := e.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the exporter: %w", err)
	}
	for {
		if _, err := e.scrape(ctx, plain); err == nil {
			return e, nil
		}
		if err := ctx.Err(); err != nil {
			e.stop()
			return nil, fmt.Errorf("waiting for the exporter: %w", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (e *exporter) stop() {
	_ = e.cmd.Process.Kill()
	_ = e.cmd.Wait()
}

// How a scrape wants its answer.
const (
	plain  = "identity"
	packed = "gzip" // as Prometheus does
)

// scrape reads the metrics and returns the size of the body on the wire.
func (e *exporter) scrape(ctx context.Context, encoding string) (int64, error) {
	body, err := e.get(ctx, encoding)
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }()
	return io.Copy(io.Discard, body)
}

func (e *exporter) get(ctx context.Context, encoding string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", encoding)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("the exporter answered %s", resp.Status)
	}
	return resp.Body, nil
}

// warmUp scrapes until nothing happens for the first time, and returns what has been used.
func (e *exporter) warmUp(ctx context.Context) (usage, error) {
	for range 3 {
		if _, err := e.scrape(ctx, plain); err != nil {
			return usage{}, err
		}
	}
	return e.usage(ctx)
}

// usage is what the exporter's process has used so far.
type usage struct {
	cpu     time.Duration
	mallocs float64
	samples int
}

// usage reads a scrape: its own cost is part of the next difference, as that of
// any other scrape.
func (e *exporter) usage(ctx context.Context) (usage, error) {
	body, err := e.get(ctx, plain)
	if err != nil {
		return usage{}, err
	}
	defer func() { _ = body.Close() }()
	u := usage{}
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "redis_") {
			u.samples++
		}
		if value, found := strings.CutPrefix(line, "go_memstats_mallocs_total "); found {
			u.mallocs, _ = strconv.ParseFloat(value, 64)
		}
	}
	u.cpu, err = cpuTime(e.cmd.Process.Pid)
	return u, err
}

// cpuTime is what a process has run so far, in the kernel's nanoseconds: the
// ticks of /proc/PID/stat are too coarse for a scrape.
func cpuTime(pid int) (time.Duration, error) {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return 0, err
	}
	var total time.Duration
	for _, task := range tasks {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", pid, task.Name()))
		if err != nil {
			continue // the thread has ended
		}
		var ns int64
		if _, err := fmt.Sscan(string(text), &ns); err != nil {
			return 0, err
		}
		total += time.Duration(ns)
	}
	return total, nil
}

// peakRSS is the most memory that a process has held, in bytes.
func peakRSS(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kb int64
	if _, err := fmt.Sscan(rest, &kb); err != nil {
		return 0, err
	}
	return kb << 10, nil
}
