package sentineltest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// errAddressInUse is the error of a start if another program has taken the port; another port may work.
var errAddressInUse = errors.New("the port was taken by another program")

// A Node is one server of a topology: a master, a replica or a Sentinel. Its methods may be called concurrently.
type Node struct {
	name   string // of its directory and in errors: "master-0", "master-0-replica-1", "sentinel-2"
	host   string // as announced
	ip     string // as bound
	listen *port  // where the server itself listens
	relay  *Proxy // what the others see instead, when the topology is partitionable
	dir    string
	binary string
	args   []string
	cli    cliOptions
	ready  func(context.Context) error // what to do after each start, once it answers

	mu       sync.Mutex
	proc     *process // nil before the first start
	hung     bool
	isolated bool
}

// Name is the node's name within its topology, "master-0", "master-0-replica-1" or "sentinel-2".
func (n *Node) Name() string { return n.name }

// Addr is the address by which clients and the other nodes know the node.
func (n *Node) Addr() string { return net.JoinHostPort(n.host, strconv.Itoa(n.Port())) }

// Host is the host part of Addr.
func (n *Node) Host() string { return n.host }

// Port is the port of Addr.
func (n *Node) Port() int {
	if n.relay != nil {
		return n.relay.port.number
	}
	return n.listen.number
}

// Dir is the node's working directory, with its configuration file and its log.
func (n *Node) Dir() string { return n.dir }

// LogPath is the file that holds all that the server printed, over all its starts.
func (n *Node) LogPath() string { return filepath.Join(n.dir, "log") }

// Log returns what the server printed so far.
func (n *Node) Log() (string, error) {
	b, err := os.ReadFile(n.LogPath())
	if err != nil {
		return "", fmt.Errorf("sentineltest: the log of %s: %w", n.name, err)
	}
	return string(b), nil
}

// PID is the process id, 0 when the node does not run.
func (n *Node) PID() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.runningLocked() {
		return 0
	}
	return n.proc.pid()
}

// Live reports whether the node runs, and is neither hung nor isolated.
func (n *Node) Live() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.runningLocked() && !n.hung && !n.isolated
}

func (n *Node) runningLocked() bool {
	return n.proc != nil && !n.proc.ended()
}

// Kill ends the node with SIGKILL, also a hung one, and waits for it. A node that does not run is left alone.
func (n *Node) Kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.proc != nil {
		n.proc.kill()
	}
	n.hung = false
}

// Stop ends the node with SIGTERM and waits for it; it is killed, and that is an error, if it takes over five seconds.
func (n *Node) Stop() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.runningLocked() {
		return nil
	}
	n.hung = false
	const patience = 5 * time.Second
	if !n.proc.stop(patience) {
		return fmt.Errorf("sentineltest: %s did not end within %s of SIGTERM and was killed", n.name, patience)
	}
	return nil
}

// Hang stops the node with SIGSTOP: its connections stay open, the kernel goes on accepting new ones, and nothing answers.
func (n *Node) Hang() error { return n.pause(syscall.SIGSTOP, true) }

// Resume lets a hung node go on.
func (n *Node) Resume() error { return n.pause(syscall.SIGCONT, false) }

func (n *Node) pause(sig syscall.Signal, hung bool) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.runningLocked() {
		return fmt.Errorf("sentineltest: %s does not run", n.name)
	}
	if err := n.proc.signal(sig); err != nil {
		return err
	}
	n.hung = hung
	return nil
}

// Restart starts the node again, after stopping it if it runs, with the same port, directory and configuration file (which
// the server may have rewritten), and waits until it answers.
func (n *Node) Restart(ctx context.Context) error {
	if err := n.Stop(); err != nil {
		return err
	}
	return n.start(ctx)
}

// start starts the server and waits until it answers.
func (n *Node) start(ctx context.Context) error {
	proc, err := startProcess(dieWithParent(), n.dir, n.LogPath(), n.binary, n.args...)
	if err != nil {
		return err
	}
	n.mu.Lock()
	n.proc = proc
	n.mu.Unlock()
	if err := n.waitUp(ctx, proc); err != nil {
		return err
	}
	if n.ready == nil {
		return nil
	}
	return n.ready(ctx)
}

func (n *Node) waitUp(ctx context.Context, proc *process) error {
	running, cancel := proc.whileRunning(ctx)
	defer cancel()
	err := poll(running, func(ctx context.Context) error { return n.ping(ctx, proc) })
	switch {
	case err == nil:
		return nil
	case proc.ended():
		return n.whyEnded()
	}
	return fmt.Errorf("sentineltest: %s did not come up: %w", n.name, err)
}

// ping checks that the server accepts connections, before it starts a redis-cli, and that it is this server: another
// program may have the port.
func (n *Node) ping(ctx context.Context, proc *process) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(n.ip, strconv.Itoa(n.listen.number)))
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	_ = conn.Close()
	info, err := n.Info(ctx, "server")
	if err != nil {
		return err
	}
	if pid := info["process_id"]; pid != strconv.Itoa(proc.pid()) {
		return fmt.Errorf("process %s answers, not %d", pid, proc.pid())
	}
	return nil
}

func (n *Node) whyEnded() error {
	log, err := n.Log()
	if err != nil {
		return err
	}
	if strings.Contains(log, "Address already in use") {
		return fmt.Errorf("sentineltest: starting %s: %w", n.name, errAddressInUse)
	}
	return fmt.Errorf("sentineltest: %s ended as soon as it was started; it said:\n%s", n.name, tail(log, 10))
}

// tail returns the last lines of a log.
func tail(log string, lines int) string {
	all := strings.Split(strings.TrimRight(log, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
