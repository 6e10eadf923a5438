package history_test

import (
	"context"
	"flag"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

const master = "mymaster"

// A rig is a real deployment with a History that follows it as the exporter does.
type rig struct {
	*sentineltest.Topology
	t       *testing.T
	history *history.History

	mu      sync.Mutex // guards the fields below
	changes []history.Change
	silent  map[string][]silence // by Sentinel: when its stream was not up
	texts   []string             // of the logs, once nothing more of them is looked at
	names   []string             // of the Sentinels, as they are listened to
	slow    map[string][]silence // by Sentinel: when it answered a PING late
	notices []string             // all that was heard
}

// A silence is a time in which a Sentinel was not heard; to is zero while it lasts.
type silence struct{ from, to time.Time }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, cfg sentineltest.Config) *rig {
	t.Helper()
	cfg.SentinelConf = append(cfg.SentinelConf, "loglevel verbose") // its log has all events then
	r := &rig{Topology: sentineltest.Run(t, cfg), t: t, history: history.New(history.Options{}), silent: make(map[string][]silence), slow: make(map[string][]silence)}
	r.names = r.ClientAddrs()
	var clients []*sentinel.Client
	for _, addr := range r.names {
		clients = append(clients, sentinel.NewClient(sentinel.Options{Address: addr}))
	}
	d := deployment.New(clients...)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	up, looked := make(chan struct{}, 100), make(chan struct{}, 1)
	wg.Go(func() {
		d.Events(ctx, func(n *sentinel.StreamUpdate) {
			r.listen(n)
			r.take(r.history.Handle(n))
			if n.Kind == sentinel.StreamUp {
				up <- struct{}{}
			}
		})
	})
	wg.Go(func() {
		for {
			select {
			case <-r.history.Wanted():
			case <-time.After(500 * time.Millisecond): // as often as a scrape
			case <-ctx.Done():
				return
			}
			looking, cancel := context.WithTimeout(ctx, 5*time.Second)
			snapshots := d.Snapshots(looking)
			r.take(r.history.Observe(snapshots))
			cancel()
			if !slices.ContainsFunc(snapshots, func(s *sentinel.Snapshot) bool { return !s.Up() || s.Master(master) == nil }) {
				select {
				case looked <- struct{}{}:
				default:
				}
			}
		}
	})
	for _, s := range r.ClientAddrs() {
		wg.Go(func() { r.ping(ctx, s) })
	}
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		d.Close()
	})
	for range r.Sentinels {
		<-up
	}
	<-looked // a record says what was known of the replicas before
	return r
}

func (r *rig) take(changes []history.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes = append(r.changes, changes...)
}

// listen notes when a stream is not up.
func (r *rig) listen(n *sentinel.StreamUpdate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notices = append(r.notices, fmt.Sprintf("%s %s %v %s %s", n.Time.Format("15:04:05.000"), n.Sentinel, n.Kind, n.Event.Name, n.Event.Raw))
	all := r.silent[n.Sentinel]
	last := len(all) - 1
	switch {
	case n.Kind == sentinel.StreamLost:
		all = append(all, silence{from: n.Since})
	case n.Kind == sentinel.StreamUp && last < 0: // a busy machine can have seen a failover before
		all = append(all, silence{to: n.Time})
	case n.Kind == sentinel.StreamUp:
		all[last].to = n.Time
	}
	if len(all) > 0 {
		r.silent[n.Sentinel] = all
	}
}

// heard returns all that was heard.
func (r *rig) heard() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.notices)
}

// ping notes when a Sentinel does not answer at once: it may hang, wait for its disk, or this process gets no CPU. Its events are
// as late then.
func (r *rig) ping(ctx context.Context, address string) {
	var conn net.Conn
	answer := make([]byte, 64)
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for ctx.Err() == nil {
		sent := time.Now()
		var err error
		if conn == nil {
			conn, err = (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
		}
		if err == nil {
			_ = conn.SetDeadline(sent.Add(10 * time.Second))
			if _, err = conn.Write([]byte("PING\r\n")); err == nil {
				_, err = conn.Read(answer)
			}
			if err != nil {
				_ = conn.Close()
				conn = nil
			}
		}
		if answered := time.Now(); answered.Sub(sent) > 5*time.Millisecond {
			r.mu.Lock()
			r.slow[address] = append(r.slow[address], silence{sent, answered})
			r.mu.Unlock()
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
		}
	}
	if conn != nil {
		_ = conn.Close()
	}
}

// slowness returns for how long a Sentinel did not answer at once around the time between two times.
func (r *rig) slowness(address string, from, to time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	var first, last time.Time
	for _, s := range r.slow[address] {
		if s.from.Before(to) && s.to.After(from) {
			if first.IsZero() {
				first = s.from
			}
			last = s.to
		}
	}
	return last.Sub(first)
}

// hearsAll reports whether all streams are up.
func (r *rig) hearsAll() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, all := range r.silent {
		if all[len(all)-1].to.IsZero() {
			return false
		}
	}
	return true
}

// deaf reports whether what a Sentinel logged at a time may not have been heard: it publishes a little later.
func (r *rig) deaf(address string, at time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.silent[address], func(s silence) bool {
		return at.After(s.from.Add(-time.Second)) && (s.to.IsZero() || at.Before(s.to.Add(time.Second)))
	})
}

func (r *rig) records() []history.Record {
	return r.history.Records(history.Query{All: true})
}

// elected returns the records but for those of attempts that no Sentinel won: when all begin at once, their votes
// may split, and the next attempt comes after twice the failover-timeout. What came before belongs to the first.
func (r *rig) elected() []history.Record {
	return slices.DeleteFunc(r.records(), split)
}

// attempts returns the records of what began after a fault, the newest first.
func (r *rig) attempts(fault time.Time) []history.Record {
	return slices.DeleteFunc(r.records(), func(f history.Record) bool { return f.Started.Before(fault) })
}

func split(f history.Record) bool {
	return f.Outcome == history.OutcomeAborted && strings.Contains(f.Reason, "-failover-abort-not-elected")
}

// ended returns the last record of a leader's when there are n and all have ended.
func (r *rig) ended(n int) *history.Record {
	r.t.Helper()
	var records []history.Record
	sentineltest.WaitFor(r.t, fmt.Sprintf("%d failovers that have ended", n), func() bool {
		records = r.elected()
		return len(records) >= n && !slices.ContainsFunc(records, func(f history.Record) bool { return f.Outcome == "" || f.Ended == nil })
	})
	if len(records) != n {
		r.t.Errorf("%d records, want %d: %+v", len(records), n, records)
	}
	return &records[0]
}

// A logged is an event as the log of a Sentinel has it.
type logged struct {
	sentinel string
	at       time.Time
	event    string
	payload  string
}

// log returns the events in the logs of all Sentinels since a time, sorted. It reads them by itself: the
// package's own reader is what is to be tested.
func (r *rig) log(since time.Time) []logged {
	r.t.Helper()
	line := regexp.MustCompile(`(?m)^\d+:X (\d+ \w+ \d+ [\d:.]+) . ([+-][a-z-]+) (.*)$`)
	var all []logged
	for i, text := range r.logTexts() {
		for _, m := range line.FindAllStringSubmatch(text, -1) {
			at, err := time.ParseInLocation("2 Jan 2006 15:04:05.000", m[1], time.Local)
			check(r.t, err)
			if !at.Before(since.Truncate(time.Millisecond)) {
				all = append(all, logged{r.names[i], at, m[2], m[3]})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b logged) int { return a.at.Compare(b.at) })
	return all
}

// logTexts returns the logs of the Sentinels.
func (r *rig) logTexts() []string {
	if r.texts != nil {
		return r.texts
	}
	texts := make([]string, len(r.Sentinels))
	for i, s := range r.Sentinels {
		var err error
		texts[i], err = s.Log()
		check(r.t, err)
	}
	return texts
}

// first returns the first line of an event; nil if there is none.
func first(lines []logged, event string) *logged {
	if i := slices.IndexFunc(lines, func(l logged) bool { return l.event == event }); i >= 0 {
		return &lines[i]
	}
	return nil
}

// prompt is how much later than in its log an event of a Sentinel is heard at most, besides what its answers to PING were late. By
// default it is that of a machine with far more to do than it can, where the Sentinel waits for its disk as well, between
// the line in its log and what it publishes. TestOracle logs how late most are.
var prompt = flag.Duration("prompt", 3*time.Second, "how much later than in its log an event is heard at most")

// near fails the test unless a time is that of a line.
func (r *rig) near(what string, got time.Time, want *logged) {
	r.t.Helper()
	if want == nil {
		r.t.Errorf("%s: no Sentinel has logged it", what)
		return
	}
	if off, slow := got.Sub(want.at).Abs(), r.slowness(want.sentinel, want.at, got); off > *prompt+slow {
		r.t.Errorf("%s was at %s, by the log of %s at %s: %s apart, and it answered in %s", what, got, want.sentinel, want.at, off, slow)
	}
}

func (r *rig) master() *sentineltest.Node {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	n, err := r.MasterNode(ctx, master)
	check(r.t, err)
	return n
}

func phaseNames(f *history.Record) string {
	var names []string
	for _, p := range f.Phases {
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}
