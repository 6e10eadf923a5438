package e2e_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

const (
	// faultDeadline is what the Sentinels have for a scrape while there is a fault:
	// what Prometheus waits, less --timeout-offset.
	faultDeadline = time.Second
	prometheusHas = "1.5"
	overrun       = 100 * time.Millisecond // that a Sentinel may be waited for beyond the deadline
	answerGrace   = 5 * time.Second        // that the answer may take to be here, on a busy machine; what has no end takes for ever
	// mostHeap is what the exporter may take for its heap, ever: one Sentinel's
	// reply ends at 64 MiB, which is there some times over while its buffer grows,
	// and until the garbage collector comes.
	mostHeap = 512 << 20
)

// A faultRig is a real deployment and the exporter, in a process of its own. One
// of the Sentinels, the target, is known to it by a name, and reached by way of a
// proxy, which can break connections, and of a gate, which can answer single
// commands in place of the Sentinel.
type faultRig struct {
	*sentineltest.Topology
	t        *testing.T
	names    *exportertest.Nameserver
	sentinel *sentineltest.Sentinel // behind the target
	gate     *sentineltest.Fake
	proxy    *sentineltest.Proxy
	target   string
	others   []string
	exporter *exportertest.Process

	// What there was before any fault: of the target, and of the exporter.
	healthy           map[string]float64
	goroutines, files float64

	slowest time.Duration // the most that a scrape came after its deadline
}

func newFaultRig(t *testing.T, overTLS bool, flags ...string) *faultRig {
	t.Helper()
	r := &faultRig{t: t, names: exportertest.RunNameserver(t)}
	// Nobody shall be held to be down in this test for being cut off or stopped.
	r.Topology = sentineltest.Run(t, sentineltest.Config{
		Replicas: 1, DownAfter: time.Minute, SentinelConf: []string{"maxclients 60"},
	})
	r.sentinel = r.Sentinels[0]
	var server *tls.Config
	if overTLS {
		var more []string
		server, more = r.certificates()
		flags = append(flags, more...)
	}
	front := func(i int) *sentineltest.Fake {
		return sentineltest.RunFake(t, sentineltest.FakeConfig{Behind: r.Sentinels[i].Addr(), TLS: server})
	}
	r.gate = front(0)
	r.proxy = sentineltest.RunProxy(t, r.gate.Addr())
	_, port, err := net.SplitHostPort(r.proxy.Addr())
	r.must(err)
	r.target = net.JoinHostPort("target.test", port)
	r.others = r.SentinelAddrs()[1:]
	if overTLS {
		r.others = []string{front(1).Addr(), front(2).Addr()}
	}
	r.exporter = exportertest.StartProcessAt(t, r.names, append(flags, "--config.file=/dev/null", "--sentinel.address="+strings.Join(append(r.others, r.target), ","))...)
	r.isHealthy()
	return r
}

// isHealthy notes what a scrape is without any fault, and that redis-cli says the
// same.
func (r *faultRig) isHealthy() {
	var s scrape
	sentineltest.WaitFor(r.t, "all event streams", func() bool {
		s = r.patient()
		return !slices.ContainsFunc(append([]string{r.target}, r.others...), func(addr string) bool {
			up, followed := s.values[fmt.Sprintf("event_stream_up{sentinel=%q}", addr)]
			return followed && up != 1
		})
	})
	r.healthy, r.goroutines, r.files = s.of(r.target), s.values["go_goroutines"], s.values["process_open_fds"]
	row, err := r.sentinel.Row(r.within(), "SENTINEL", "MASTER", r.Masters[0].Name)
	r.must(err)
	for metric, field := range map[string]string{"replicas": "num-slaves", "quorum": "quorum", "config_epoch": "config-epoch"} {
		got := s.values[fmt.Sprintf("master_%s{master_name=%q,sentinel=%q}", metric, row.Get("name"), r.target)]
		if want := row.Get(field); strconv.FormatFloat(got, 'f', -1, 64) != want {
			r.t.Fatalf("master_%s is %v, redis-cli says %s", metric, got, want)
		}
	}
}

func (r *faultRig) certificates() (server *tls.Config, flags []string) {
	certs, err := sentineltest.NewCertificates(filepath.Join(r.t.TempDir(), "tls"))
	r.must(err)
	pair, err := tls.LoadX509KeyPair(certs.ServerCert, certs.ServerKey)
	r.must(err)
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
		[]string{"--sentinel.tls", "--sentinel.tls-ca-file=" + certs.CA, "--sentinel.tls-server-name=localhost"}
}

func (r *faultRig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// within is a time that is enough, whatever else the machine does.
func (r *faultRig) within() context.Context {
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	r.t.Cleanup(cancel)
	return ctx
}

// A scrape is the values of one, by series and without the prefix.
type scrape struct {
	values map[string]float64
	took   time.Duration
}

// scrape asks the exporter, which is told how long Prometheus waits.
func (r *faultRig) scrape(seconds string) scrape {
	r.t.Helper()
	began := time.Now()
	body := r.exporter.MustGet(r.t, "/metrics", "X-Prometheus-Scrape-Timeout-Seconds", seconds).Body
	s := scrape{values: map[string]float64{}, took: time.Since(began)}
	for line := range strings.Lines(body) {
		series, text, found := cutLast(strings.TrimSpace(line), " ")
		if value, err := strconv.ParseFloat(text, 64); found && err == nil && !strings.HasPrefix(line, "#") {
			s.values[strings.TrimPrefix(series, "redis_sentinel_")] = value
		}
	}
	return s
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

// patient is a scrape that has more time than it can need.
func (r *faultRig) patient() scrape {
	r.t.Helper()
	return r.scrape("20")
}

// of picks the samples of one Sentinel, but for those that events make.
func (s scrape) of(addr string) map[string]float64 {
	own := map[string]float64{}
	for series, value := range s.values {
		if strings.Contains(series, fmt.Sprintf("sentinel=%q", addr)) && !strings.HasPrefix(series, "event") {
			own[series] = value
		}
	}
	return own
}

func (s scrape) up(addr string) bool { return s.values[fmt.Sprintf("up{sentinel=%q}", addr)] == 1 }

// failed counts the errors of one Sentinel by reason and command.
func (s scrape) failed(addr string) map[[2]string]float64 {
	counts := map[[2]string]float64{}
	for _, command := range []string{"info", "myid", "masters", "replicas", "sentinels", "ckquorum"} {
		for _, reason := range []string{"unreachable", "timeout", "auth", "permission", "protocol", "other"} {
			series := fmt.Sprintf("command_errors_total{command=%q,reason=%q,sentinel=%q}", command, reason, addr)
			counts[[2]string{reason, command}] = s.values[series]
		}
	}
	return counts
}
