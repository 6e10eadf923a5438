package e2e_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// What `make scale` sets for TestScaleNamed, with -scale.every, -scale.broken and -scale.for.
var scaleDeployments = flag.Int("scale.deployments", 20, "named deployments of three Sentinels each")

const (
	// A scrape of a healthy deployment may take so much longer because others are broken.
	scaleLater = 100 * time.Millisecond
	// What the exporter may have for each named deployment, and for all of a thousand.
	scaleBytesEach, scaleBytes = 256 << 10, 350 << 20
)

// realOnes is how many deployments are real, and how often each fails over.
func realOnes() (deployments, failovers int) {
	if !measured() {
		return 1, 1
	}
	return 3, 3
}

// TestScaleNamed: a real Prometheus discovers many named deployments, of which one in ten is broken,
// and scrapes them. No scrape of a healthy one is later than it was without the broken ones, and every event
// of the failovers of real ones is counted once.
func TestScaleNamed(t *testing.T) { // not beside others: both would be late
	var topologies []*sentineltest.Topology
	var observers []*observer
	well, bad := make(map[string]fleetEntry), make(map[string]fleetEntry)
	reals, failovers := realOnes()
	for i := range reals {
		topology := sentineltest.Run(t, sentineltest.Config{FailoverTimeout: 10 * time.Second})
		topologies = append(topologies, topology)
		well[fmt.Sprintf("real-%d", i)] = fleetEntry{topology.SentinelAddrs(), map[string]string{"kind": "real"}}
		for _, s := range topology.Sentinels {
			observers = append(observers, observe(t, s.Addr()))
		}
	}
	for i := range *scaleDeployments {
		name := fmt.Sprintf("deployment-%04d", i)
		if i%*scaleBroken == 0 {
			bad[name] = fleetEntry{[]string{broken(t, i / *scaleBroken), broken(t, i / *scaleBroken), broken(t, i / *scaleBroken)}, map[string]string{"kind": "broken"}}
			continue
		}
		well[name] = fleetEntry{fakeDeployment(t, name), map[string]string{"kind": "scripted"}}
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(config, []byte("deployment_files: [fleet-*.json]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := exportertest.StartProcess(t, "--config.file="+config)
	before := usageOf(t, p)
	// Three lines, and what makes the run a short one.
	prometheus := exportertest.StartPrometheus(t, fmt.Sprintf(`global: {scrape_interval: %s, scrape_timeout: %s}
scrape_configs:
  - job_name: redis_sentinel
    http_sd_configs: [{url: "%s/sd?role=deployment", refresh_interval: 2s}]
`, scaleEvery, min(*scaleEvery, 10*time.Second), p.URL))

	writeFleet(t, filepath.Join(dir, "fleet-well.json"), well)
	scraped := func(kind string, n int) {
		t.Helper()
		sentineltest.WaitFor(t, fmt.Sprintf("%d deployments (%s) to be scraped", n, kind), func() bool {
			return len(prometheus.Series(fmt.Sprintf("count(count_over_time(up{kind=~%q}[5m]) > 1) == %d", kind, n))) == 1
		})
	}
	scraped("real|scripted", len(well))
	waitForStreams(t, p, topologies)
	counted := &counts{process: p, observers: observers}
	counted.start(t)
	failOver := func() { // in both: it takes its part of the machine
		for range failovers {
			var wg sync.WaitGroup
			for _, topology := range topologies {
				wg.Go(func() {
					if _, err := topology.Failover(t.Context(), "mymaster"); err != nil {
						t.Error(err)
					}
					if err := topology.WaitSettled(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
	}
	quiet := measure(t, p, prometheus, *scaleFor, failOver)

	writeFleet(t, filepath.Join(dir, "fleet-broken.json"), bad)
	scraped("broken", len(bad))
	loud := measure(t, p, prometheus, *scaleFor, failOver)
	counted.check(t, 2*failovers)
	for range 2 { // the short run is made beside other packages' tests, which can take the machine for seconds
		if measured() || loud.down == 0 {
			break
		}
		t.Logf("%d scrapes of healthy deployments failed; once more", loud.down)
		loud = measure(t, p, prometheus, *scaleFor, nil)
	}

	for what, m := range map[string]*fleetMeasure{"without the broken ones": quiet, "with them": loud} {
		if m.down > 0 {
			t.Errorf("%s: %d scrapes of healthy deployments found no exporter, or a Sentinel that does not answer", what, m.down)
		}
		t.Logf("%s: %d scrapes of healthy ones, the median took %s, 99 %% at most %s, the slowest %s (%s); CPU %.0f %% of a core; %s",
			what, len(m.took), m.at(0.5), m.at(0.99), m.at(1), strings.Join(m.slow, ", "), 100*m.cpu, m.usage)
	}
	t.Logf("the slowest scrape of a broken one: %s", loud.broken)
	t.Logf("before: %s", before)
	if !measured() {
		return
	}
	if late := loud.at(1) - quiet.at(1); late > scaleLater {
		t.Errorf("the slowest scrape of a healthy one is %s later than without the broken ones", late)
	}
	most := peak(t, p)
	each := (loud.usage.resident - before.resident) / float64(len(well)+len(bad))
	t.Logf("resident: %.0f KiB a deployment, at most %.0f MiB in all", each/1024, most/(1<<20))
	if each > scaleBytesEach || most > scaleBytes {
		t.Error("it takes too much memory")
	}
	if loud.cpu > 1 {
		t.Error("it takes more than a core")
	}
}

// A fleetEntry is a deployment in a file.
type fleetEntry struct {
	Sentinels []string          `json:"sentinels"`
	Labels    map[string]string `json:"labels"`
}

// writeFleet writes a file of deployments as it should be: whole at once.
func writeFleet(t *testing.T, path string, deployments map[string]fleetEntry) {
	t.Helper()
	text, err := json.MarshalIndent(deployments, "", "  ")
	if err == nil {
		err = os.WriteFile(path+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fakeDeployment starts three scripted Sentinels, and returns their addresses. No id of theirs, or of their
// nodes, is that of another deployment.
func fakeDeployment(t *testing.T, name string) (addresses []string) {
	t.Helper()
	own := func(id string) string {
		sum := sha256.Sum256([]byte(name + id))
		return hex.EncodeToString(sum[:20])
	}
	for i := range 3 {
		fake := sentineltest.RunFake(t, sentineltest.FakeConfig{
			Replicas: 2, Peers: 2, ID: own(strconv.Itoa(i)),
			Edit: func(_, _ string, row sentineltest.Row) sentineltest.Row {
				return row.With("runid", own(row.Get("runid")))
			},
		})
		addresses = append(addresses, fake.Addr())
	}
	return addresses
}

func waitForStreams(t *testing.T, p *exportertest.Process, topologies []*sentineltest.Topology) {
	t.Helper()
	sentineltest.WaitFor(t, "the streams of the real ones", func() bool {
		for i, topology := range topologies {
			body := p.MustGet(t, fmt.Sprintf("/probe?deployment=real-%d", i)).Body
			for _, s := range topology.Sentinels {
				if !strings.Contains(body, `redis_sentinel_event_stream_up{sentinel="`+s.Addr()+`"} 1`) {
					return false
				}
			}
		}
		return true
	})
}

// A fleetMeasure is what came of some time of scrapes.
type fleetMeasure struct {
	took   []time.Duration // by scrapes of healthy deployments, sorted
	slow   []string        // of which some took the longest
	broken time.Duration   // the longest that one of a broken one took
	down   int             // how often something healthy was not up
	cpu    float64         // in cores
	usage  usage           // at the end
}

// measure lets Prometheus scrape for some time, or longer if what is done meanwhile is not done.
func measure(t *testing.T, p *exportertest.Process, prometheus *exportertest.Prometheus, d time.Duration, meanwhile func()) *fleetMeasure {
	t.Helper()
	before, began := usageOf(t, p), time.Now()
	if meanwhile != nil {
		meanwhile()
	}
	timer := time.NewTimer(time.Until(began.Add(d)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
	m := &fleetMeasure{usage: usageOf(t, p)}
	m.cpu = (m.usage.cpu - before.cpu) / time.Since(began).Seconds()
	window := fmt.Sprintf("[%ds]", int(time.Since(began).Seconds()))
	for _, seconds := range prometheus.Values(`scrape_duration_seconds{kind=~"real|scripted"}` + window) {
		m.took = append(m.took, time.Duration(seconds*float64(time.Second)).Round(time.Millisecond))
	}
	slices.Sort(m.took)
	for _, slow := range prometheus.Series(`topk(3, max_over_time(scrape_duration_seconds{kind=~"real|scripted"}` + window + `))`) {
		m.slow = append(m.slow, slow["deployment"])
	}
	if len(m.took) == 0 {
		t.Fatal("nothing was scraped")
	}
	for _, query := range []string{`up{kind=~"real|scripted"}`, `redis_sentinel_up{kind=~"real|scripted"}`} {
		for _, up := range prometheus.Values(query + window) {
			if up != 1 {
				m.down++
			}
		}
	}
	for _, seconds := range prometheus.Values(`scrape_duration_seconds{kind="broken"}` + window) {
		m.broken = max(m.broken, time.Duration(seconds*float64(time.Second)).Round(time.Millisecond))
	}
	return m
}

// at returns what so large a part of the scrapes took at most.
func (m *fleetMeasure) at(part float64) time.Duration {
	return m.took[int(part*float64(len(m.took)-1))]
}

// peak returns the most memory that the process has had, in bytes.
func peak(t *testing.T, p *exportertest.Process) float64 {
	t.Helper()
	_, rest, _ := strings.Cut(p.Procfs(t, "status"), "VmHWM:")
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib * 1024
}

// An observer counts what a real Sentinel publishes, by event, without any code of the exporter's.
type observer struct {
	sentinel string

	mu     sync.Mutex
	counts map[string]int
}

// observe subscribes to a Sentinel until the test's end, and returns when the subscription stands.
func observe(t *testing.T, address string) *observer {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	if _, err := io.WriteString(conn, "PSUBSCRIBE *\r\n"); err != nil {
		t.Fatal(err)
	}
	for range 6 { // *3 $10 psubscribe $1 * :1
		if _, err := reader.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	o := &observer{sentinel: address, counts: make(map[string]int)}
	var wg sync.WaitGroup
	wg.Go(func() { o.count(reader) })
	t.Cleanup(func() {
		_ = conn.Close()
		wg.Wait()
	})
	return o
}

// count counts messages until the connection ends: *4 $8 pmessage $1 * $N CHANNEL $M PAYLOAD.
func (o *observer) count(reader *bufio.Reader) {
	for {
		var lines [9]string
		for i := range lines {
			line, err := reader.ReadString('\n')
			if err != nil {
				return
			}
			lines[i] = strings.TrimSpace(line)
		}
		o.mu.Lock()
		o.counts[lines[6]]++
		o.mu.Unlock()
	}
}

func (o *observer) counted() map[string]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.counts)
}

// counts compares what the exporter counts with what the observers see.
type counts struct {
	process   *exportertest.Process
	observers []*observer
	missed    map[string]int // what was published before the exporter listened
}

// ahead returns by how many events the observers are ahead of the exporter, by Sentinel and event, and how many
// the observers have.
func (c *counts) ahead(t *testing.T) (ahead, seen map[string]int) {
	t.Helper()
	ahead, seen = make(map[string]int), make(map[string]int)
	reals, _ := realOnes()
	for i := range reals {
		for line := range strings.Lines(c.process.MustGet(t, fmt.Sprintf("/probe?deployment=real-%d", i)).Body) {
			rest, found := strings.CutPrefix(line, "redis_sentinel_events_total{")
			if !found {
				continue
			}
			labels, value, _ := strings.Cut(strings.TrimSpace(rest), "} ")
			n, err := strconv.Atoi(value)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			ahead[labelOf(labels, "sentinel")+" "+labelOf(labels, "event")] -= n
		}
	}
	for _, o := range c.observers {
		for event, n := range o.counted() {
			seen[o.sentinel+" "+event] += n
			ahead[o.sentinel+" "+event] += n
		}
	}
	maps.DeleteFunc(ahead, func(_ string, n int) bool { return n == 0 })
	return ahead, seen
}

func labelOf(labels, name string) string {
	_, rest, _ := strings.Cut(labels, name+`="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// start waits until both have the same, but for what was published before the exporter listened.
func (c *counts) start(t *testing.T) {
	t.Helper()
	var before map[string]int
	sentineltest.WaitFor(t, "nothing to be published", func() bool {
		ahead, seen := c.ahead(t)
		still := maps.Equal(seen, before)
		before, c.missed = seen, ahead
		return still
	})
}

// check waits until the exporter has counted what the observers have seen, and looks whether that is what so
// many failovers of each must bring.
func (c *counts) check(t *testing.T, failovers int) {
	t.Helper()
	var ahead map[string]int
	defer func() {
		if t.Failed() {
			t.Logf("the observers are ahead by %v, and were by %v before", ahead, c.missed)
		}
	}()
	sentineltest.WaitFor(t, "all events to be counted", func() bool {
		ahead, _ = c.ahead(t)
		return maps.Equal(ahead, c.missed)
	})
	total := 0
	for _, o := range c.observers {
		counted := o.counted()
		for _, n := range counted {
			total += n
		}
		if got := counted["+switch-master"]; got < failovers {
			t.Errorf("%s has published %d switches of %d failovers", o.sentinel, got, failovers)
		}
	}
	reals, _ := realOnes()
	for i := range reals {
		body := c.process.MustGet(t, fmt.Sprintf("/probe?deployment=real-%d", i))
		if want := fmt.Sprintf(`redis_sentinel_failover_duration_seconds_count{master_name="mymaster",result="ended"} %d`, failovers); !body.Has(want) {
			t.Errorf("real-%d has not counted %d failovers", i, failovers)
		}
	}
	t.Logf("%d events of %d failovers are counted once each", total, reals*failovers)
}
