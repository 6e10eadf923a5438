package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"redis_sentinel_exporter/deploy/haproxy"
	"redis_sentinel_exporter/internal/sentineltest"
)

// The ports of Redis, which HAProxy has if they are free.
const (
	writePort = "6379"
	readPort  = "6380"
)

// A balancer is HAProxy as a child process: one port that leads to the master.
type balancer struct {
	*sentineltest.Program
	write, read string // ports
	dir         string // to be removed
}

// errNoHAProxy means that it is not installed.
var errNoHAProxy = errors.New("there is no haproxy")

// startBalancer starts HAProxy, and waits until the master answers through it.
func startBalancer(ctx context.Context, topology *sentineltest.Topology, e *exporter) (*balancer, error) {
	binary, err := exec.LookPath("haproxy")
	if err != nil {
		return nil, errNoHAProxy
	}
	dir, err := os.MkdirTemp("", "redis_sentinel_exporter-demo-")
	if err != nil {
		return nil, fmt.Errorf("a directory for HAProxy: %w", err)
	}
	b := &balancer{dir: dir}
	if err := b.start(ctx, binary, topology, e); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return b, nil
}

func (b *balancer) start(ctx context.Context, binary string, topology *sentineltest.Topology, e *exporter) (err error) {
	place := haproxy.Place{Exporters: []string{local(e.port)}}
	for _, n := range topology.Masters[0].DataNodes() {
		place.Nodes = append(place.Nodes, n.Addr())
	}
	var checks string
	for port, usual := range map[*string]string{&b.write: writePort, &b.read: readPort, &checks: "0"} {
		if *port, err = choosePort(ctx, "127.0.0.1", usual); err != nil {
			return err
		}
	}
	place.Write, place.Read, place.Checks = local(b.write), local(b.read), local(checks)
	text, err := haproxy.Config(place)
	if err != nil {
		return err
	}
	file := filepath.Join(b.dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return fmt.Errorf("HAProxy's configuration: %w", err)
	}
	b.Program, err = sentineltest.StartProgram(ctx, filepath.Join(b.dir, "log"), b.ping, binary, "-db", "-f", file)
	return err
}

func local(port string) string { return net.JoinHostPort("127.0.0.1", port) }

// ping asks the master through HAProxy.
func (b *balancer) ping(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", local(b.write))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	reply, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && !strings.HasPrefix(reply, "+PONG") {
		err = fmt.Errorf("PING: %q", reply)
	}
	return err
}

// close stops the process and removes its directory.
func (b *balancer) close() {
	b.Stop()
	_ = os.RemoveAll(b.dir)
}
