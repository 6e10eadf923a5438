package e2e_test

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// stopLimit is how long the program may take to end.
const stopLimit = 5 * time.Second

// TestSIGTERMDuringAScrape ends the real program while it waits for a Sentinel that
// hangs. What is in flight is finished if there is time, the program is gone within
// five seconds, and so is every connection that the Sentinels had from it.
func TestSIGTERMDuringAScrape(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		timeout  string // that the scrape brings
		finishes bool
	}{
		{"that has time left", "3", true},
		{"that would take a minute", "60", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			topology := sentineltest.Run(t, sentineltest.Config{Replicas: 1, DownAfter: time.Minute})
			hung := topology.Sentinels[0]
			proxy := sentineltest.RunProxy(t, hung.Addr())
			asked := append([]string{proxy.Addr()}, topology.SentinelAddrs()[1:]...)
			p := exportertest.StartProcess(t, "--sentinel.address="+strings.Join(asked, ","))
			for _, s := range topology.Sentinels {
				sentineltest.WaitFor(t, "a connection for scrapes and one for events", func() bool {
					p.MustGet(t, "/metrics")
					return strangers(t, s) == 2
				})
			}

			if err := hung.Hang(); err != nil {
				t.Fatal(err)
			}
			before := proxy.Counters().BytesUp
			var got exportertest.Response
			var failed error
			var wg sync.WaitGroup
			wg.Go(func() { got, failed = p.Get("/metrics", "X-Prometheus-Scrape-Timeout-Seconds", tc.timeout) })
			const morePings = 100 // bytes, that the stream of events may send meanwhile
			sentineltest.WaitFor(t, "the hung Sentinel to be asked", func() bool { return proxy.Counters().BytesUp > before+morePings })

			began := time.Now()
			p.Signal(t, syscall.SIGTERM)
			<-p.Ended
			took := time.Since(began)
			wg.Wait()
			t.Logf("it ended %s after SIGTERM", took.Round(time.Millisecond))
			if took > stopLimit {
				t.Errorf("it took %s to end", took)
			}
			if tc.finishes != (failed == nil) {
				t.Errorf("the scrape: got the error %v", failed)
			}
			if tc.finishes {
				wholeBut(t, got, asked)
			}
			if log := p.Stderr.String(); !strings.Contains(log, "Stopping") || strings.Contains(log, "cut off") == tc.finishes {
				t.Errorf("got the log\n%s", log)
			}
			if conn, err := net.Dial("tcp", p.Addr()); err == nil {
				_ = conn.Close()
				t.Error("its port is still open")
			}

			if err := hung.Resume(); err != nil {
				t.Fatal(err)
			}
			for _, s := range topology.Sentinels {
				sentineltest.WaitFor(t, "the Sentinels to have no connection from it", func() bool { return strangers(t, s) == 0 })
			}
		})
	}
}

// wholeBut checks that a scrape says all of all Sentinels but the first, which is
// down.
func wholeBut(t *testing.T, got exportertest.Response, addresses []string) {
	t.Helper()
	if got.Status != http.StatusOK {
		t.Errorf("the scrape: got %d", got.Status)
	}
	for i, address := range addresses {
		up := `redis_sentinel_up{sentinel="` + address + `"} 1`
		if i == 0 {
			up = `redis_sentinel_up{sentinel="` + address + `"} 0`
		}
		if !got.Has(up) {
			t.Errorf("%s is missing in\n%s", up, got.Body)
		}
	}
	checkMetrics(t, got.Body)
}

// strangers counts the connections that a Sentinel has from neither another
// Sentinel, which give theirs names, nor from redis-cli, which asks.
func strangers(t *testing.T, s *sentineltest.Sentinel) int {
	t.Helper()
	list, err := s.CLI(t.Context(), "CLIENT", "LIST")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(list) {
		if strings.Contains(line, " name= ") && !strings.Contains(line, " cmd=client") {
			n++
		}
	}
	return n
}
