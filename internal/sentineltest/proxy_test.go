package sentineltest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// echo starts a server that answers each line with itself.
func echo(t *testing.T) string {
	t.Helper()
	return RawServer(t, func(c net.Conn) {
		lines := bufio.NewScanner(c)
		for lines.Scan() {
			if _, err := c.Write(append(lines.Bytes(), '\n')); err != nil {
				return
			}
		}
	})
}

// A client is a connection to an echo server.
type client struct {
	t *testing.T
	net.Conn
	lines *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &client{t, conn, bufio.NewReader(conn)}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// receive returns the next line.
func (c *client) receive(within time.Duration) (string, error) {
	c.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		c.t.Fatal(err)
	}
	line, err := c.lines.ReadString('\n')
	return strings.TrimSuffix(line, "\n"), err
}

func (c *client) expect(want string) {
	c.t.Helper()
	if got, err := c.receive(10 * time.Second); err != nil || got != want {
		c.t.Fatalf("got %q (%v), want %q", got, err, want)
	}
}

func TestProxyCounts(t *testing.T) {
	t.Parallel()
	p := RunProxy(t, echo(t))
	c := dial(t, p.Addr())
	for range 3 {
		c.send("hi\n")
		c.expect("hi")
	}
	want := Counters{Connections: 1, RoundTrips: 3, BytesUp: 9, BytesDown: 9}
	if diff := cmp.Diff(want, p.Counters()); diff != "" {
		t.Error(diff)
	}
	dial(t, p.Addr()).send("ho\n")
	want = Counters{Connections: 2, RoundTrips: 4, BytesUp: 12, BytesDown: 9}
	WaitFor(t, "four round trips", func() bool { return p.Counters().RoundTrips == 4 })
	got := p.Counters()
	got.BytesDown = 9 // or 12 by now
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestProxyCountsABurstOnce(t *testing.T) {
	t.Parallel()
	p := RunProxy(t, echo(t))
	p.Delay(500 * time.Millisecond) // longer than it takes to write them all
	c := dial(t, p.Addr())
	begin := time.Now()
	for range 100 { // in as many writes
		c.send("hi\n")
	}
	for range 100 {
		c.expect("hi")
	}
	took := time.Since(begin)
	if n := p.Counters().RoundTrips; n != 1 {
		t.Errorf("%d round trips, want 1", n)
	}
	if took < time.Second {
		t.Errorf("took %s, want twice the delay", took)
	}
	if took > 20*time.Second {
		t.Errorf("took %s: the delay limits the rate", took)
	}
}

func TestProxyCutAndHeal(t *testing.T) {
	t.Parallel()
	p := RunProxy(t, echo(t))
	c := dial(t, p.Addr())
	c.send("hi\n")
	c.expect("hi")
	p.Cut()
	if _, err := c.receive(10 * time.Second); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection ends with %v, want a reset", err)
	}
	if _, err := net.Dial("tcp", p.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connecting: %v, want refused", err)
	}
	if err := p.Heal(); err != nil {
		t.Fatal(err)
	}
	c = dial(t, p.Addr())
	c.send("again\n")
	c.expect("again")
}

// TestProxyRefuseKeepsConnections: what Cut does not.
func TestProxyRefuseKeepsConnections(t *testing.T) {
	t.Parallel()
	p := RunProxy(t, echo(t))
	c := dial(t, p.Addr())
	c.send("hi\n")
	c.expect("hi")
	p.Refuse()
	if _, err := net.Dial("tcp", p.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connecting: %v, want refused", err)
	}
	c.send("still here\n")
	c.expect("still here")
}

// TestProxyRefusesWhileProcessesStart: a process that is just being started has a
// copy of every socket for a moment.
func TestProxyRefusesWhileProcessesStart(t *testing.T) {
	t.Parallel()
	p := RunProxy(t, echo(t))
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				_ = exec.CommandContext(ctx, "true").Run()
			}
		})
	}
	for range 500 {
		p.Refuse()
		if conn, err := net.Dial("tcp", p.Addr()); err == nil {
			_ = conn.Close()
			t.Fatal("a connection was taken")
		}
		if err := p.Heal(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestProxyBlackHole(t *testing.T) {
	t.Parallel()
	p := RunProxy(t, echo(t))
	old := dial(t, p.Addr())
	old.send("before\n")
	old.expect("before")
	p.BlackHole()
	fresh := dial(t, p.Addr())
	for _, c := range []*client{old, fresh} {
		c.send("hello?\n")
		if line, err := c.receive(100 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %q (%v) through a black hole", line, err)
		}
	}
	if err := p.Heal(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*client{old, fresh} {
		c.expect("hello?")
	}
}

func TestProxyBlackHoleSwallowsTheEnd(t *testing.T) {
	t.Parallel()
	leave := make(chan struct{})
	p := RunProxy(t, RawServer(t, func(c net.Conn) {
		_, _ = c.Write([]byte("welcome\n"))
		<-leave
	}))
	c := dial(t, p.Addr())
	c.expect("welcome")
	p.BlackHole()
	close(leave)
	if _, err := c.receive(100 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection ends with %v through a black hole", err)
	}
	if err := p.Heal(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.receive(10 * time.Second); !errors.Is(err, io.EOF) {
		t.Errorf("the connection ends with %v, want EOF", err)
	}
}

func TestProxyReset(t *testing.T) {
	t.Parallel()
	p := RunProxy(t, echo(t))
	c := dial(t, p.Addr())
	c.send("hi\n")
	c.expect("hi")
	p.Reset()
	if _, err := c.receive(10 * time.Second); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection ends with %v, want a reset", err)
	}
	c = dial(t, p.Addr())
	c.send("again\n")
	c.expect("again")
}

func TestProxyPassesTheEndOn(t *testing.T) {
	t.Parallel()
	p := RunProxy(t, RawServer(t, func(c net.Conn) { _, _ = c.Write([]byte("bye\n")) }))
	c := dial(t, p.Addr())
	c.expect("bye")
	if _, err := c.receive(10 * time.Second); !errors.Is(err, io.EOF) {
		t.Errorf("the connection ends with %v, want EOF", err)
	}
}

func TestProxyClosesInABlackHole(t *testing.T) {
	t.Parallel()
	p, err := NewProxy(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	p.BlackHole()
	c := dial(t, p.Addr())
	c.send("hello?\n")
	p.Close() // goleak sees to the rest
	if err := p.Heal(); err != nil {
		t.Errorf("healing a closed proxy: %v", err)
	}
}
