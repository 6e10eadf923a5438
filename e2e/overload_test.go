//go:build !race

// With the race detector 40 scrapes of this size at once take longer than a reader
// is waited for.

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

const (
	// crowdMasters make an answer that fits into no socket's buffer.
	crowdMasters  = 300
	crowdIdle     = 10_000
	crowdScrapers = 200
	crowdReaders  = 100 // of each kind
	crowdPlaces   = 40  // --web.max-requests
	crowdMemory   = 1 << 30
	// crowdPatience is what anything here may take: 30 s are the exporter's own.
	crowdPatience = 3 * time.Minute
)

// TestOverload lets a crowd of bad clients at the exporter, in a process of its own,
// one kind after the other, while thousands of connections are idle. A client that
// behaves is served: at once, or once those in its way have had their time. It does
// not run beside other tests: it takes all of the machine.
func TestOverload(t *testing.T) {
	c := newCrowd(t)
	before := usageOf(t, c.exporter)

	idle := c.idle()
	began := time.Now()
	c.whole(c.exporter.MustGet(t, "/metrics").Body)
	t.Logf("with %d idle connections a scrape took %s", len(idle), time.Since(began).Round(time.Millisecond))
	c.logMemory("with them")

	var halves []net.Conn
	for range crowdReaders {
		halves = append(halves, c.dial("GET /metrics HTTP/1.1\r\nHost: x\r\n"))
	}
	c.held("by requests whose body does not come", func() []net.Conn {
		return c.dialAll(crowdPlaces, "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
	})
	c.held("by readers that read nothing, or a byte at a time", func() []net.Conn {
		// The scrape brings a deadline that is not to be theirs.
		slow := c.dialAll(2*crowdReaders, "GET /metrics HTTP/1.1\r\nHost: x\r\nX-Prometheus-Scrape-Timeout-Seconds: 3600\r\n\r\n")
		c.sip(slow[:crowdReaders])
		return slow
	})
	for _, conn := range halves {
		c.isClosed(conn)
	}
	t.Logf("%d connections with half a request were closed", len(halves))

	c.scrapeAllAtOnce()
	c.logMemory("in the end")
	if total, open := c.fake.Connections(); total > 2 || open > 2 {
		t.Errorf("the Sentinel had %d connections, and has %d: want one for scrapes and one for events", total, open)
	}
	c.closeAll()
	sentineltest.WaitFor(t, "goroutines and files to be given back", func() bool {
		now := usageOf(t, c.exporter)
		return now.goroutines <= before.goroutines+5 && now.files <= before.files+5
	})
}

// A crowd is what comes at one exporter.
type crowd struct {
	t        *testing.T
	fake     *sentineltest.Fake
	exporter *exportertest.Process
	address  string

	mu    sync.Mutex
	conns []net.Conn
	wg    sync.WaitGroup // of those who read a byte at a time
}

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	c := &crowd{t: t, fake: sentineltest.RunFake(t, sentineltest.FakeConfig{Masters: crowdMasters, Replicas: 2, Peers: 2})}
	c.exporter = exportertest.StartProcess(t, "--sentinel.address="+c.fake.Addr(), fmt.Sprintf("--web.max-requests=%d", crowdPlaces), "--log.level=debug")
	c.address = c.exporter.Addr()
	t.Cleanup(func() {
		c.closeAll()
		if t.Failed() {
			t.Logf("the exporter says:\n%s", c.exporter.Stderr)
		}
	})
	body := c.exporter.MustGet(t, "/metrics").Body
	c.whole(body)
	t.Logf("an answer has %d bytes", len(body))
	return c
}

// dial sends a request over a connection that takes in as little as there can be.
func (c *crowd) dial(request string) net.Conn {
	c.t.Helper()
	small := net.Dialer{Timeout: crowdPatience, Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		return errors.Join(raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 2048)
		}), err)
	}}
	conn, err := small.DialContext(c.t.Context(), "tcp", c.address)
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	c.conns = append(c.conns, conn)
	c.mu.Unlock()
	if _, err := io.WriteString(conn, request); err != nil {
		c.t.Fatal(err)
	}
	return conn
}

func (c *crowd) dialAll(n int, request string) []net.Conn {
	c.t.Helper()
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = c.dial(request)
	}
	return conns
}

func (c *crowd) closeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.wg.Wait()
}

// idle makes connections that have had an answer and are kept: 10,000, or as many
// as the limit of open files allows.
func (c *crowd) idle() []net.Conn {
	c.t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil { // the runtime has raised it as far as it goes
		c.t.Fatal(err)
	}
	const others = 2000 // files that this test and those beside it need
	n := min(crowdIdle, int(limit.Cur)-others)
	if n < crowdIdle {
		c.t.Logf("the limit of %d open files allows no more than %d idle connections", limit.Cur, n)
	}
	if n < crowdReaders {
		c.t.Fatalf("the limit of %d open files is too low for this test", limit.Cur)
	}
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = c.dial("")
		readHealthy(c.t, conns[i])
	}
	if open := c.exporter.Value(c.t, "process_open_fds"); open < float64(n) {
		c.t.Errorf("of %d connections the exporter has %v files open", n, open)
	}
	return conns
}

// held sees all places taken, and a client that behaves served all the same when
// those who took them have had their time. None of them gets a whole answer. Should
// the client itself have had a place when the last of them came, they come again.
func (c *crowd) held(how string, take func() []net.Conn) {
	c.t.Helper()
	began := time.Now()
	takers := take()
	for c.status() == http.StatusOK {
		if time.Since(began) > crowdPatience {
			c.t.Fatalf("not all places are taken %s", how)
		}
		takers = append(takers, take()...)
	}
	if got, err := c.exporter.Get("/-/healthy"); err != nil || got.Status != http.StatusOK {
		c.t.Errorf("/-/healthy meanwhile: got %d, %v", got.Status, err)
	}
	for c.status() != http.StatusOK {
		if time.Since(began) > crowdPatience {
			c.t.Fatalf("the places are held for ever %s", how)
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.t.Logf("all places were held %s, for %s", how, time.Since(began).Round(time.Second))
	for _, conn := range takers {
		_ = conn.Close()
	}
}

// status is that of a scrape by a client that behaves.
func (c *crowd) status() int {
	c.t.Helper()
	got, err := c.exporter.Get("/metrics")
	if err != nil {
		c.t.Fatal(err)
	}
	if got.Status == http.StatusOK {
		c.whole(got.Body)
	}
	return got.Status
}

// whole checks that nothing is missing in a scrape.
func (c *crowd) whole(body string) {
	c.t.Helper()
	if got := strings.Count(body, "\nredis_sentinel_master_quorum{"); got != crowdMasters {
		c.t.Errorf("a scrape has %d of %d masters", got, crowdMasters)
	}
}

// sip reads a byte at a time, until there is no more to read.
func (c *crowd) sip(conns []net.Conn) {
	c.wg.Go(func() {
		for b, left := make([]byte, 1), len(conns); left > 0; time.Sleep(time.Second) {
			left = 0
			for _, conn := range conns {
				_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
				if _, err := conn.Read(b); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
					left++
				}
			}
		}
	})
}

// isClosed waits until the exporter has closed a connection.
func (c *crowd) isClosed(conn net.Conn) {
	c.t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(crowdPatience))
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Error("a connection with half a request is kept")
	}
}

// scrapeAllAtOnce has many scrape without a break. They are served or refused, and
// a client that comes along is served, too.
func (c *crowd) scrapeAllAtOnce() {
	c.t.Helper()
	ctx, stop := context.WithTimeout(c.t.Context(), crowdPatience)
	defer stop()
	var served, refused atomic.Int64
	var wg sync.WaitGroup
	for range crowdScrapers {
		wg.Go(func() {
			for ctx.Err() == nil {
				switch got, err := c.exporter.Get("/metrics"); {
				case err != nil:
					c.t.Error(err)
				case got.Status == http.StatusOK:
					c.whole(got.Body)
					served.Add(1)
				case got.Status == http.StatusServiceUnavailable:
					refused.Add(1)
					time.Sleep(50 * time.Millisecond) // so that the machine has time for those who are served
				default:
					c.t.Errorf("a scrape among many: got %d", got.Status)
				}
			}
		})
	}
	sentineltest.WaitFor(c.t, "more to come than there are places for", func() bool { return refused.Load() > 0 })
	const want = 5
	got, tries := 0, 0
	for ; got < want && ctx.Err() == nil; tries++ {
		if c.status() == http.StatusOK {
			got++
		}
	}
	stop()
	wg.Wait()
	if got < want {
		c.t.Errorf("a client among %d was served %d times in %d tries", crowdScrapers, got, tries)
	}
	c.t.Logf("among %d that scrape without a break, of whose requests %d were served and %d refused, a client was served %d times in %d tries",
		crowdScrapers, served.Load(), refused.Load(), got, tries)
}

// logMemory says the most memory that the exporter has had, and bounds it.
func (c *crowd) logMemory(when string) {
	c.t.Helper()
	_, rest, _ := strings.Cut(c.exporter.Procfs(c.t, "status"), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		c.t.Fatal(err)
	}
	c.t.Logf("the most memory until now, %s: %d MiB", when, kib>>10)
	if kib<<10 > crowdMemory {
		c.t.Errorf("%d MiB are too much", kib>>10)
	}
}
