package history_test

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/internal/sentineltest"
)

var (
	oracleRuns = flag.Int("oracle.runs", 1, "how many random runs of faults TestOracle has")
	oracleFor  = flag.Duration("oracle.for", 4*time.Second, "how long the faults of each go on")
	oracleSeed = flag.Uint64("oracle.seed", 1, "of the first run")
	oracleKeep = flag.String("oracle.keep", "", "the directory to which each run writes the logs of its Sentinels")
)

// TestOracle lets random faults happen, and compares the records, live and from the logs, with the +switch-master that
// the Sentinels have logged, and with each other.
func TestOracle(t *testing.T) {
	t.Parallel()
	for i := range *oracleRuns {
		seed := *oracleSeed + uint64(i)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			o := newOracle(t, seed)
			ctx, cancel := context.WithTimeout(t.Context(), *oracleFor+5*time.Minute)
			defer cancel()
			o.faults(ctx)
			o.compare()
		})
	}
}

// An oracle is a deployment to which random faults happen.
type oracle struct {
	*rig
	random  *rand.Rand
	repairs map[string]func() error // what is broken now, by what it is
	story   []string
	settled []history.Record // the live ones, when all was well
	read    []history.Record // those from the logs
}

// attemptsLogged counts what begins or ends a failover.
func (o *oracle) attemptsLogged() int {
	n := 0
	for _, l := range o.log(time.Time{}) {
		if l.event == "+try-failover" || l.event == "+switch-master" || strings.HasPrefix(l.event, "-failover-abort") {
			n++
		}
	}
	return n
}

func newOracle(t *testing.T, seed uint64) *oracle {
	o := &oracle{
		rig:     run(t, sentineltest.Config{Partitionable: true, Proxied: true, FailoverTimeout: 3 * time.Second}),
		random:  rand.New(rand.NewPCG(seed, 22)),
		repairs: make(map[string]func() error),
	}
	t.Cleanup(func() {
		o.report()
		for i, text := range o.logTexts() {
			if *oracleKeep != "" {
				_ = os.WriteFile(filepath.Join(*oracleKeep, fmt.Sprintf("%d-%d.log", seed, i)), []byte(text), 0o600)
			}
		}
	})
	return o
}

// report says what happened, and after a failure what was made of it.
func (o *oracle) report() {
	o.t.Logf("what happened:\n%s", strings.Join(o.story, "\n"))
	if !o.t.Failed() {
		return
	}
	for what, records := range map[string][]history.Record{"live": o.settled, "logs": o.read} {
		for i := range records {
			text, _ := json.Marshal(records[i])
			o.t.Logf("%s: %s", what, text)
		}
	}
	o.t.Logf("what was heard:\n%s", strings.Join(o.heard(), "\n"))
}

// TestTwoAtOnce: two Sentinels are told to fail over at the same time, and both may lead. Each switch is in one record.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	o := newOracle(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	began := time.Now()
	var both sync.WaitGroup
	for _, s := range o.Sentinels[:2] {
		both.Go(func() { o.byHand(ctx, s) })
	}
	both.Wait()
	sentineltest.WaitFor(t, "a failover that has ended", func() bool {
		return slices.ContainsFunc(o.elected(), func(f history.Record) bool { return f.Outcome == history.OutcomeSwitched && f.Ended != nil })
	})
	o.settle(ctx)
	o.compare()
	leaders := make(map[string]bool)
	for _, f := range o.settled {
		leaders[f.Leader] = true // also of what came of it
		for _, s := range o.names {
			leaders[s] = leaders[s] || strings.Contains(f.Reason, s+" led it as well")
		}
	}
	for _, l := range o.log(began) {
		if l.event == "+elected-leader" && l.at.Before(began.Add(time.Second)) && !leaders[l.sentinel] && !o.deaf(l.sentinel, l.at) {
			t.Errorf("%s was elected, and the leaders are %v", l.sentinel, leaders)
		}
	}
}

// TestSentinelIsCutOff from all others, and from the exporter: a gap in the record of the failover of which it does not
// hear. It hears of it later, and its switch belongs to the same record.
func TestSentinelIsCutOff(t *testing.T) {
	t.Parallel()
	o := newOracle(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cut, leader, old := o.Sentinels[0], o.Sentinels[1], o.master()
	check(t, o.Isolate(cut.Node))
	cut.Proxy.Cut()
	_, err := leader.CLI(ctx, "SENTINEL", "FAILOVER", master)
	check(t, err)
	to, err := o.WaitFailover(ctx, master, old.Addr())
	check(t, err)
	f := o.ended(1)
	if f.Trigger != history.TriggerCommand || f.Outcome != history.OutcomeSwitched || f.Leader != leader.Proxy.Addr() || f.From != old.Addr() || f.To != to {
		t.Errorf("%+v", f)
	}
	if len(f.Gaps) != 1 || f.Gaps[0].Sentinel != cut.Proxy.Addr() || slices.ContainsFunc(f.Switched, func(s history.Switched) bool { return s.Sentinel == cut.Proxy.Addr() }) {
		t.Errorf("one Sentinel is not heard, and the gaps are %+v, the switches %+v", f.Gaps, f.Switched)
	}
	check(t, cut.Proxy.Heal())
	sentineltest.WaitFor(t, "the stream is up", o.hearsAll)
	check(t, o.Rejoin(cut.Node))
	sentineltest.WaitFor(t, "its switch", func() bool { return len(o.ended(1).Switched) == 3 })
	o.settle(ctx)
	o.compare()
}

// A fault breaks something of a kind, and returns what repairs it; nil if that is not needed. Of a kind
// one thing is broken at a time.
type fault struct {
	name, kind string
	do         func(ctx context.Context, o *oracle) (repair func() error)
}

const (
	ofData     = "data"
	ofSentinel = "sentinel"
	ofStream   = "stream"
)

var faults = []fault{ // read-only
	{"FAILOVER", "", func(ctx context.Context, o *oracle) func() error {
		o.byHand(ctx, o.sentinel())
		return nil
	}},
	{"two FAILOVERs at once", "", func(ctx context.Context, o *oracle) func() error {
		first := o.random.IntN(len(o.Sentinels))
		var both sync.WaitGroup
		for i := range 2 {
			both.Go(func() { o.byHand(ctx, o.Sentinels[(first+i)%len(o.Sentinels)]) })
		}
		both.Wait()
		return nil
	}},
	{"FAILOVER COORDINATED", "", func(ctx context.Context, o *oracle) func() error {
		if coordinates(o.Version) {
			o.byHand(ctx, o.sentinel(), "COORDINATED")
		}
		return nil
	}},
	{"the master is killed", ofData, func(ctx context.Context, o *oracle) func() error {
		n := o.now(ctx)
		n.Kill()
		return func() error { return n.Restart(ctx) }
	}},
	{"the master hangs", ofData, func(ctx context.Context, o *oracle) func() error {
		n := o.now(ctx)
		check(o.t, n.Hang())
		return n.Resume
	}},
	{"the replicas refuse", ofData, func(ctx context.Context, o *oracle) func() error {
		rights := func(rules ...string) error {
			for _, n := range o.Masters[0].DataNodes() {
				if _, err := n.CLI(ctx, append([]string{"ACL", "SETUSER", "default"}, rules...)...); err != nil {
					return err
				}
			}
			return nil
		}
		check(o.t, rights("-slaveof", "-replicaof"))
		o.byHand(ctx, o.sentinel())
		return func() error { return rights("+slaveof", "+replicaof") }
	}},
	{"a leader is killed", ofSentinel, func(ctx context.Context, o *oracle) func() error {
		s := o.sentinel()
		o.byHand(ctx, s)
		o.wait(ctx, time.Second)
		s.Kill()
		return func() error { return s.Restart(ctx) }
	}},
	{"a Sentinel is killed", ofSentinel, func(ctx context.Context, o *oracle) func() error {
		s := o.sentinel()
		s.Kill()
		return func() error { return s.Restart(ctx) }
	}},
	{"a Sentinel hangs", ofSentinel, func(_ context.Context, o *oracle) func() error {
		s := o.sentinel()
		check(o.t, s.Hang())
		return s.Resume
	}},
	{"a Sentinel is cut off", ofSentinel, func(_ context.Context, o *oracle) func() error {
		s := o.sentinel()
		check(o.t, o.Isolate(s.Node))
		return func() error { return o.Rejoin(s.Node) }
	}},
	{"a Sentinel is cut off from the exporter", ofStream, func(_ context.Context, o *oracle) func() error {
		s := o.sentinel()
		s.Proxy.Cut()
		return s.Proxy.Heal
	}},
}

func (o *oracle) sentinel() *sentineltest.Sentinel {
	return o.Sentinels[o.random.IntN(len(o.Sentinels))]
}

// now returns the master as some Sentinel has it, or the first node if none can say.
func (o *oracle) now(ctx context.Context) *sentineltest.Node {
	if n, err := o.MasterNode(ctx, master); err == nil {
		return n
	}
	return o.Masters[0].Node
}

// byHand tells a Sentinel to fail over, which may refuse it, or be dead.
func (o *oracle) byHand(ctx context.Context, s *sentineltest.Sentinel, how ...string) {
	if !s.Live() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if _, err := s.CLI(ctx, append([]string{"SENTINEL", "FAILOVER", master}, how...)...); err != nil {
		o.tell(fmt.Sprintf("%s refuses it: %v", s.Name(), err))
	}
}

// wait lets a random time pass, in which what is broken has its effect.
func (o *oracle) wait(ctx context.Context, most time.Duration) {
	select {
	case <-time.After(time.Duration(o.random.Int64N(int64(most)))):
	case <-ctx.Done():
	}
}

func (o *oracle) tell(what string) {
	o.story = append(o.story, time.Now().Format("15:04:05.000 ")+what)
}

// faults breaks and repairs things until the time is over, and then waits until all is well.
func (o *oracle) faults(ctx context.Context) {
	for end := time.Now().Add(*oracleFor); time.Now().Before(end); {
		f := faults[o.random.IntN(len(faults))]
		if _, broken := o.repairs[f.kind]; broken && f.kind != "" {
			o.repair(f.kind)
		} else {
			o.tell(f.name)
			if repair := f.do(ctx, o); repair != nil {
				o.repairs[f.kind] = repair
			}
		}
		o.wait(ctx, 4*time.Second)
	}
	for _, kind := range []string{ofData, ofSentinel, ofStream} {
		o.repair(kind)
	}
	o.settle(ctx)
}

// settle waits until all is well, and all that was published is in the records.
func (o *oracle) settle(ctx context.Context) {
	o.t.Helper()
	o.unite(ctx)
	o.tell("all is well")
	var missing string
	defer func() { o.tell(missing) }()
	sentineltest.WaitFor(o.t, "the end of all failovers, and all that was published", func() bool {
		o.texts = nil
		before := o.attemptsLogged()
		o.settled = o.records()
		unheard := o.unheard(o.settled)
		texts := o.logTexts()
		if o.texts = texts; o.attemptsLogged() != before { // another one has begun
			return false
		}
		open := slices.DeleteFunc(slices.Clone(o.settled), func(f history.Record) bool { return f.Outcome != "" })
		text, _ := json.Marshal(open)
		missing = fmt.Sprintf("under way: %s, not heard: %v", text, unheard)
		return len(open)+len(unheard) == 0 && o.hearsAll()
	})
}

// unite waits until all is well. Two failovers in one epoch can keep the Sentinels apart for good (docs/sentinel.md): then
// it needs one in a new epoch.
func (o *oracle) unite(ctx context.Context) {
	o.t.Helper()
	var err error
	for _, s := range o.Sentinels {
		alone, cancel := context.WithTimeout(ctx, time.Minute)
		err = o.WaitSettled(alone)
		cancel()
		if err == nil || ctx.Err() != nil {
			break
		}
		o.tell(fmt.Sprintf("apart: FAILOVER at %s: %v", s.Name(), err))
		o.byHand(ctx, s)
	}
	if err != nil {
		err = o.WaitSettled(ctx)
	}
	check(o.t, err)
}

func (o *oracle) repair(kind string) {
	if repair := o.repairs[kind]; repair != nil {
		o.tell("repaired: " + kind)
		check(o.t, repair())
		delete(o.repairs, kind)
	}
}

// A told is a +switch-master that a Sentinel has logged, and how many records have it.
type told struct {
	logged
	records []string // their ids
}

var switchPayload = regexp.MustCompile(`^\S+ \S+ \d+ (\S+) (\d+)$`)

// told finds for each +switch-master of the logs the record that has it. A record that has one which is in no log, or which another
// record has, is an error: it is returned.
func (o *oracle) told(records []history.Record) (all []told, invented []string) {
	o.t.Helper()
	for _, l := range o.log(time.Time{}) {
		if l.event == "+switch-master" {
			all = append(all, told{logged: l})
		}
	}
	// A Sentinel that was cut off can report several switches to one node in a moment: each is in one record, those first that are nearest.
	type pair struct {
		record *history.Record
		told   history.Switched
		line   *told
	}
	var pairs []pair
	for i := range records {
		r := &records[i]
		for _, s := range r.Switched {
			for j := range all {
				m := switchPayload.FindStringSubmatch(all[j].payload)
				if all[j].sentinel == s.Sentinel && m[1]+":"+m[2] == r.To && s.At.Sub(all[j].at).Abs() <= late { // it may have missed an earlier switch, and come from elsewhere
					pairs = append(pairs, pair{r, s, &all[j]})
				}
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int {
		return cmp.Compare(a.told.At.Sub(a.line.at).Abs(), b.told.At.Sub(b.line.at).Abs())
	})
	type switchOf struct {
		record   *history.Record
		sentinel string
	}
	found := make(map[switchOf]bool)
	for _, p := range pairs {
		if key := (switchOf{p.record, p.told.Sentinel}); !found[key] && len(p.line.records) == 0 {
			found[key] = true
			p.line.records = append(p.line.records, p.record.ID)
		}
	}
	for i := range records {
		r := &records[i]
		for _, s := range r.Switched {
			if !found[switchOf{r, s.Sentinel}] {
				text, _ := json.Marshal(r)
				invented = append(invented, fmt.Sprintf("%+v of\n%s", s, text))
			}
		}
	}
	return all, invented
}

// late is how long after it has logged an event a Sentinel can publish it: here it may hang in between.
const late = 6 * time.Second

// unheard returns the switches that no record has, though the stream of the Sentinel was up.
func (o *oracle) unheard(records []history.Record) []told {
	all, _ := o.told(records)
	return slices.DeleteFunc(all, func(l told) bool { return len(l.records) > 0 || o.deaf(l.sentinel, l.at) })
}

// compare compares what there is: the logs as this test reads them, the records of the live events, and those that the package
// reads from the logs.
func (o *oracle) compare() {
	live := o.settled
	fromLogs := o.fromLogs()
	o.read = fromLogs
	o.t.Logf("%d records live, %d from the logs, %d events in the logs", len(live), len(fromLogs), len(o.log(time.Time{})))
	for what, records := range map[string][]history.Record{"live": live, "from the logs": fromLogs} {
		all, invented := o.told(records)
		for _, s := range invented {
			o.t.Errorf("%s: in no log: %s", what, s)
		}
		for _, l := range all {
			missed := len(l.records) == 0 && what == "live" && o.deaf(l.sentinel, l.at)
			if len(l.records) != 1 && !missed {
				o.t.Errorf("%s: %s %s %s %s is in %d records: %v", what, l.at, l.sentinel, l.event, l.payload, len(l.records), l.records)
			}
		}
		for i := range records {
			o.sound(what, &records[i])
		}
	}
	o.durations(live)
	o.same(live, fromLogs)
	o.lateness(live)
}

// lateness looks how much later than in the logs the times of the live records are.
func (o *oracle) lateness(live []history.Record) {
	o.t.Helper()
	var all []time.Duration
	add := func(sentinel, event string, at time.Time) {
		var nearest *logged
		lines := only(o.log(at.Add(-late)), sentinel)
		for i, l := range lines {
			if l.event == event && l.at.Before(at.Add(time.Millisecond)) {
				nearest = &lines[i]
			}
		}
		o.near(event, at, nearest)
		if nearest != nil {
			all = append(all, at.Sub(nearest.at))
		}
	}
	for _, r := range live {
		if len(r.Gaps) > 0 {
			continue // what was not seen can have the time of what follows
		}
		for _, s := range r.Switched {
			add(s.Sentinel, "+switch-master", s.At)
		}
		for _, p := range r.Phases {
			if event := phaseBegins[p.Name]; event != "" && r.Leader != "" {
				add(r.Leader, event, p.Started)
			}
		}
	}
	if len(all) == 0 {
		return
	}
	slices.Sort(all)
	at := func(share float64) time.Duration {
		return all[int(share*float64(len(all)-1))].Round(time.Millisecond / 10)
	}
	o.t.Logf("%d times are later than in the logs by: half of them %s at most, 90 %% %s, 99 %% %s, all %s", len(all), at(.5), at(.9), at(.99), at(1))
}

// fromLogs returns the records from the logs, with the Sentinels named as those of the live events are.
func (o *oracle) fromLogs() []history.Record {
	o.t.Helper()
	var files []history.LogFile
	for i, text := range o.logTexts() {
		files = append(files, file(fmt.Sprintf("sentinel-%d.log", i), text))
	}
	var names []string
	records, logs := readLogs(o.t, files...)
	for i, l := range logs {
		names = append(names, `"`+l.Sentinel+`"`, `"`+o.names[i]+`"`, l.Sentinel+" led", o.names[i]+" led")
	}
	text, err := json.Marshal(records)
	check(o.t, err)
	records = nil
	check(o.t, json.Unmarshal([]byte(strings.NewReplacer(names...).Replace(string(text))), &records))
	return records
}

// sound looks whether a record says what the logs do not have.
func (o *oracle) sound(what string, r *history.Record) {
	o.t.Helper()
	wrong := func(format string, args ...any) {
		o.t.Helper()
		text, _ := json.Marshal(r)
		o.t.Errorf("%s: %s:\n%s", what, fmt.Sprintf(format, args...), text)
	}
	if len(r.Switched) == 0 && r.Outcome != history.OutcomeAborted && (!r.IsInferred("outcome") || len(r.Gaps) == 0) {
		wrong("no Sentinel has published a switch, and the outcome is %q", r.Outcome)
	}
	if len(r.Switched) > 0 && r.Outcome != history.OutcomeSwitched {
		wrong("there was a switch, and the outcome is %q", r.Outcome)
	}
	began := r.Started.Add(-late)
	if r.Leader != "" {
		elected := first(only(o.log(began), r.Leader), "+elected-leader")
		if elected == nil || elected.at.After(r.Started.Add(time.Minute)) {
			wrong("the leader was not elected")
		}
	}
	if _, event, found := strings.Cut(strings.TrimSuffix(r.Reason, ")"), "(-"); found && r.Outcome == history.OutcomeAborted {
		if first(o.log(began), "-"+event) == nil {
			wrong("no Sentinel has logged -%s", event)
		}
	}
	for i, p := range r.Phases {
		if p.Seconds != nil && *p.Seconds < 0 || i > 0 && p.Started.Before(r.Phases[i-1].Started) {
			wrong("the phases are not in order")
		}
	}
}

// durations: those of the metrics are those of the records.
func (o *oracle) durations(live []history.Record) {
	o.t.Helper()
	var told, records []string
	o.mu.Lock()
	for _, c := range o.changes {
		if c.Ended != nil {
			told = append(told, fmt.Sprint(c.Ended.Outcome, c.Ended.Seconds))
		}
	}
	o.mu.Unlock()
	for i := range live {
		if seconds, ok := live[i].Seconds(); ok {
			records = append(records, fmt.Sprint(live[i].Outcome, seconds))
		}
	}
	slices.Sort(told)
	slices.Sort(records)
	if !slices.Equal(told, records) {
		o.t.Errorf("the durations of the metrics are\n%v, those of the records\n%v", told, records)
	}
}

// same compares what both can know: all of a record without a gap, of others the outcome.
func (o *oracle) same(live, fromLogs []history.Record) {
	o.t.Helper()
	found := make(map[string]*history.Record) // by the id of a record of the logs, the live one
	for i := range live {
		a := &live[i]
		b := counterpart(a, fromLogs)
		cut := isCut(a)
		if b == nil && cut && slices.ContainsFunc(fromLogs, func(b history.Record) bool {
			return (a.To == b.To || a.To == "") && strings.Contains(b.Reason, a.Leader+" led it as well")
		}) {
			continue // that it went on with the failover of another was not heard
		}
		if b == nil {
			text, _ := json.Marshal(a)
			o.t.Errorf("no record from the logs for the live one\n%s", text)
			continue
		}
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		if other := found[b.ID]; other != nil && !cut && !isCut(other) && (a.Leader != "" || len(a.Gaps) == 0) { // what a leader did while it was not heard can be taken for another one
			o.t.Errorf("two live records, %s and %s, for that of the logs\n%s", a.ID, other.ID, y)
		}
		found[b.ID] = a
		gaps := len(a.Gaps)+len(b.Gaps) > 0
		if !gaps && o.saying(a, b) != o.saying(b, a) || a.Outcome != b.Outcome && (!cut || a.Outcome == history.OutcomeSwitched && len(a.Switched) == 0) && !o.missed(b) {
			o.t.Errorf("live %s\nlogs %s\nlive %s\nlogs %s", o.saying(a, b), o.saying(b, a), x, y)
		}
	}
	for j := range fromLogs {
		b := &fromLogs[j]
		if found[b.ID] == nil && !o.deafTo(b) {
			text, _ := json.Marshal(b)
			o.t.Errorf("no live record for that of the logs\n%s", text)
		}
	}
}

// isCut reports whether something of a Sentinel that led a failover, or tried to, may be missing.
func isCut(r *history.Record) bool {
	return slices.ContainsFunc(r.Gaps, func(g history.Gap) bool {
		return g.Sentinel == r.Leader || slices.ContainsFunc(r.NotElected, func(n history.NotElected) bool { return n.Sentinel == g.Sentinel })
	})
}

// saying is what of a record must be the same live and from the logs. That somebody told a Sentinel to fail over which held the
// master to be down anyway is in its log, and live only if it was asked in time.
func (o *oracle) saying(r, other *history.Record) string {
	trigger, epoch, agreed := string(r.Trigger), "", ""
	if r.Epoch != nil {
		epoch = fmt.Sprint(*r.Epoch)
	}
	if r.Agreed != nil {
		agreed = fmt.Sprintf("%d/%d", *r.Agreed, *r.Quorum)
		trigger = "down or by hand"
	}
	if r.Trigger == history.TriggerCoordinated { // a log does not say so, unless the old master is seen to hand over
		trigger = string(history.TriggerCommand)
	}
	leader := r.Leader
	if strings.Contains(r.Reason, "led it as well") { // which of the two was done first can be a matter of milliseconds
		leader = "two"
	}
	heard := 0 // a stream can have been cut since, before the Sentinel switched
	for _, s := range r.Switched {
		unsure := func(t history.Switched) bool { return t.Sentinel == s.Sentinel && o.deaf(t.Sentinel, t.At) }
		if !unsure(s) && !slices.ContainsFunc(other.Switched, unsure) {
			heard++
		}
	}
	return strings.Join([]string{trigger, string(r.Outcome), leader, r.From, r.To, epoch, agreed, phaseNames(r), fmt.Sprint(heard, len(r.NotElected))}, ", ")
}

// counterpart returns the record of the same failover: that with the most marks of the same kind at the same time, or with the nearest
// one, as a Sentinel that hangs publishes late; nil if there is none.
func counterpart(a *history.Record, all []history.Record) *history.Record {
	var best *history.Record
	most, nearest := 0, late
	for i := range all {
		b := &all[i]
		if a.To != b.To && a.To != "" && b.To != "" {
			continue
		}
		same, off, marks := 0, late, marksOf(b)
		for key, at := range marksOf(a) {
			other, both := marks[key]
			if !both {
				continue
			}
			off = min(off, at.Sub(other).Abs())
			if at.Sub(other).Abs() < time.Second {
				same++
			}
		}
		if same > most || same == most && off < nearest {
			best, most, nearest = b, same, off
		}
	}
	return best
}

// marksOf returns when each Sentinel did what a record says of it. The start that is not seen is another one in each of two records.
func marksOf(r *history.Record) map[string]time.Time {
	all := make(map[string]time.Time)
	for _, s := range r.Switched {
		all["switched "+s.Sentinel] = s.At
	}
	for _, n := range r.NotElected {
		all["election "+n.Sentinel] = n.Started
	}
	if r.Leader == "" {
		return all
	}
	for _, p := range r.Phases {
		if phaseBegins[p.Name] != "" {
			all[p.Name+" "+r.Leader] = p.Started
		}
	}
	if r.Outcome == history.OutcomeAborted && r.Ended != nil && !r.IsInferred("ended") {
		all["aborted "+r.Leader] = *r.Ended
	}
	return all
}

// attemptsOf returns when each Sentinel began its attempt.
func attemptsOf(r *history.Record) map[string]time.Time {
	all := make(map[string]time.Time)
	if r.Leader != "" {
		all[r.Leader] = r.Started
	}
	for _, n := range r.NotElected {
		all[n.Sentinel] = n.Started
	}
	return all
}

// deafTo reports whether the stream of the leader of a record was not up when it began, or none of those that tried.
func (o *oracle) deafTo(r *history.Record) bool {
	if r.Leader != "" {
		return o.deaf(r.Leader, r.Started)
	}
	for s, at := range attemptsOf(r) {
		if !o.deaf(s, at) {
			return false
		}
	}
	return true
}

// missed reports whether no stream was up of those that have switched.
func (o *oracle) missed(r *history.Record) bool {
	return len(r.Switched) > 0 && !slices.ContainsFunc(r.Switched, func(s history.Switched) bool { return !o.deaf(s.Sentinel, s.At) })
}
