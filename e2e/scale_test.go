package e2e_test

import (
	"context"
	"flag"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// What `make scale` sets; without it the test is a short one, which measures
// nothing.
var (
	scaleTargets = flag.Int("scale.targets", 50, "deployments to probe")
	scaleEvery   = flag.Duration("scale.every", time.Second, "how often")
	scaleBroken  = flag.Int("scale.broken", 10, "one in how many is broken")
	scaleFor     = flag.Duration("scale.for", 4*time.Second, "for how long")
)

// measured reports whether times and memory are looked at, which on a busy machine,
// and with the race detector, say nothing.
func measured() bool { return *scaleFor >= time.Minute }

// TestScale probes many deployments for a while, of which one in ten is broken in
// one of five ways. Every probe is answered in time and rightly, memory stays flat,
// and no connection is left behind.
func TestScale(t *testing.T) {
	if !measured() {
		t.Parallel()
	}
	deployments := newDeployments(t, *scaleTargets)
	p := exportertest.StartProcess(t, "--no-collector.events", "--config.file=/dev/null", "--sentinel.address="+deployments.healthy[0].Addr(),
		"--probe.idle-timeout="+(3**scaleEvery).String())
	before := usageOf(t, p)

	run := &scaleRun{url: p.URL + "/probe?target=", slowest: map[bool]time.Duration{}, client: http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: *scaleTargets}}}
	ctx, cancel := context.WithTimeout(t.Context(), *scaleFor)
	defer cancel()
	var wg sync.WaitGroup
	for i, target := range deployments.targets {
		wg.Go(func() {
			run.repeat(ctx, target, i%*scaleBroken != 0, time.Duration(i)**scaleEvery/time.Duration(*scaleTargets))
		})
	}
	usages := watchUsage(ctx, t, p)
	wg.Wait()
	run.client.CloseIdleConnections()
	for _, fault := range run.faults {
		t.Error(fault)
	}
	if want := int(*scaleFor / *scaleEvery - 1) * *scaleTargets; run.answers < want {
		t.Errorf("got %d answers, want %d", run.answers, want)
	}
	during := usageOf(t, p)
	if got, most := deployments.open(), len(deployments.healthy)+1; got > most {
		t.Errorf("%d connections are open to %d Sentinels, of which /metrics asks one as well", got, most-1)
	}
	sentineltest.WaitFor(t, "all connections to be closed", func() bool { return usageOf(t, p).sentinels == 0 })
	sentineltest.WaitFor(t, "the Sentinels to see it", func() bool { return deployments.open() <= 1 }) // that of --sentinel.address
	sentineltest.WaitFor(t, "goroutines and files to be given back", func() bool {
		now := usageOf(t, p)
		return now.goroutines <= before.goroutines+5 && now.files <= before.files+5
	})
	if !measured() {
		return
	}
	checkFlat(t, usages)
	t.Logf("%d probes of %d deployments every %s for %s, none late or wrong", run.answers, *scaleTargets, *scaleEvery, *scaleFor)
	t.Logf("the slowest answer of a healthy one took %s, of a broken one %s", run.slowest[true].Round(time.Millisecond), run.slowest[false].Round(time.Millisecond))
	t.Logf("connections made to the %d healthy: %d", len(deployments.healthy), deployments.total())
	t.Logf("before: %s", before)
	t.Logf("during: %s, of CPU %.1f %% of a core", during, 100*(during.cpu-before.cpu)/scaleFor.Seconds())
	t.Logf("after:  %s", usageOf(t, p))
}

// deployments are one Sentinel each, which is enough: what a probe costs grows with
// the Sentinels.
type deployments struct {
	healthy []*sentineltest.Fake
	targets []string // the first of each ten, or so, is broken
}

func newDeployments(t *testing.T, n int) *deployments {
	t.Helper()
	d := &deployments{}
	for i := range n {
		if i%*scaleBroken == 0 {
			d.targets = append(d.targets, broken(t, i / *scaleBroken))
			continue
		}
		fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 2, Peers: 2})
		d.healthy = append(d.healthy, fake)
		d.targets = append(d.targets, fake.Addr())
	}
	return d
}

// broken returns the address of something that is no Sentinel, in turn: nobody, a
// black hole, silence, an HTTP server, an answer without end.
func broken(t *testing.T, i int) string {
	t.Helper()
	switch i % 5 {
	case 0:
		return sentineltest.FreeAddr(t)
	case 1:
		return sentineltest.BlackHoleAddr(t)
	case 2:
		return sentineltest.RawServer(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	case 3:
		return sentineltest.RawServer(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1))
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
		})
	default:
		fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
		element := sentineltest.Bulk(strings.Repeat("x", 16<<10))
		fake.Script("SENTINEL MASTERS", func(c *sentineltest.ScriptConn) { // at a rate that leaves the machine to the others
			for ok := c.Write([]byte("*1000000\r\n")); ok; ok = c.Write(element) && c.Sleep(10*time.Millisecond) {
			}
		})
		return fake.Addr()
	}
}

func (d *deployments) open() (sum int) {
	for _, fake := range d.healthy {
		_, open := fake.Connections()
		sum += open
	}
	return sum
}

func (d *deployments) total() (sum int) {
	for _, fake := range d.healthy {
		total, _ := fake.Connections()
		sum += total
	}
	return sum
}

// A scaleRun is what Prometheus does, and what comes of it.
type scaleRun struct {
	url    string
	client http.Client

	mu      sync.Mutex // guards what is below
	answers int
	slowest map[bool]time.Duration // by whether the Sentinel is well
	faults  []string
}
