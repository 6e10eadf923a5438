package e2e_test

import (
	"flag"
	"fmt"
	"io"
	"net"
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

// However many checks come in, a Sentinel is asked for one snapshot a second. For every ten of them there is a request
// for /-/healthy, which does nothing: what that takes is the machine's and the client's share.
func TestRoleLoad(t *testing.T) {
	t.Parallel()
	topology := sentineltest.Run(t, sentineltest.Config{Proxied: true})
	e := exportertest.StartProcess(t, "--sentinel.address="+strings.Join(topology.ClientAddrs(), ","), "--no-collector.events")
	checks, nothing := roleChecksOf(topology), roleCheck{"/-/healthy", http.StatusOK}
	e.MustGet(t, checks[0].path)
	wantRoleMethods(t, e.URL, checks[:2], topology.Masters[0].DataNodes())
	before, used := roundTrips(topology), cpuTime(t, e)
	const clients = 20
	var mu sync.Mutex
	took := make(map[bool][]time.Duration) // by whether it is a check of a role
	ask := func(c roleCheck) {
		start := time.Now()
		status, err := getOnce(e.Addr(), c.path)
		d := time.Since(start)
		if err != nil || status != c.want {
			t.Errorf("%s: got %d, %v", c.path, status, err)
		}
		mu.Lock()
		defer mu.Unlock()
		took[c != nothing] = append(took[c != nothing], d)
	}
	var wg sync.WaitGroup
	began := time.Now()
	for i := range clients {
		wg.Go(func() {
			for n := i; !t.Failed(); n += clients {
				due := time.Duration(n) * time.Second / time.Duration(*roleChecks) // spread evenly, as HAProxy spreads its checks
				if due >= *roleFor {
					return
				}
				time.Sleep(due - time.Since(began))
				ask(checks[n%len(checks)])
				if n/clients%10 == 0 {
					ask(nothing)
				}
			}
		})
	}
	wg.Wait()
	seconds := time.Since(began).Seconds()
	for i, after := range roundTrips(topology) {
		t.Logf("Sentinel %d: %.2f snapshots a second", i, float64(after-before[i])/seconds)
		if float64(after-before[i]) > 2*seconds+2 { // one a second, and one for each event that a busy machine makes
			t.Errorf("a Sentinel was asked for %d snapshots in %.1f s", after-before[i], seconds)
		}
	}
	t.Logf("%.0f checks a second for %.0f s: %s", float64(len(took[true]))/seconds, seconds, percentiles(took[true]))
	t.Logf("%.0f a second of /-/healthy: %s", float64(len(took[false]))/seconds, percentiles(took[false]))
	t.Logf("the exporter used %s of a processor for each", (cpuTime(t, e)-used)/time.Duration(len(took[true])+len(took[false])))
	if p99 := percentile(took[true], 99); *roleP99 > 0 && p99 > *roleP99 {
		t.Errorf("p99 is %s", p99)
	}
}

// wantRoleMethods fails the test unless HEAD and OPTIONS answer as GET without the body, and GET of what is unknown names
// what is known.
func wantRoleMethods(t *testing.T, base string, checks []roleCheck, nodes []*sentineltest.Node) {
	t.Helper()
	other, nowhere := "/role/master?master=other&node="+nodes[0].Addr(), "/role/master?master=mymaster&node=192.0.2.1:1"
	sentences := map[string]string{
		other:   `no Sentinel monitors a master \"other\": there are mymaster.`,
		nowhere: `no node of mymaster is \"192.0.2.1:1\": there are ` + nodes[0].Addr(),
	}
	checks = slices.Concat(checks, []roleCheck{{other, http.StatusNotFound}, {nowhere, http.StatusServiceUnavailable}})
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, c := range checks {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
			request, err := http.NewRequestWithContext(t.Context(), method, base+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil || response.StatusCode != c.want || (method == http.MethodGet) != (len(body) > 0) {
				t.Errorf("%s %s: got %d, %s, %v", method, c.path, response.StatusCode, body, err)
			}
			if method == http.MethodGet && !strings.Contains(string(body), sentences[c.path]) {
				t.Errorf("%s: got %s", c.path, body)
			}
		}
	}
}

// A roleCheck is a path, and the status that is its answer.
type roleCheck struct {
	path string
	want int
}

// roleChecksOf returns a check of each node, the master first.
func roleChecksOf(topology *sentineltest.Topology) []roleCheck {
	var checks []roleCheck
	for i, n := range topology.Masters[0].DataNodes() {
		c := roleCheck{"/role/master?master=mymaster&node=" + url.QueryEscape(n.Addr()), http.StatusServiceUnavailable}
		if i == 0 {
			c.want = http.StatusOK
		}
		checks = append(checks, c)
	}
	return checks
}

// getOnce asks on a connection of its own, as HAProxy does, and returns the status. The library's client takes
// more of the processor than the exporter does.
func getOnce(addr, path string) (status int, err error) {
	conn, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return 0, err
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, addr); err != nil {
		return 0, err
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscanf(string(answer), "HTTP/1.0 %d", &status)
	return status, err
}

// cpuTime returns how much of the processors the exporter has used.
func cpuTime(t *testing.T, e *exportertest.Process) time.Duration {
	t.Helper()
	return time.Duration(e.Value(t, "process_cpu_seconds_total") * float64(time.Second))
}

func percentiles(took []time.Duration) string {
	return fmt.Sprintf("median %s, p99 %s, slowest %s", percentile(took, 50), percentile(took, 99), percentile(took, 100))
}

// percentile returns how long so many of 100 took at most.
func percentile(took []time.Duration, of int) time.Duration {
	slices.Sort(took)
	return took[(len(took)-1)*of/100].Round(10 * time.Microsecond)
}

// roundTrips counts what each Sentinel was asked.
func roundTrips(topology *sentineltest.Topology) []int {
	var counts []int
	for _, s := range topology.Sentinels {
		counts = append(counts, int(s.Proxy.Counters().RoundTrips))
	}
	return counts
}
