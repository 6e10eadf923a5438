package e2e_test

import (
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// soakFor is what `make soak` sets; without it the test is too short to see
// anything grow.
var soakFor = flag.Duration("soak.for", 15*time.Second, "for how long to soak")

const (
	// soakLong is where a soak is long enough for what grows to be told from what
	// varies, and for idle connections to be closed.
	soakLong = 10 * time.Minute
	// soakIdle connections do nothing, until the exporter closes them.
	soakIdle      = 100
	soakIdleLimit = 5 * time.Minute // docs/security.md
)

// TestSoak has one thing after the other happen to a Sentinel, at random moments,
// and one failover after the other, while all pages are asked for. After each the
// exporter is right again, and what it then uses does not grow.
func TestSoak(t *testing.T) {
	if *soakFor < soakLong {
		t.Parallel()
	}
	s := newSoak(t)
	idle := s.idle()
	var usages []usage
	for round, end := 1, time.Now().Add(*soakFor); time.Now().Before(end) && !t.Failed(); round++ {
		s.faults(end)
		s.failover()
		usages = append(usages, s.rest())
		t.Logf("round %d: %d scrapes, %s", round, s.scrapes.Load(), usages[len(usages)-1])
	}
	t.Logf("%d faults, %d failovers, %d scrapes, %d other pages", s.happened, len(usages), s.scrapes.Load(), s.pages.Load())
	if *soakFor < soakLong || t.Failed() {
		return
	}
	checkFlat(t, usages)
	idle.areClosed(t)
}

// A soak is a rig on which faults and scrapes never end.
type soak struct {
	*faultRig
	before usage
	open   atomic.Int64 // idle connections to the exporter

	happened       int
	scrapes, pages atomic.Int64
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	s := &soak{faultRig: newFaultRig(t, false)}
	s.everything() // so that each connection is there that will be
	s.before = usageOf(t, s.exporter)
	t.Logf("before: %s", s.before)
	return s
}

// everything asks for all pages at once, with the patience of a Prometheus.
func (s *soak) everything() {
	s.t.Helper()
	var wg sync.WaitGroup
	for _, path := range []string{
		"/metrics", "/status", "/health", "/sd", "/", "/-/ready", "/metrics?name[]=redis_sentinel_up",
		"/probe?target=" + s.target + "&target=" + strings.Join(s.others, "&target="),
	} {
		wg.Go(func() {
			got, err := s.exporter.Get(path, "X-Prometheus-Scrape-Timeout-Seconds", prometheusHas, "Accept-Encoding", "gzip")
			if err != nil || got.Status != http.StatusOK && got.Status != http.StatusServiceUnavailable {
				s.t.Errorf("GET %s: got %d, %v", path, got.Status, err)
			}
			s.pages.Add(1)
		})
	}
	wg.Wait()
}

// faults makes each fault once, in any order and at any moment.
func (s *soak) faults(end time.Time) {
	s.t.Helper()
	bad := badSentinels()
	rand.Shuffle(len(bad), func(i, j int) { bad[i], bad[j] = bad[j], bad[i] })
	for _, b := range bad {
		if time.Now().After(end) || s.t.Failed() {
			return
		}
		mend := s.begin(moment(rand.IntN(int(moments))), b)
		before := s.scrape(prometheusHas)
		s.everything()
		mend()
		s.wellAgain(before)
		s.hurry(time.Second)
		s.happened++
	}
}

// wellAgain holds a scrape against what there was before any fault.
func (s *soak) wellAgain(before scrape) {
	s.t.Helper()
	got := s.patient()
	s.scrapes.Add(2)
	s.same(s.healthy, got.of(s.target), inMotion)
	s.othersAreThere(before, got)
}

// hurry scrapes without a break, at several places at once.
func (s *soak) hurry(span time.Duration) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for end := time.Now().Add(span); time.Now().Before(end); s.scrapes.Add(1) {
				if got, err := s.exporter.Get("/metrics"); err != nil || got.Status != http.StatusOK {
					s.t.Errorf("a scrape: got %d, %v", got.Status, err)
				}
			}
		})
	}
	wg.Wait()
}

func (s *soak) failover() {
	s.t.Helper()
	_, err := s.Failover(s.within(), s.Masters[0].Name)
	s.must(err)
	s.must(s.WaitSettled(s.within()))
	s.isHealthy() // with another master
}

// rest waits until nothing is left of what was, and returns what is used then.
func (s *soak) rest() usage {
	s.t.Helper()
	var now usage
	sentineltest.WaitFor(s.t, "goroutines and files to be what they were", func() bool {
		idle := float64(s.open.Load())
		now = usageOf(s.t, s.exporter)
		now.goroutines -= idle
		now.files -= idle
		return now.goroutines <= s.before.goroutines && now.files <= s.before.files
	})
	return now
}

// idlers are connections to the exporter on which nothing is asked any more.
type idlers struct {
	conns []net.Conn
	wg    sync.WaitGroup
	mu    sync.Mutex
	lived []time.Duration // of those that the exporter has closed
}

// idle makes connections that have had an answer, and notes when they are closed.
func (s *soak) idle() *idlers {
	s.t.Helper()
	i := &idlers{}
	for range soakIdle {
		conn, err := net.Dial("tcp", s.exporter.Addr())
		s.must(err)
		i.conns = append(i.conns, conn)
		in := readHealthy(s.t, conn)
		s.open.Add(1)
		began := time.Now()
		i.wg.Go(func() {
			_, err := in.ReadByte()
			s.open.Add(-1)
			if errors.Is(err, io.EOF) { // and not closed by the test
				i.mu.Lock()
				defer i.mu.Unlock()
				i.lived = append(i.lived, time.Since(began))
			}
		})
	}
	s.t.Cleanup(func() {
		for _, conn := range i.conns {
			_ = conn.Close()
		}
		i.wg.Wait()
	})
	return i
}

// areClosed checks that the exporter has closed them, and not too early.
func (i *idlers) areClosed(t *testing.T) {
	t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.lived) != len(i.conns) {
		t.Errorf("of %d idle connections %d were closed", len(i.conns), len(i.lived))
		return
	}
	first, last := slices.Min(i.lived), slices.Max(i.lived)
	t.Logf("the exporter closed %d idle connections after %s to %s", len(i.conns), first.Round(time.Second), last.Round(time.Second))
	if first < soakIdleLimit-time.Second {
		t.Errorf("one was closed after %s", first)
	}
}
