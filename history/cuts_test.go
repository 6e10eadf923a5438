package history_test

import (
	"cmp"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/sentinel"
)

var (
	cutsRuns = flag.Int("cuts.runs", 20, "how often TestCuts cuts the streams of each recorded run")
	cutsSeed = flag.Uint64("cuts.seed", 1, "of the first of them")
	cutsOf   = flag.String("cuts.of", filepath.Join("testdata", "runs"), "the directory with the logs of TestOracle: -oracle.keep")
)

// TestCuts replays the logs of runs of TestOracle as if the Sentinels had published them, with streams that are cut at random, and
// compares the records as TestOracle does.
func TestCuts(t *testing.T) {
	t.Parallel()
	logs, err := filepath.Glob(filepath.Join(*cutsOf, "*-0.log*"))
	check(t, err)
	if len(logs) == 0 {
		t.Fatalf("there are no logs in %s", *cutsOf)
	}
	for _, first := range logs {
		name, suffix, _ := strings.Cut(first, "-0.log")
		var texts []string
		for i := range 3 {
			texts = append(texts, readText(t, fmt.Sprintf("%s-%d.log%s", name, i, suffix)))
		}
		for i := range *cutsRuns {
			seed := *cutsSeed + uint64(i)
			t.Run(fmt.Sprint(filepath.Base(name), "/", seed), func(t *testing.T) {
				t.Parallel()
				newReplay(t, texts, seed).compare()
			})
		}
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	check(t, err)
	defer func() { _ = f.Close() }()
	reader := io.Reader(f)
	if strings.HasSuffix(name, ".gz") {
		reader, err = gzip.NewReader(f)
		check(t, err)
	}
	text, err := io.ReadAll(reader)
	check(t, err)
	return string(text)
}

// newReplay returns an oracle that has heard the events of logs, but for those in random cuts of the streams.
func newReplay(t *testing.T, texts []string, seed uint64) *oracle {
	t.Helper()
	o := &oracle{
		rig:    &rig{t: t, history: history.New(history.Options{}), texts: texts, silent: make(map[string][]silence), slow: make(map[string][]silence)},
		random: rand.New(rand.NewPCG(seed, 23)),
	}
	t.Cleanup(o.report)
	var files []history.LogFile
	for i, text := range texts {
		files = append(files, file(fmt.Sprint(i, ".log"), text))
	}
	_, logs := readLogs(t, files...)
	var all []replayed
	for i, text := range texts {
		o.names = append(o.names, logs[i].Sentinel)
		s := &replayedSentinel{name: logs[i].Sentinel}
		lines := s.read(t, text)
		s.cuts = o.cuts(lines)
		all = append(all, lines...)
	}
	slices.SortStableFunc(all, func(a, b replayed) int { return a.at.Compare(b.at) })
	o.replay(all)
	return o
}

// A replayedSentinel is what a Sentinel of the logs does now.
type replayedSentinel struct {
	name    string
	cuts    []silence // when its stream is cut
	running bool
	since   time.Time // when it began to run
	up      bool      // its stream is
	last    time.Time
	master  string // as it has it
	leads   bool   // it has a failover in progress
}

// A replayed is a line of a log.
type replayed struct {
	sentinel   *replayedSentinel
	at         time.Time
	event      sentinel.Event // empty if it is none
	dies, runs bool           // with the line the process is gone, or has begun
}

var (
	anyLine   = regexp.MustCompile(`(?m)^(\d+):X (\d+ \w+ \d+ [\d:.]+) . (.*)$`)
	anyEvent  = regexp.MustCompile(`^([+-][a-z-]+) (.*)$`)
	monitored = regexp.MustCompile(`^\+monitor master \S+ (\S+) (\d+) quorum`)
)

func (s *replayedSentinel) read(t *testing.T, text string) []replayed {
	t.Helper()
	var lines []replayed
	matches := anyLine.FindAllStringSubmatch(text, -1)
	for i, m := range matches {
		at, err := time.ParseInLocation("2 Jan 2006 15:04:05.000", m[2], time.Local)
		check(t, err)
		l := replayed{sentinel: s, at: at, dies: i+1 < len(matches) && matches[i+1][1] != m[1], runs: strings.HasPrefix(m[3], "Running mode=sentinel")}
		if e := anyEvent.FindStringSubmatch(m[3]); e != nil {
			l.event = sentinel.ParseEvent(e[1], e[2])
		}
		if first := monitored.FindStringSubmatch(m[3]); first != nil {
			l.event.NewAddress = first[1] + ":" + first[2]
		}
		lines = append(lines, l)
	}
	return lines
}

// cuts returns up to three times in which a stream is cut.
func (o *oracle) cuts(lines []replayed) []silence {
	var cuts []silence
	began := lines[0].at.Add(3 * time.Second)
	whole := lines[len(lines)-1].at.Sub(began)
	for range o.random.IntN(4) {
		from := began.Add(time.Duration(o.random.Int64N(int64(whole))))
		cuts = append(cuts, silence{from, from.Add(time.Duration(o.random.Int64N(int64(20 * time.Second))))})
	}
	slices.SortFunc(cuts, func(a, b silence) int { return cmp.Compare(a.from.UnixNano(), b.from.UnixNano()) })
	return cuts
}

// replay lets the History hear of the lines, and see a snapshot every half second.
func (o *oracle) replay(lines []replayed) {
	var sentinels []*replayedSentinel
	for _, l := range lines {
		if !slices.Contains(sentinels, l.sentinel) {
			sentinels = append(sentinels, l.sentinel)
		}
	}
	looked := lines[0].at
	look := func(until time.Time) {
		for ; looked.Before(until); looked = looked.Add(500 * time.Millisecond) {
			for _, s := range sentinels {
				o.stream(s, looked)
			}
			o.take(o.history.Observe(snapshots(sentinels, looked)))
		}
	}
	for _, l := range lines {
		look(l.at)
		s := l.sentinel
		o.stream(s, l.at)
		s.take(&l)
		if s.up && l.event.Name != "" && l.event.Name != sentinel.EventMonitor { // that it publishes before it can be listened to
			o.hear(&sentinel.StreamUpdate{Sentinel: s.name, Time: l.at, Event: l.event})
		}
		if l.dies {
			s.running, s.leads = false, false
			o.stream(s, l.at)
		}
	}
	look(lines[len(lines)-1].at.Add(30 * time.Second))
	o.settled = o.records()
}

func (o *oracle) hear(n *sentinel.StreamUpdate) {
	o.listen(n)
	o.take(o.history.Handle(n))
}

// stream opens and closes the stream of a Sentinel. That it is gone is seen at once.
func (o *oracle) stream(s *replayedSentinel, at time.Time) {
	up := s.running && !slices.ContainsFunc(s.cuts, func(c silence) bool { return !at.Before(c.from) && at.Before(c.to) })
	switch {
	case up && !s.up:
		o.hear(&sentinel.StreamUpdate{Sentinel: s.name, Time: at, Kind: sentinel.StreamUp})
	case !up && s.up:
		o.hear(&sentinel.StreamUpdate{Sentinel: s.name, Time: at, Since: s.last, Kind: sentinel.StreamLost})
	}
	s.up, s.last = up, at
}

// take takes in what a Sentinel does.
func (s *replayedSentinel) take(l *replayed) {
	if l.runs {
		s.running, s.since = true, l.at
	}
	if e := &l.event; e.NewAddress != "" {
		s.master, s.leads = e.NewAddress, false
	}
	switch l.event.Name {
	case sentinel.EventTryFailover:
		s.leads = true
	case sentinel.EventAbortNotElected, sentinel.EventAbortNoGoodSlave, sentinel.EventAbortSlaveTimeout, sentinel.EventAbortMasterTimeout:
		s.leads = false
	}
}

// snapshots returns what the Sentinels answer.
func snapshots(sentinels []*replayedSentinel, at time.Time) []*sentinel.Snapshot {
	var all []*sentinel.Snapshot
	for _, s := range sentinels {
		shot := &sentinel.Snapshot{Sentinel: s.name, Started: at, Duration: time.Millisecond}
		if !s.running || s.master == "" {
			shot.Err = errors.New("it does not answer")
		}
		shot.Info = &sentinel.Info{RunID: s.since.String(), Uptime: sentinel.Some(at.Sub(s.since).Truncate(time.Second))}
		m := sentinel.Master{}
		m.Name, m.Addr, m.Flags = master, s.master, sentinel.FlagMaster
		if s.leads {
			m.Flags |= sentinel.FlagFailoverInProgress
		}
		shot.Masters = []sentinel.Master{m}
		all = append(all, shot)
	}
	return all
}
