package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// trio is the number of Sentinels of a deployment.
const trio = 3

// A sentinelServer is a real redis-server that watches the data nodes.
type sentinelServer struct {
	addr string
	cmd  *exec.Cmd
}

// startSentinels starts three Sentinels on N masters. Their configuration knows
// all replicas and each other beforehand: a Sentinel writes its file anew for
// each that it discovers.
func startSentinels(ctx context.Context, dir string, masters int, port string) ([]*sentinelServer, error) {
	addrs := make([]string, trio)
	for i := range addrs {
		addr, err := freeAddr(sentinelIP(i))
		if err != nil {
			return nil, err
		}
		addrs[i] = addr
	}
	servers := make([]*sentinelServer, 0, trio)
	for i, addr := range addrs {
		file := filepath.Join(dir, fmt.Sprintf("sentinel-%d.conf", i))
		if err := os.WriteFile(file, []byte(sentinelConf(i, addrs, masters, port)), 0o600); err != nil {
			return servers, err
		}
		log, err := os.Create(file + ".log") //nolint:gosec // in a directory of our own
		if err != nil {
			return servers, err
		}
		cmd := exec.Command("redis-server", file, "--sentinel") //nolint:gosec // as above
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
		err = cmd.Start()
		_ = log.Close() // the child has its own
		if err != nil {
			return servers, fmt.Errorf("starting redis-server (on Debian: apt-get install redis-server): %w", err)
		}
		server := &sentinelServer{addr: addr, cmd: cmd}
		servers = append(servers, server)
		if err := server.slowDown(ctx); err != nil {
			return servers, err
		}
	}
	for _, s := range servers {
		if err := s.waitSettled(ctx, masters); err != nil {
			return servers, err
		}
	}
	return servers, nil
}

func (s *sentinelServer) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// sentinelIP is a Sentinel's address. Each has a host of its own, as the data nodes have: on one
// host they would be a single point of failure, which is a finding on every master.
func sentinelIP(i int) string { return fmt.Sprintf("127.0.0.%d", 1+i) }

func freeAddr(ip string) (string, error) {
	l, err := net.Listen("tcp4", ip+":0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func sentinelConf(self int, addrs []string, masters int, dataPort string) string {
	var b strings.Builder
	ip, port, _ := net.SplitHostPort(addrs[self])
	fmt.Fprintf(&b, "bind %s\nport %s\nsentinel announce-ip %[1]s\nloglevel warning\nsentinel myid %[3]s\n", ip, port, sentinelID(self))
	for m := range masters {
		name := fmt.Sprintf("master-%d", m)
		fmt.Fprintf(&b, "sentinel monitor %s %s %s 2\nsentinel down-after-milliseconds %s 60000\n", name, nodeIP(m, 0), dataPort, name)
		for r := range replicasEach {
			fmt.Fprintf(&b, "sentinel known-replica %s %s %s\n", name, nodeIP(m, r+1), dataPort)
		}
		for i, addr := range addrs {
			if i != self {
				host, port, _ := net.SplitHostPort(addr)
				fmt.Fprintf(&b, "sentinel known-sentinel %s %s %s %s\n", name, host, port, sentinelID(i))
			}
		}
	}
	return b.String()
}

func sentinelID(i int) string { return strings.Repeat(fmt.Sprint(i+1), 40) }

// slowDown slows the timers down that a Sentinel has at its start, as far as nothing it says of its nodes is out of date: its own
// polling is not what is measured, and with the usual ones two cores do not get to the first INFO of thousands of nodes. Of thousands of simultaneous connections some fail,
// and would be retried only after 15 s; and a stall of a busy machine must not cause TILT.
func (s *sentinelServer) slowDown(ctx context.Context) error {
	for ctx.Err() == nil {
		if s.debug(ctx, "MIN-LINK-RECONNECT-PERIOD", "1000", "TILT-TRIGGER", "60000", "PING-PERIOD", "3000", "PUBLISH-PERIOD", "15000", "ASK-PERIOD", "10000") == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("waiting for Sentinel %s: %w", s.addr, ctx.Err())
}

// waitSettled waits until the Sentinel has had an INFO from every node; after that few are enough.
func (s *sentinelServer) waitSettled(ctx context.Context, masters int) error {
	c := sentinel.NewClient(sentinel.Options{Address: s.addr})
	defer c.Close()
	for !settled(c.Snapshot(ctx), masters) {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("waiting for Sentinel %s to know its nodes: %w", s.addr, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
	return s.debug(ctx, "INFO-PERIOD", "20000")
}

// debug sets timers, in milliseconds.
func (s *sentinelServer) debug(ctx context.Context, timers ...string) error {
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return err
	}
	args := append([]string{"-h", host, "-p", port, "SENTINEL", "DEBUG"}, timers...)
	out, err := exec.CommandContext(ctx, "redis-cli", args...).CombinedOutput() //nolint:gosec // nothing of it comes from outside
	if err != nil || !strings.Contains(string(out), "OK") {
		return fmt.Errorf("setting the timers of Sentinel %s: %s (%w)", s.addr, out, err)
	}
	return nil
}

// settled reports whether every node is known and has told its run id.
func settled(s *sentinel.Snapshot, masters int) bool {
	if len(s.Masters) != masters {
		return false
	}
	return !slices.ContainsFunc(s.Masters, func(m sentinel.Master) bool {
		return m.RunID == "" || len(m.Replicas) != replicasEach || len(m.Peers) != trio-1 ||
			slices.ContainsFunc(m.Replicas, func(r sentinel.Replica) bool { return r.RunID == "" })
	})
}
