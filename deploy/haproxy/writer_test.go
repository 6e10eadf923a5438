package haproxy_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"redis_sentinel_exporter/internal/sentineltest"
)

// A write is one that was acknowledged.
type write struct {
	key  string
	at   time.Time
	node string // that has acknowledged it, by its end of the connection; empty if that is not known
}

// A writer writes one key after the other.
type writer struct {
	name   string
	mu     sync.Mutex
	writes []write
	n      int
}

// startWriter writes every few milliseconds until the test's end. set writes one key, and returns
// which node has acknowledged it.
func startWriter(t *testing.T, name string, set func(ctx context.Context, key string) (node string, err error)) (w *writer, stop func()) {
	t.Helper()
	w = &writer{name: name}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			w.n++
			key := fmt.Sprintf("%s:%d", name, w.n)
			one, cancel := context.WithTimeout(ctx, time.Second)
			node, err := set(one, key)
			cancel()
			if err == nil {
				w.mu.Lock()
				w.writes = append(w.writes, write{key, time.Now(), node})
				w.mu.Unlock()
			}
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
	})
	t.Cleanup(stop)
	return w, stop
}

func (w *writer) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.writes)
}

// last returns the last acknowledged write.
func (w *writer) last() write {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.writes) == 0 {
		return write{}
	}
	return w.writes[len(w.writes)-1]
}

// gap returns the longest time between two acknowledged writes from a moment on.
func (w *writer) gap(from time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	var longest time.Duration
	for i := 1; i < len(w.writes); i++ {
		if w.writes[i].at.After(from) {
			longest = max(longest, w.writes[i].at.Sub(w.writes[i-1].at))
		}
	}
	return longest
}

// lost counts the acknowledged writes that a node does not have.
func (w *writer) lost(t *testing.T, node *sentineltest.Node) int {
	t.Helper()
	text, err := node.CLI(t.Context(), "--raw", "KEYS", w.name+":*")
	if err != nil {
		t.Fatal(err)
	}
	has := make(map[string]bool)
	for line := range strings.Lines(text) {
		has[strings.TrimSpace(line)] = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, one := range w.writes {
		if !has[one.key] {
			n++
		}
	}
	return n
}

// A plainClient is one without Sentinel support, with one connection.
type plainClient struct {
	addr   string
	conn   net.Conn
	reader *bufio.Reader
	node   string
}

// set writes a key, on a new connection after any error.
func (c *plainClient) set(ctx context.Context, key string) (node string, err error) {
	defer func() {
		if err != nil && c.conn != nil {
			_ = c.conn.Close()
			c.conn = nil
		}
	}()
	if c.conn == nil {
		if c.conn, err = new(net.Dialer).DialContext(ctx, "tcp", c.addr); err != nil {
			return "", err
		}
		c.reader = bufio.NewReader(c.conn)
		if c.node, err = c.askNode(ctx); err != nil {
			return "", err
		}
	}
	reply, err := c.command(ctx, "SET "+key+" 1")
	if err == nil && reply != "+OK" {
		err = fmt.Errorf("the reply is %s", reply)
	}
	return c.node, err
}

// askNode asks which node it is at the end of the connection.
func (c *plainClient) askNode(ctx context.Context) (string, error) {
	if _, err := c.command(ctx, "CLIENT INFO"); err != nil {
		return "", err
	}
	info, err := c.reader.ReadString('\n')
	if err != nil {
		return "", err
	}
	if _, err := c.reader.ReadString('\n'); err != nil { // a verbatim string has an empty line
		return "", err
	}
	return laddr(info)
}

// laddr returns the server's end of a connection from its CLIENT INFO.
func laddr(info string) (string, error) {
	for field := range strings.FieldsSeq(info) {
		if addr, is := strings.CutPrefix(field, "laddr="); is {
			return addr, nil
		}
	}
	return "", fmt.Errorf("no laddr in %q", info)
}

func (c *plainClient) command(ctx context.Context, line string) (string, error) {
	deadline, _ := ctx.Deadline()
	if err := c.conn.SetDeadline(deadline); err != nil {
		return "", err
	}
	if _, err := c.conn.Write([]byte(line + "\r\n")); err != nil {
		return "", err
	}
	reply, err := c.reader.ReadString('\n')
	return strings.TrimSpace(reply), err
}

func (c *plainClient) close() {
	if c.conn != nil {
		_ = c.conn.Close()
	}
}

// plainWriter writes through a balancer.
func plainWriter(t *testing.T, name, addr string) *writer {
	t.Helper()
	c := &plainClient{addr: addr}
	w, stop := startWriter(t, name, c.set)
	t.Cleanup(func() {
		stop()
		c.close()
	})
	return w
}

// sentinelWriter writes as go-redis does that asks the Sentinels itself.
func sentinelWriter(t *testing.T, name string, topology *sentineltest.Topology) *writer {
	t.Helper()
	c := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: topology.Masters[0].Name, SentinelAddrs: topology.SentinelAddrs(), PoolSize: 1,
	})
	w, stop := startWriter(t, name, func(ctx context.Context, key string) (string, error) {
		return "", c.Set(ctx, key, 1, 0).Err()
	})
	t.Cleanup(func() {
		stop()
		_ = c.Close()
	})
	return w
}
