package haproxy_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/deploy/haproxy"
	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

var haproxyBinary = flag.String("haproxy.binary", "haproxy", "the HAProxy to run")

// A balancer is a running HAProxy with the configuration of this directory, and one more way to
// write, for comparison: a check of each node's own role.
type balancer struct {
	log   string // a file
	write string // host:port
	roles string // the same with tcp-check
}

// tcpCheck is what people use instead.
const tcpCheck = `
listen roles
  bind 127.0.0.1:9999
  option tcp-check
  tcp-check send PING\r\n
  tcp-check expect string +PONG
  tcp-check send info\ replication\r\n
  tcp-check expect string role:master
  tcp-check send QUIT\r\n
  tcp-check expect string +OK
  default-server check inter 200ms fall 1 rise 1 on-marked-down shutdown-sessions
  server redis-0 redis-0:6379
  server redis-1 redis-1:6379
  server redis-2 redis-2:6379
`

// startBalancer starts HAProxy before the nodes of a topology, with exporters of which the first
// one that runs is asked.
func startBalancer(t *testing.T, topology *sentineltest.Topology, exporters ...string) *balancer {
	t.Helper()
	roles := sentineltest.FreeAddr(t)
	place := haproxy.Place{Write: sentineltest.FreeAddr(t), Read: sentineltest.FreeAddr(t), Checks: sentineltest.FreeAddr(t), Exporters: exporters}
	edits := []string{"127.0.0.1:9999", roles}
	for i, n := range topology.Masters[0].DataNodes() {
		place.Nodes = append(place.Nodes, n.Addr())
		edits = append(edits, fmt.Sprintf("redis-%d:6379", i), n.Addr())
	}
	if len(place.Nodes) < 3 {
		edits = append(edits, "  server redis-2 redis-2:6379\n", "")
	}
	config, err := haproxy.Config(place)
	if err != nil {
		t.Fatal(err)
	}
	config += strings.NewReplacer(edits...).Replace(tcpCheck)
	dir := t.TempDir()
	file := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	b := &balancer{log: filepath.Join(dir, "log"), write: place.Write, roles: roles}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p, err := sentineltest.StartProgram(ctx, b.log, func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", place.Write)
		if err == nil {
			err = conn.Close()
		}
		return err
	}, *haproxyBinary, "-db", "-f", file)
	if err != nil {
		t.Fatalf("%v (`make test` installs it)", err)
	}
	t.Cleanup(func() {
		p.Stop()
		if t.Failed() {
			t.Logf("HAProxy has logged:\n%s", p.LogTail(60))
		}
	})
	return b
}

var serverState = regexp.MustCompile(`Server (\S+)/(\S+) is (UP|DOWN)`)

// together returns how many servers of a backend HAProxy has had up at most at the same time, from the
// moment on when it has checked all of them. HAProxy logs each change in its order.
func (b *balancer) together(t *testing.T, backend string) int {
	t.Helper()
	text, err := os.ReadFile(b.log)
	if err != nil {
		t.Fatal(err)
	}
	up := map[string]bool{}
	most, checked := 0, false
	for _, m := range serverState.FindAllStringSubmatch(string(text), -1) {
		if m[1] != backend {
			continue
		}
		up[m[2]] = m[3] == "UP"
		n := 0
		for _, is := range up {
			if is {
				n++
			}
		}
		// It begins with three servers up, of which the checks take out two, or three.
		checked = checked || len(up) >= 2
		if checked {
			most = max(most, n)
		}
	}
	return most
}

// A listener hears when the Sentinels publish that another node is the master.
type listener struct {
	mu       sync.Mutex
	switches []published
}

// published is a +switch-master of one of the Sentinels.
type published struct {
	at time.Time
	to string // host:port
}

// listen listens to all Sentinels until the test's end.
func listen(t *testing.T, topology *sentineltest.Topology) *listener {
	t.Helper()
	l := &listener{}
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait) // after the connections are closed
	for _, s := range topology.Sentinels {
		conn, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := conn.Write([]byte("SUBSCRIBE +switch-master\r\n")); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				l.hear(strings.Fields(lines.Text()))
			}
		})
	}
	return l
}

// hear takes in a line: that with the message is the name, the old host and port, and the new ones.
func (l *listener) hear(words []string) {
	if len(words) != 5 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.switches = append(l.switches, published{time.Now(), net.JoinHostPort(words[3], words[4])})
}

// A term is the time from the moment on when the first Sentinel has published that a node is the master.
type term struct {
	node  *sentineltest.Node
	since time.Time
}

// terms returns those of all masters, of which the first one is known.
func (r *rig) terms() []term {
	r.switches.mu.Lock()
	defer r.switches.mu.Unlock()
	terms := []term{{node: r.master}}
	for _, s := range r.switches.switches {
		if to := r.nodeAt(s.to); to != terms[len(terms)-1].node {
			terms = append(terms, term{to, s.at})
		}
	}
	return terms
}

// late counts the writes that a master has acknowledged after it was published that another one is it.
func (r *rig) late(w *writer) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	terms := r.terms()
	for i := 1; i < len(terms); i++ {
		for _, one := range w.writes {
			over := i+1 < len(terms) && one.at.After(terms[i+1].since)
			if one.node != "" && one.at.After(terms[i].since) && !over && r.nodeAt(one.node) == terms[i-1].node {
				n++
			}
		}
	}
	return n
}

func startExporter(t *testing.T, topology *sentineltest.Topology, args ...string) *exportertest.Process {
	t.Helper()
	return exportertest.StartProcess(t, append([]string{"--sentinel.address=" + strings.Join(topology.SentinelAddrs(), ",")}, args...)...)
}
