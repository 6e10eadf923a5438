package collector_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// TestTruth lets one thing after the other go wrong with a real deployment, at
// random and several at a time, and holds every scrape against what redis-cli
// says just before it, during it and just after it. No value may contradict all
// of that. Nothing may be exposed that nobody said, nor be left out that a
// Sentinel said to all who asked.
//
// $TRUTH_FOR says how long, $TRUTH_SEED which of the ways things can go.
func TestTruth(t *testing.T) {
	t.Parallel()
	span, seed := truthFor(t), truthSeed(t)
	t.Logf("TRUTH_SEED=%d TRUTH_FOR=%s does the same again, as far as the machine does", seed, span)
	w := newWorld(t, rand.New(rand.NewPCG(seed, 0)))
	ctx, cancel := context.WithTimeout(t.Context(), span)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { w.upset(ctx) })
	scrapes := 0
	for ; ctx.Err() == nil && !t.Failed(); scrapes++ {
		w.compare()
	}
	cancel()
	wg.Wait()
	t.Logf("%d scrapes, %d values, of which %d while something was wrong; %d of which may have been so for a moment; %d times a Sentinel that could not be asked; %d steps: %v",
		scrapes, w.values, w.upsetValues, w.doubted, w.absent, len(w.steps), w.counts())
	if t.Failed() {
		t.Logf("the steps were\n%s", strings.Join(w.steps, "\n"))
		return
	}
	if len(w.steps) < 3 || w.upsetValues == 0 {
		t.Error("not enough happened to tell anything")
	}
	w.mendAll()
	if err := w.WaitSettled(w.within()); err != nil {
		t.Fatal(err)
	}
	w.compare()
}

func truthFor(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("TRUTH_FOR")
	if text == "" {
		return 30 * time.Second
	}
	span, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("$TRUTH_FOR: %v", err)
	}
	return span
}

func truthSeed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("TRUTH_SEED")
	if text == "" {
		return rand.Uint64()
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("$TRUTH_SEED: %v", err)
	}
	return seed
}

// A world is a deployment to which things happen.
type world struct {
	*rig
	rand *rand.Rand // used by upset alone

	mu    sync.Mutex
	wrong map[string]func() error // what to do against it, by what it is
	ways  []way                   // to the Sentinels
	steps []string

	talks []*sentineltest.Talk // with the Sentinels

	values, upsetValues, absent int // that were compared

	doubts  map[string]doubts // that there are now, by series
	doubted int               // scrapes of a series that there have been doubts in
}

// doubts are contradictions in scrapes one after the other.
type doubts struct {
	scrapes int
	since   time.Time
}

// A way says whether the exporter can reach a Sentinel.
type way struct {
	blocked bool
	changes int // odd while it changes
}

func newWorld(t *testing.T, random *rand.Rand) *world {
	t.Helper()
	r := newRig(t, sentineltest.Config{FailoverTimeout: 3 * time.Second, Partitionable: true, Proxied: true})
	w := &world{
		rig: r, rand: random, wrong: map[string]func() error{}, doubts: map[string]doubts{},
		ways: make([]way, len(r.Sentinels)), talks: make([]*sentineltest.Talk, len(r.Sentinels)),
	}
	t.Cleanup(w.closeTalks)
	return w
}

// within is time enough, whatever else the machine does.
func (w *world) within() context.Context {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.t.Context()), time.Minute)
	w.t.Cleanup(cancel)
	return ctx
}

// A sighting is what redis-cli said of one Sentinel at one time, nil where it did
// not say anything.
type sighting struct {
	*oracle
	began, ended time.Time
}

// sightingTimeout is how long redis-cli has, where the Sentinel may be hung.
const sightingTimeout = 3 * time.Second

func (w *world) see(i int) sighting {
	s := sighting{began: time.Now()}
	if w.Sentinels[i].Live() || !w.way(i).blocked {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(w.t.Context()), sightingTimeout)
		defer cancel()
		s.oracle = w.hear(ctx, i)
	}
	s.ended = time.Now()
	return s
}

// hear asks over the talk that there is with the Sentinel, or a new one. Who calls
// it has the Sentinel for himself.
func (w *world) hear(ctx context.Context, i int) *oracle {
	if w.talks[i] == nil {
		talk, err := w.Sentinels[i].Talk()
		if err != nil {
			w.t.Error(err)
			return nil
		}
		w.talks[i] = talk
	}
	o, err := consult(ctx, w.talks[i], w.addrs[i])
	if err != nil {
		w.talks[i].Close()
		w.talks[i] = nil
	}
	return o
}

func (w *world) closeTalks() {
	for _, talk := range w.talks {
		if talk != nil {
			talk.Close()
		}
	}
}

func (w *world) way(i int) way {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ways[i]
}

// change is what makes or mends a way; meanwhile nobody knows.
func (w *world) change(i int, blocked bool, do func() error) error {
	w.mu.Lock()
	w.ways[i].changes++
	w.mu.Unlock()
	err := do()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ways[i].changes++
	w.ways[i].blocked = blocked
	return err
}

// compare makes one scrape, and looks at the Sentinels meanwhile.
func (w *world) compare() {
	w.t.Helper()
	ways, seen := make([]way, len(w.addrs)), make([][]sighting, len(w.addrs))
	var wg sync.WaitGroup
	for i := range w.addrs {
		ways[i] = w.way(i)
		wg.Go(func() { seen[i] = []sighting{w.see(i)} })
	}
	wg.Wait()
	somethingWrong := w.isUpset()
	done := make(chan struct{})
	for i := range w.addrs {
		wg.Go(func() { seen[i] = append(seen[i], w.watch(i, done)...) })
	}
	began := time.Now()
	values := w.samples(scrapeDeadline)
	ended := time.Now()
	close(done)
	wg.Wait()
	up := 0.0
	for i, addr := range w.addrs {
		took := time.Duration(values[fmt.Sprintf("scrape_duration_seconds{sentinel=%q}", addr)] * float64(time.Second))
		// It may have begun late, on a busy machine, but not after the scrape's end.
		answered := began.Add(took + 100*time.Millisecond)
		if ended.Before(answered) {
			answered = ended
		}
		seen[i] = around(seen[i], answered)
		w.judge(addr, of(values, addr), seen[i], ways[i], w.way(i), somethingWrong)
		up += values[fmt.Sprintf("up{sentinel=%q}", addr)]
	}
	if got := values["deployment_sentinels_up{}"]; got != up {
		w.t.Errorf("%v Sentinels are up, and %v say so", got, up)
	}
	w.judgeDeployment(values, seen)
}

// scrapeDeadline bounds a scrape; a Sentinel that does not answer costs it whole.
const scrapeDeadline = 2 * time.Second

// watch looks at a Sentinel while a scrape goes on, and once after it.
func (w *world) watch(i int, done <-chan struct{}) []sighting {
	var seen []sighting
	for {
		timer := time.NewTimer(10 * time.Millisecond)
		over := false
		select {
		case <-timer.C:
		case <-done:
			over = true
		}
		timer.Stop()
		seen = append(seen, w.see(i))
		if over {
			return seen
		}
	}
}

// around leaves out what was seen after the first that began when the Sentinel's
// answer was there.
func around(seen []sighting, answered time.Time) []sighting {
	after := slices.IndexFunc(seen, func(s sighting) bool { return s.began.After(answered) })
	return seen[:after+1]
}

// judge holds the samples of one Sentinel against what was seen of it.
func (w *world) judge(addr string, got map[string]float64, seen []sighting, before, after way, somethingWrong bool) {
	w.t.Helper()
	up := got[fmt.Sprintf("up{sentinel=%q}", addr)] == 1
	settled := before == after && before.changes%2 == 0
	silent := slices.ContainsFunc(seen, func(s sighting) bool { return s.oracle == nil })
	switch {
	case settled && before.blocked && up:
		w.t.Errorf("%s is up, and cannot be reached", addr)
	case settled && !before.blocked && !silent && !up:
		w.t.Errorf("%s is not up, and redis-cli had an answer each time", addr)
	}
	if !up {
		w.absent++
		for series := range got {
			if family, _, _ := strings.Cut(series, "{"); !slices.Contains(ofTheDead, family) {
				w.t.Errorf("%s is exposed of one that did not answer", series)
			}
		}
		return
	}
	var said []map[string]float64
	for _, s := range seen {
		if s.oracle != nil {
			said = append(said, s.all())
		}
	}
	if silent {
		return // it came or went meanwhile, and nobody knows what it said then
	}
	w.agree(got, said, seen[len(seen)-1].ended.Sub(seen[0].began))
	w.values += len(got)
	if somethingWrong {
		w.upsetValues += len(got)
	}
}

// ofTheDead is what there is of a Sentinel that has not answered.
var ofTheDead = []string{"up", "scrape_duration_seconds", "command_success", "command_errors_total"}

// often is how long redis-cli may have looked away in all; in a longer time a
// Sentinel that was hung can have lost all nodes and found them again.
const often = 250 * time.Millisecond

// agree holds samples against what was said in the time around them.
func (w *world) agree(got map[string]float64, said []map[string]float64, span time.Duration) {
	w.t.Helper()
	for series, value := range got {
		var all []float64
		for _, s := range said {
			if v, found := s[series]; found {
				all = append(all, v)
			}
		}
		switch family, _, _ := strings.Cut(series, "{"); {
		case family == "scrape_duration_seconds", family == "command_errors_total":
		case 0 < len(all) && len(all) < len(said): // it came or went meanwhile
		case len(all) == 0:
			w.doubt(series, flickers(series) || span > often, fmt.Sprintf("%s %v is exposed, and redis-cli did not have it", series, value))
		case !possible(family, value, all, span):
			w.doubt(series, flickers(series) || span > often, fmt.Sprintf("%s is %v; redis-cli says %v, within %v", series, value, all, span))
		default:
			delete(w.doubts, series)
		}
	}
	for series := range said[0] {
		everywhere := !slices.ContainsFunc(said, func(s map[string]float64) bool { _, found := s[series]; return !found })
		if _, found := got[series]; everywhere && !found && !math.IsNaN(said[0][series]) &&
			!slices.ContainsFunc(said, func(s map[string]float64) bool { return isQuiet(series, s[series]) }) {
			w.doubt(series, true, fmt.Sprintf("%s is not exposed; redis-cli says %v", series, said[0][series]))
		}
	}
}

// flickers reports whether a series can be other than before and after for some
// milliseconds, which only one of two that ask may see: while a Sentinel makes a
// link anew, between the moment when it takes a node for another and that node's
// first INFO, by which it knows the run id, and between the INFOs of two nodes; and where a busy
// machine lets a node answer just after down-after.
func flickers(series string) bool {
	family, labels, _ := strings.Cut(series, "{")
	return slices.Contains([]string{
		"master_disconnected", "replica_disconnected", "peer_disconnected", "replica_sdown", "peer_sdown", "replica_ok", "master_ok_replicas",
		"replica_promotable", "master_promotable_replicas", "master_failover_possible", "replica_lag_bytes",
	}, family) || strings.HasPrefix(family, "node_") || strings.Contains(labels, `run_id=""`)
}

// doubt notes a contradiction. One that may be gone in a moment, as may be one
// that consists in silence, is one only if the next scrapes have it as well.
func (w *world) doubt(series string, momentary bool, contradiction string) {
	w.t.Helper()
	const moment, inARow = time.Second, 3
	d := w.doubts[series]
	if d.scrapes == 0 {
		d.since = time.Now()
	}
	d.scrapes++
	w.doubts[series] = d
	w.doubted++
	if !momentary || d.scrapes >= inARow && time.Since(d.since) > moment {
		w.t.Error(contradiction)
	}
}

// possible reports whether a value can have been true in the span of time in which
// redis-cli said these.
func possible(family string, value float64, said []float64, span time.Duration) bool {
	low, high := slices.Min(said), slices.Max(said)
	near := func(by float64) bool { return low-by <= value && value <= high+by }
	switch {
	case slices.Contains([]string{"master_down_after_seconds", "master_failover_timeout_seconds"}, family):
		return slices.Contains(said, value)
	case family == "uptime_seconds", family == "tilt_seconds", family == "replica_link_down_seconds":
		return near(1.1) // they are counted in whole seconds
	case strings.HasSuffix(family, "_seconds"):
		// An age grows with the time, and begins anew at any time.
		const clocks = 0.11 // Sentinel's own ticks ten times a second
		return near(span.Seconds()+clocks) || value <= span.Seconds()+clocks
	case family == "replica_lag_bytes", family == "node_replication_offset_bytes":
		return near(1000) // the nodes' words on it are of different moments, and change one by one
	case family == "cpu_seconds_total":
		return near(0.01)
	case family == "connected_clients":
		return near(10) // what comes and goes between two looks
	case slices.Contains([]string{
		"master_sentinels", "master_ok_sentinels", "master_usable_sentinels", "master_quorum_margin",
		"master_replicas", "master_ok_replicas", "master_promotable_replicas",
	}, family):
		return near(0) // they are found one by one, maybe between two looks
	case strings.HasSuffix(family, "_total"), family == "master_config_epoch", family == "master_failover_state":
		return near(0)
	}
	return slices.Contains(said, value)
}

// judgeDeployment holds what is said over all Sentinels against what was seen.
func (w *world) judgeDeployment(values map[string]float64, seen [][]sighting) {
	w.t.Helper()
	addresses := map[string]bool{}
	for _, s := range slices.Concat(seen...) {
		if s.oracle == nil {
			return
		}
		if s.master != nil {
			addresses[s.advertise] = true
		}
	}
	got, found := values[fmt.Sprintf("deployment_master_addresses{master_name=%q}", master)]
	if found && (got < 1 || got > float64(len(addresses))) {
		w.t.Errorf("%v addresses of the master; redis-cli has seen %v", got, slices.Sorted(maps.Keys(addresses)))
	}
}
