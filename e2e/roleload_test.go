package e2e_test

import (
	"flag"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

var (
	roleChecks = flag.Int("role.checks", 200, "how many checks of load balancers in a second")
	roleFor    = flag.Duration("role.for", 3*time.Second, "for how long")
	roleP99    = flag.Duration("role.p99", 0, "how long 99 of 100 checks may take; 0 is as long as they like")
)

// However many checks come in, a Sentinel is asked for one snapshot a second.
func TestRoleLoad(t *testing.T) {
	t.Parallel()
	topology := sentineltest.Run(t, sentineltest.Config{Proxied: true})
	e := exportertest.StartProcess(t, "--sentinel.address="+strings.Join(topology.ClientAddrs(), ","), "--no-collector.events")
	var urls []string
	for _, n := range topology.Masters[0].DataNodes() {
		urls = append(urls, e.URL+"/role/master?master=mymaster&node="+url.QueryEscape(n.Addr()))
	}
	master := urls[0]
	e.MustGet(t, strings.TrimPrefix(master, e.URL))
	before := roundTrips(topology)
	const clients = 20 // each with a connection for each check, as HAProxy
	var mu sync.Mutex
	var took []time.Duration
	var wg sync.WaitGroup
	began := time.Now()
	for i := range clients {
		wg.Go(func() {
			client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			tick := time.NewTicker(clients * time.Second / time.Duration(*roleChecks))
			defer tick.Stop()
			for n := i; time.Since(began) < *roleFor; n++ {
				<-tick.C
				asked := urls[n%len(urls)]
				start := time.Now()
				response, err := client.Get(asked)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				mu.Lock()
				took = append(took, time.Since(start))
				mu.Unlock()
				if (response.StatusCode == http.StatusOK) != (asked == master) {
					t.Errorf("%s: got %d", asked, response.StatusCode)
				}
			}
		})
	}
	wg.Wait()
	seconds := time.Since(began).Seconds()
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	for i, after := range roundTrips(topology) {
		t.Logf("Sentinel %d: %.2f snapshots a second", i, float64(after-before[i])/seconds)
		if float64(after-before[i]) > 2*seconds+2 { // one a second, and one for each event that a busy machine makes
			t.Errorf("a Sentinel was asked for %d snapshots in %.1f s", after-before[i], seconds)
		}
	}
	t.Logf("%.0f checks a second for %.0f s: median %s, p99 %s, slowest %s", float64(len(took))/seconds, seconds, took[len(took)/2], p99, took[len(took)-1])
	if *roleP99 > 0 && p99 > *roleP99 {
		t.Errorf("p99 is %s", p99)
	}
}

// roundTrips counts what each Sentinel was asked.
func roundTrips(topology *sentineltest.Topology) []int {
	var counts []int
	for _, s := range topology.Sentinels {
		counts = append(counts, int(s.Proxy.Counters().RoundTrips))
	}
	return counts
}
