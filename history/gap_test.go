package history_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/sentinel"
)

// A script is what three Sentinels say, one after the other.
type script struct {
	h     *history.History
	at    time.Time
	info  *sentinel.Info // of all, in snapshots
	saved []string
}

const sentinelA, sentinelB, sentinelC = "a:26379", "b:26379", "c:26379"

// newScript has all streams up.
func newScript() *script {
	s := &script{at: time.Now().Add(-time.Minute)}
	s.h = history.New(history.Options{Save: func(line []byte) { s.saved = append(s.saved, string(line)) }})
	s.stream(sentinelA, sentinel.StreamUp)
	s.stream(sentinelB, sentinel.StreamUp)
	s.stream(sentinelC, sentinel.StreamUp)
	return s
}

// records returns the records, the newest first.
func (s *script) records() []history.Record { return s.h.Records(history.Query{All: true}) }

// lead has a Sentinel lead a failover until the replica is chosen.
func (s *script) lead(address, epoch, from, to string) {
	s.say(address, fmt.Sprintf(`+new-epoch %[1]s
		+try-failover master m %[2]s 1
		+elected-leader master m %[2]s 1
		+failover-state-select-slave master m %[2]s 1
		+selected-slave slave %[3]s:1 %[3]s 1 @ m %[2]s 1`, epoch, from, to))
}

// told has a Sentinel take a switch from another one.
func (s *script) told(address, by, from, to string) {
	name, _, _ := strings.Cut(by, ":")
	s.say(address, fmt.Sprintf(`+config-update-from sentinel id-%[1]s %[1]s 26379 @ m %[2]s 1
		+switch-master m %[2]s 1 %[3]s 1
		+slave slave %[2]s:1 %[2]s 1 @ m %[3]s 1`, name, from, to))
}

// done has a leader end its failover.
func (s *script) done(address, from, to string) {
	s.say(address, fmt.Sprintf(`+promoted-slave slave %[2]s:1 %[2]s 1 @ m %[1]s 1
		+failover-state-reconf-slaves master m %[1]s 1
		+failover-end master m %[1]s 1
		+switch-master m %[1]s 1 %[2]s 1
		+slave slave %[1]s:1 %[1]s 1 @ m %[2]s 1`, from, to))
}

// are compares the records, the oldest first, with what each must say: leader, master before and after, outcome, how many
// Sentinels have switched, and a part of the reason.
func (s *script) are(t *testing.T, want ...string) {
	t.Helper()
	records := s.records()
	slices.Reverse(records)
	var got []string
	for i, r := range records {
		line := strings.TrimSpace(fmt.Sprintf("%s %s>%s %s %d", r.Leader, strings.TrimSuffix(r.From, ":1"), strings.TrimSuffix(r.To, ":1"), r.Outcome, len(r.Switched)))
		if i < len(want) {
			if _, reason, _ := strings.Cut(want[i], ": "); reason != "" && strings.Contains(r.Reason, reason) {
				line += ": " + reason
			}
		}
		got = append(got, line)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got the records\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		for _, r := range records {
			t.Logf("%+v", r)
		}
	}
}

// say has a Sentinel publish events, each a line.
func (s *script) say(address, lines string) {
	for line := range strings.Lines(lines) {
		s.at = s.at.Add(100 * time.Millisecond)
		name, payload, _ := strings.Cut(strings.TrimSpace(line), " ")
		s.h.Handle(&sentinel.StreamUpdate{Sentinel: address, Time: s.at, Event: sentinel.ParseEvent(name, payload)})
	}
}

func (s *script) stream(address string, kind sentinel.StreamUpdateKind) {
	s.at = s.at.Add(100 * time.Millisecond)
	s.h.Handle(&sentinel.StreamUpdate{Sentinel: address, Time: s.at, Since: s.at, Kind: kind})
}

// breakShortly has a stream break, and up again at once.
func (s *script) breakShortly(address string) {
	s.stream(address, sentinel.StreamLost)
	s.stream(address, sentinel.StreamUp)
}

// wait lets time pass.
func (s *script) wait(d time.Duration) { s.at = s.at.Add(d) }

// see has the History see a snapshot in which the Sentinels have the master at an address, with a replica, and all is well.
func (s *script) see(master string, addresses ...string) {
	m := sentinel.Master{}
	m.Name, m.Addr, m.Flags = "m", master, sentinel.FlagMaster
	r := sentinel.Replica{}
	r.Addr, r.MasterLinkUp = "10.0.0.9:1", true
	m.Replicas = []sentinel.Replica{r}
	s.wait(100 * time.Millisecond)
	var snapshots []*sentinel.Snapshot
	for _, address := range addresses {
		snapshots = append(snapshots, &sentinel.Snapshot{Sentinel: address, Started: s.at, Duration: time.Millisecond, Info: s.info, Masters: []sentinel.Master{m}})
	}
	s.h.Observe(snapshots)
}

// TestStepsAfterGap: the stream of a leader breaks, the others switch, and when it is up again the leader is in the middle of
// its next failover, whose steps are not those of the one before.
func TestStepsAfterGap(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.say(sentinelA, `+sdown master m 10.0.0.1 1
		+odown master m 10.0.0.1 1 #quorum 2/2
		+new-epoch 8
		+try-failover master m 10.0.0.1 1
		+elected-leader master m 10.0.0.1 1
		+selected-slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.1 1`)
	s.stream(sentinelA, sentinel.StreamLost)
	s.say(sentinelB, `+switch-master m 10.0.0.1 1 10.0.0.2 1
		+slave slave 10.0.0.1:1 10.0.0.1 1 @ m 10.0.0.2 1`)
	s.stream(sentinelA, sentinel.StreamUp)
	s.say(sentinelA, `+promoted-slave slave 10.0.0.3:1 10.0.0.3 1 @ m 10.0.0.2 1
		+failover-state-reconf-slaves master m 10.0.0.2 1
		+failover-end master m 10.0.0.2 1
		+switch-master m 10.0.0.2 1 10.0.0.3 1
		+slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.3 1`)
	s.say(sentinelB, `+switch-master m 10.0.0.2 1 10.0.0.3 1
		+slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.3 1`)
	records := s.records()
	if len(records) != 2 {
		t.Fatalf("%d records: %+v", len(records), records)
	}
	for i, want := range []struct {
		from, to string
		switched []string
	}{{"10.0.0.2:1", "10.0.0.3:1", []string{sentinelA, sentinelB}}, {"10.0.0.1:1", "10.0.0.2:1", []string{sentinelB}}} {
		r := records[i]
		var switched []string
		for _, told := range r.Switched {
			switched = append(switched, told.Sentinel)
		}
		if r.Leader != sentinelA || r.From != want.from || r.To != want.to || r.Outcome != history.OutcomeSwitched || !slices.Equal(switched, want.switched) {
			t.Errorf("record %d: %+v", i, r)
		}
	}
	if !records[0].IsInferred("started") {
		t.Error("the start of the second one was not seen, and that is not said")
	}
	if _, seen := records[1].Seconds(); seen {
		t.Error("the end of the first one was not seen, and it has a duration")
	}
}

// TestLastStepAfterGap: of a failover only the end is heard of its leader, after another Sentinel has switched: it is one failover.
func TestLastStepAfterGap(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.stream(sentinelA, sentinel.StreamLost)
	s.say(sentinelB, `+switch-master m 10.0.0.1 1 10.0.0.2 1
		+slave slave 10.0.0.1:1 10.0.0.1 1 @ m 10.0.0.2 1`)
	s.stream(sentinelA, sentinel.StreamUp)
	s.say(sentinelA, `+failover-end master m 10.0.0.1 1
		+switch-master m 10.0.0.1 1 10.0.0.2 1
		+slave slave 10.0.0.1:1 10.0.0.1 1 @ m 10.0.0.2 1`)
	records := s.records()
	if len(records) != 1 {
		t.Fatalf("%d records: %+v", len(records), records)
	}
	if r := records[0]; r.Leader != sentinelA || r.From != "10.0.0.1:1" || r.To != "10.0.0.2:1" || r.Outcome != history.OutcomeSwitched || len(r.Switched) != 2 || !r.IsInferred("started") {
		t.Errorf("%+v", r)
	}
}

// TestSwitchBackAfterGap: a Sentinel whose switch was missed goes back to that node later, of which nothing else is heard: it is
// a failover of its own.
func TestSwitchBackAfterGap(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.stream(sentinelB, sentinel.StreamLost)
	s.say(sentinelA, `+switch-master m 10.0.0.1 1 10.0.0.2 1
		+slave slave 10.0.0.1:1 10.0.0.1 1 @ m 10.0.0.2 1`)
	s.stream(sentinelB, sentinel.StreamUp)
	for _, address := range []string{sentinelA, sentinelB} {
		s.say(address, `+switch-master m 10.0.0.2 1 10.0.0.3 1
			+slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.3 1`)
	}
	s.say(sentinelB, `+switch-master m 10.0.0.3 1 10.0.0.2 1
		+slave slave 10.0.0.3:1 10.0.0.3 1 @ m 10.0.0.2 1`)
	records := s.records()
	if len(records) != 3 {
		t.Fatalf("%d records: %+v", len(records), records)
	}
	for i, want := range []int{1, 2, 1} {
		if len(records[i].Switched) != want {
			t.Errorf("record %d has %d switches, want %d: %+v", i, len(records[i].Switched), want, records[i])
		}
	}
}

// TestSecondLeaderAfterGap: of two that were told to fail over at once, the stream of one is up again when it has chosen the same
// replica: it is one failover, also where the epochs are not the same.
func TestSecondLeaderAfterGap(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.stream(sentinelC, sentinel.StreamLost)
	s.lead(sentinelA, "6", "10.0.0.2", "10.0.0.3")
	s.stream(sentinelC, sentinel.StreamUp)
	s.say(sentinelC, "+failover-state-wait-promotion slave 10.0.0.3:1 10.0.0.3 1 @ m 10.0.0.2 1")
	s.lead(sentinelB, "7", "10.0.0.2", "10.0.0.3")
	s.done(sentinelA, "10.0.0.2", "10.0.0.3")
	s.told(sentinelC, sentinelA, "10.0.0.2", "10.0.0.3")
	s.told(sentinelB, sentinelC, "10.0.0.2", "10.0.0.3")
	s.are(t, "a:26379 10.0.0.2>10.0.0.3 switched 3: c:26379 led it as well; b:26379 led it as well")
}

// TestOneOfTwoLeadersGivesUp: the two that promote the same replica are one failover only as long as both go on.
func TestOneOfTwoLeadersGivesUp(t *testing.T) {
	t.Parallel()
	for _, first := range []string{sentinelA, sentinelB} {
		s := newScript()
		s.lead(sentinelA, "6", "10.0.0.2", "10.0.0.3")
		s.lead(sentinelB, "6", "10.0.0.2", "10.0.0.3")
		s.say(first, "-failover-abort-slave-timeout master m 10.0.0.2 1")
		aborted := first + " 10.0.0.2>10.0.0.3 aborted 0: did not become the master"
		if first == sentinelA {
			s.done(sentinelB, "10.0.0.2", "10.0.0.3")
			s.told(sentinelA, sentinelB, "10.0.0.2", "10.0.0.3")
			s.see("10.0.0.3:1", sentinelA, sentinelB, sentinelC)
			s.are(t, aborted, "b:26379 10.0.0.2>10.0.0.3 switched 2: SENTINEL FAILOVER")
			if r := s.records()[0]; r.Well == nil || !r.Well.Equal(s.at.Add(time.Millisecond)) {
				t.Errorf("all is well, and the record of the switch is %+v", r)
			}
			continue
		}
		s.say(sentinelA, "-failover-abort-slave-timeout master m 10.0.0.2 1")
		s.are(t, "a:26379 10.0.0.2>10.0.0.3 aborted 0: did not become the master", aborted)
	}
}

// TestLateEndAfterGap: the last step of a leader comes after it was seen to have no failover in progress, and the one that led with it has given
// up: the step is of the same failover.
func TestLateEndAfterGap(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.lead(sentinelA, "6", "10.0.0.2", "10.0.0.3")
	s.lead(sentinelB, "6", "10.0.0.2", "10.0.0.3")
	s.say(sentinelB, "-failover-abort-slave-timeout master m 10.0.0.2 1")
	s.say(sentinelA, "+promoted-slave slave 10.0.0.3:1 10.0.0.3 1 @ m 10.0.0.2 1")
	s.told(sentinelC, sentinelA, "10.0.0.2", "10.0.0.3")
	s.breakShortly(sentinelA)
	s.wait(3 * time.Second)
	s.see("10.0.0.3:1", sentinelA)
	s.say(sentinelA, `+failover-end master m 10.0.0.2 1
		+switch-master m 10.0.0.2 1 10.0.0.3 1`)
	s.are(t, "a:26379 10.0.0.2>10.0.0.3 switched 2: SENTINEL FAILOVER", "b:26379 10.0.0.2>10.0.0.3 aborted 0: did not become the master")
	if r := s.records()[1]; r.Reason != "SENTINEL FAILOVER" {
		t.Errorf("the reason is %q", r.Reason)
	}
}

// TestSwitchOfAnother: a Sentinel of which the next switches were missed says by where it had the master that a switch is not of
// the failover that the same one has led before.
func TestSwitchOfAnother(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.lead(sentinelC, "5", "10.0.0.1", "10.0.0.2")
	s.done(sentinelC, "10.0.0.1", "10.0.0.2")
	s.told(sentinelB, sentinelC, "10.0.0.1", "10.0.0.2")
	s.stream(sentinelB, sentinel.StreamLost)
	s.lead(sentinelC, "6", "10.0.0.2", "10.0.0.3")
	s.done(sentinelC, "10.0.0.2", "10.0.0.3")
	s.stream(sentinelC, sentinel.StreamLost)
	s.lead(sentinelA, "7", "10.0.0.3", "10.0.0.1")
	s.done(sentinelA, "10.0.0.3", "10.0.0.1")
	s.stream(sentinelB, sentinel.StreamUp)
	s.told(sentinelB, sentinelC, "10.0.0.1", "10.0.0.3")
	s.told(sentinelA, sentinelC, "10.0.0.1", "10.0.0.3")
	s.are(t, "c:26379 10.0.0.1>10.0.0.2 switched 2", "c:26379 10.0.0.2>10.0.0.3 switched 1", "a:26379 10.0.0.3>10.0.0.1 switched 1", "10.0.0.1>10.0.0.3 switched 2")
}

// TestSwitchesAtOnce: a Sentinel that was cut off hears of all switches at once, with the epoch of each.
func TestSwitchesAtOnce(t *testing.T) {
	t.Parallel()
	s := newScript()
	steps := []struct{ epoch, from, to string }{{"1", "10.0.0.1", "10.0.0.2"}, {"2", "10.0.0.2", "10.0.0.1"}, {"3", "10.0.0.1", "10.0.0.2"}}
	for _, step := range steps {
		s.lead(sentinelA, step.epoch, step.from, step.to)
		s.done(sentinelA, step.from, step.to)
	}
	for _, step := range steps {
		s.say(sentinelB, "+new-epoch "+step.epoch)
		s.told(sentinelB, sentinelA, step.from, step.to)
	}
	s.are(t, "a:26379 10.0.0.1>10.0.0.2 switched 2", "a:26379 10.0.0.2>10.0.0.1 switched 2", "a:26379 10.0.0.1>10.0.0.2 switched 2")
}

// TestLateSwitch: a Sentinel that was not heard tells of a switch when the next failover has begun, of which it hears then.
func TestLateSwitch(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.stream(sentinelB, sentinel.StreamLost)
	s.stream(sentinelC, sentinel.StreamLost)
	s.stream(sentinelB, sentinel.StreamUp)
	s.lead(sentinelA, "8", "10.0.0.3", "10.0.0.1")
	s.told(sentinelB, sentinelC, "10.0.0.1", "10.0.0.3")
	s.told(sentinelB, sentinelA, "10.0.0.3", "10.0.0.1")
	s.stream(sentinelA, sentinel.StreamLost)
	s.are(t, "a:26379 10.0.0.3>10.0.0.1 switched 1", "10.0.0.1>10.0.0.3 switched 1")
}

// TestLeaderOfUnknownEpoch: one of two leaders was elected in an epoch of which another Sentinel has not heard, and when the other one was is not
// known: it can be of this that the Sentinel tells.
func TestLeaderOfUnknownEpoch(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.stream(sentinelC, sentinel.StreamLost)
	s.say(sentinelB, "+new-epoch 3")
	s.stream(sentinelC, sentinel.StreamUp)
	s.lead(sentinelA, "4", "10.0.0.3", "10.0.0.2")
	s.say(sentinelC, `+promoted-slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.3 1
		+failover-state-reconf-slaves master m 10.0.0.3 1`)
	s.told(sentinelA, sentinelC, "10.0.0.3", "10.0.0.2")
	s.told(sentinelB, sentinelC, "10.0.0.3", "10.0.0.2")
	s.are(t, "a:26379 10.0.0.3>10.0.0.2 switched 2: c:26379 led it as well")
}

// TestLastStepOfLater: the last step of a failover is heard whose start was not, after one to where the master was in between: that is not it.
func TestLastStepOfLater(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.stream(sentinelB, sentinel.StreamLost)
	s.stream(sentinelC, sentinel.StreamLost)
	s.told(sentinelA, sentinelC, "10.0.0.2", "10.0.0.1")
	s.lead(sentinelA, "9", "10.0.0.1", "10.0.0.2")
	s.stream(sentinelB, sentinel.StreamUp)
	s.say(sentinelB, `+failover-end master m 10.0.0.2 1
		+switch-master m 10.0.0.2 1 10.0.0.3 1
		+slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.3 1`)
	s.are(t, "10.0.0.2>10.0.0.1 switched 1", "a:26379 10.0.0.1>10.0.0.2  0", "b:26379 10.0.0.2>10.0.0.3 switched 1")
}

// TestStateOfBefore: a snapshot in which the master is down was asked for before the switch that ended that: the next failover, by hand,
// was not detected.
func TestStateOfBefore(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.say(sentinelB, "+sdown master m 10.0.0.1 1")
	asked := s.at.Add(50 * time.Millisecond)
	s.told(sentinelB, sentinelC, "10.0.0.1", "10.0.0.2")
	down := sentinel.Master{}
	down.Name, down.Addr, down.Flags = "m", "10.0.0.1:1", sentinel.FlagMaster|sentinel.FlagSDown
	s.h.Observe([]*sentinel.Snapshot{{Sentinel: sentinelB, Started: asked, Duration: time.Second, Masters: []sentinel.Master{down}}})
	s.lead(sentinelB, "9", "10.0.0.2", "10.0.0.3")
	if r := s.records()[0]; phaseNames(&r) != "election selection promotion" || r.Trigger != history.TriggerCommand || r.FirstSign.Event != "+try-failover" {
		t.Errorf("%+v", r)
	}
}

// TestSwitchesAtOnceAfterGap: a Sentinel that hung hears of all switches at once, of the first of which nobody else was heard. Each has the
// epoch with which it comes.
func TestSwitchesAtOnceAfterGap(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.stream(sentinelA, sentinel.StreamLost)
	s.breakShortly(sentinelB)
	s.lead(sentinelB, "12", "10.0.0.3", "10.0.0.1")
	s.done(sentinelB, "10.0.0.3", "10.0.0.1")
	s.told(sentinelB, sentinelA, "10.0.0.1", "10.0.0.3")
	s.stream(sentinelA, sentinel.StreamUp)
	for _, step := range []struct{ epoch, from, to string }{{"11", "10.0.0.2", "10.0.0.3"}, {"12", "10.0.0.3", "10.0.0.1"}, {"13", "10.0.0.1", "10.0.0.3"}} {
		s.say(sentinelC, "+new-epoch "+step.epoch)
		s.told(sentinelC, sentinelA, step.from, step.to)
	}
	s.are(t, "b:26379 10.0.0.3>10.0.0.1 switched 2", "10.0.0.1>10.0.0.3 switched 2", "10.0.0.2>10.0.0.3 switched 1")
}

// TestSameSwitchSoon: a Sentinel reports the same switch again within seconds, and was not heard in between: it is the next one, if
// the Sentinel had completed the one before, or others have gone on since.
func TestSameSwitchSoon(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.told(sentinelB, sentinelA, "10.0.0.1", "10.0.0.2")
	s.stream(sentinelB, sentinel.StreamLost)
	s.told(sentinelC, sentinelA, "10.0.0.2", "10.0.0.1")
	s.stream(sentinelB, sentinel.StreamUp)
	s.told(sentinelB, sentinelA, "10.0.0.1", "10.0.0.2")
	s.are(t, "10.0.0.1>10.0.0.2 switched 1", "10.0.0.2>10.0.0.1 switched 1", "10.0.0.1>10.0.0.2 switched 1")

	s = newScript()
	s.told(sentinelB, sentinelA, "10.0.0.1", "10.0.0.2")
	s.breakShortly(sentinelB)
	s.told(sentinelB, sentinelA, "10.0.0.1", "10.0.0.2")
	s.are(t, "10.0.0.1>10.0.0.2 switched 1", "10.0.0.1>10.0.0.2 switched 1")

	s = newScript()
	s.lead(sentinelA, "1", "10.0.0.1", "10.0.0.2")
	s.done(sentinelA, "10.0.0.1", "10.0.0.2")
	s.say(sentinelB, "+switch-master m 10.0.0.1 1 10.0.0.2 1")
	s.stream(sentinelB, sentinel.StreamLost)
	s.told(sentinelC, sentinelA, "10.0.0.2", "10.0.0.1")
	s.stream(sentinelB, sentinel.StreamUp)
	s.told(sentinelB, sentinelA, "10.0.0.1", "10.0.0.2")
	s.are(t, "a:26379 10.0.0.1>10.0.0.2 switched 2", "10.0.0.2>10.0.0.1 switched 1", "10.0.0.1>10.0.0.2 switched 1")
}

// TestSameSwitchAgain: a Sentinel for which the name of the new master does not resolve reports the switch again and again, and was
// not heard for a while: it is one switch.
func TestSameSwitchAgain(t *testing.T) {
	t.Parallel()
	for _, gap := range []time.Duration{0, 20 * time.Second} {
		s := newScript()
		s.lead(sentinelA, "1", "10.0.0.1", "10.0.0.2")
		s.done(sentinelA, "10.0.0.1", "10.0.0.2")
		repeat := func() {
			for range 3 {
				s.say(sentinelB, `+config-update-from sentinel id-a a 26379 @ m 10.0.0.1 1
					+switch-master m 10.0.0.1 1 10.0.0.2 1`)
			}
		}
		repeat()
		s.stream(sentinelB, sentinel.StreamLost)
		s.wait(gap)
		s.stream(sentinelB, sentinel.StreamUp)
		repeat()
		s.are(t, "a:26379 10.0.0.1>10.0.0.2 switched 2")
	}
}

// TestLeaderIsCutShortly: the stream of one of two leaders that promote different replicas loses events, or is up again at once, before
// the other one is elected or after that: both go on.
func TestLeaderIsCutShortly(t *testing.T) {
	t.Parallel()
	for _, kinds := range [][]sentinel.StreamUpdateKind{{sentinel.StreamDropped}, {sentinel.StreamLost, sentinel.StreamUp}} {
		for _, before := range []bool{true, false} {
			s := newScript()
			cut := func(now bool) {
				for _, kind := range kinds {
					if now {
						s.stream(sentinelA, kind)
					}
				}
			}
			s.lead(sentinelA, "6", "10.0.0.2", "10.0.0.3")
			cut(before)
			s.lead(sentinelB, "7", "10.0.0.2", "10.0.0.1")
			cut(!before)
			s.wait(time.Minute)
			s.done(sentinelA, "10.0.0.2", "10.0.0.3")
			s.done(sentinelB, "10.0.0.2", "10.0.0.1")
			s.are(t, "a:26379 10.0.0.2>10.0.0.3 switched 1: SENTINEL FAILOVER", "b:26379 10.0.0.2>10.0.0.1 switched 1")
		}
	}
}

// TestLeaderIsCut: a leader whose stream does not come up again is given up, since another one was elected, and that is stored at once.
func TestLeaderIsCut(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.lead(sentinelA, "6", "10.0.0.2", "10.0.0.3")
	s.lead(sentinelB, "7", "10.0.0.2", "10.0.0.1")
	s.stream(sentinelA, sentinel.StreamLost)
	s.wait(8 * time.Second)
	s.say(sentinelB, "+failover-state-wait-promotion slave 10.0.0.1:1 10.0.0.1 1 @ m 10.0.0.2 1")
	s.are(t, "a:26379 10.0.0.2>10.0.0.3  0", "b:26379 10.0.0.2>10.0.0.1  0")
	s.wait(3 * time.Second)
	s.say(sentinelB, "+sdown master m 10.0.0.2 1")
	s.are(t, "a:26379 10.0.0.2>10.0.0.3 aborted 0: nothing more was heard of it, and b:26379 was elected", "b:26379 10.0.0.2>10.0.0.1  0")
	if len(s.saved) != 1 {
		t.Errorf("stored: %q", s.saved)
	}
}

// TestSwitchAfterEnd: of a leader the end of its failover is heard, but not its switch, and another one was elected: it has switched.
func TestSwitchAfterEnd(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.lead(sentinelA, "6", "10.0.0.2", "10.0.0.3")
	s.say(sentinelA, `+promoted-slave slave 10.0.0.3:1 10.0.0.3 1 @ m 10.0.0.2 1
		+failover-end master m 10.0.0.2 1`)
	s.lead(sentinelB, "7", "10.0.0.2", "10.0.0.1")
	s.stream(sentinelA, sentinel.StreamLost)
	s.wait(20 * time.Second)
	s.say(sentinelB, "+failover-state-wait-promotion slave 10.0.0.1:1 10.0.0.1 1 @ m 10.0.0.2 1")
	s.see("10.0.0.3:1", sentinelA)
	s.are(t, "a:26379 10.0.0.2>10.0.0.3 switched 0: SENTINEL FAILOVER", "b:26379 10.0.0.2>10.0.0.1  0")
}

// TestOtherAttemptAfterGap: a Sentinel tries, is not heard, and leads a failover from the same node when it is heard again. Others have
// gone from there meanwhile: it is another one.
func TestOtherAttemptAfterGap(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.say(sentinelA, `+new-epoch 8
		+try-failover master m 10.0.0.3 1`)
	s.stream(sentinelA, sentinel.StreamLost)
	s.lead(sentinelB, "9", "10.0.0.3", "10.0.0.1")
	s.done(sentinelB, "10.0.0.3", "10.0.0.1")
	s.told(sentinelC, sentinelB, "10.0.0.3", "10.0.0.1")
	s.told(sentinelC, sentinelB, "10.0.0.1", "10.0.0.3")
	s.stream(sentinelA, sentinel.StreamUp)
	s.done(sentinelA, "10.0.0.3", "10.0.0.2")
	s.are(t, "b:26379 10.0.0.3>10.0.0.1 switched 2", "10.0.0.1>10.0.0.3 switched 1", "a:26379 10.0.0.3>10.0.0.2 switched 1")
	if r := s.records()[0]; !r.IsInferred("started") {
		t.Error("the start of the last one was not heard, and that is not said")
	}
}

// newGivenUp has A lead a failover until its stream breaks, and then given up, as B was elected, which has given up its own.
func newGivenUp() *script {
	s := newScript()
	s.lead(sentinelA, "6", "10.0.0.2", "10.0.0.3")
	s.lead(sentinelB, "7", "10.0.0.2", "10.0.0.1")
	s.stream(sentinelA, sentinel.StreamLost)
	s.wait(20 * time.Second)
	s.say(sentinelB, "-failover-abort-slave-timeout master m 10.0.0.2 1")
	return s
}

// TestLeaderGoesOnAfterGap: a leader that was given up is heard again in the same failover, or another Sentinel tells its switch: that is one
// record.
func TestLeaderGoesOnAfterGap(t *testing.T) {
	t.Parallel()
	for _, tells := range []string{sentinelA, sentinelC} {
		s := newGivenUp()
		s.are(t, "a:26379 10.0.0.2>10.0.0.3 aborted 0: nothing more was heard of it", "b:26379 10.0.0.2>10.0.0.1 aborted 0: did not become the master")
		if r := s.records()[1]; !r.EndUnseen() || !strings.HasPrefix(r.Headline(), "its end was not seen") || r.Phases[len(r.Phases)-1].Seconds != nil {
			t.Errorf("%s: %+v", r.Headline(), r)
		}
		if tells == sentinelC {
			s.told(sentinelC, sentinelA, "10.0.0.2", "10.0.0.3")
		}
		s.stream(sentinelA, sentinel.StreamUp)
		s.done(sentinelA, "10.0.0.2", "10.0.0.3")
		switches := 1
		if tells == sentinelC {
			switches = 2
		}
		s.are(t, fmt.Sprintf("a:26379 10.0.0.2>10.0.0.3 switched %d: SENTINEL FAILOVER", switches), "b:26379 10.0.0.2>10.0.0.1 aborted 0")
		r := s.records()[1]
		if r.EndUnseen() || r.IsInferred("outcome") || !r.IsInferred("ended") || r.NextAttempt != nil {
			t.Errorf("%+v", r)
		}
	}
}

// TestLeaderTriesAgainAfterGap: what a leader that was given up does after it has tried again is not what it did before.
func TestLeaderTriesAgainAfterGap(t *testing.T) {
	t.Parallel()
	s := newGivenUp()
	s.stream(sentinelA, sentinel.StreamUp)
	s.lead(sentinelA, "8", "10.0.0.2", "10.0.0.3")
	s.done(sentinelA, "10.0.0.2", "10.0.0.3")
	s.are(t, "a:26379 10.0.0.2>10.0.0.3 aborted 0", "b:26379 10.0.0.2>10.0.0.1 aborted 0", "a:26379 10.0.0.2>10.0.0.3 switched 1")
}

// TestLeaderPromotesOther: a leader whose stream was down promotes another replica of the same master, or others were told of one and have
// come back: it is in a later failover.
func TestLeaderPromotesOther(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.lead(sentinelA, "6", "10.0.0.2", "10.0.0.3")
	s.breakShortly(sentinelA)
	s.done(sentinelA, "10.0.0.2", "10.0.0.1")
	s.are(t, "a:26379 10.0.0.2>10.0.0.3 aborted 0: its end was not seen", "a:26379 10.0.0.2>10.0.0.1 switched 1")

	s = newScript()
	s.lead(sentinelA, "6", "10.0.0.2", "10.0.0.3")
	s.stream(sentinelA, sentinel.StreamLost)
	s.told(sentinelC, sentinelA, "10.0.0.2", "10.0.0.3")
	s.told(sentinelC, sentinelB, "10.0.0.3", "10.0.0.2")
	s.stream(sentinelA, sentinel.StreamUp)
	s.say(sentinelA, "+slave-reconf-sent slave 10.0.0.9:1 10.0.0.9 1 @ m 10.0.0.2 1")
	if r := s.records(); len(r) != 2 || len(r[1].Replicas) != 0 {
		t.Errorf("a step of a later failover is in that of before: %+v", r)
	}
}

// TestSwitchedWhileCut: all streams break in the middle of a failover. When they are up again, the leader has the master at the replica
// that it chose: it has switched, which nobody was heard to say.
func TestSwitchedWhileCut(t *testing.T) {
	t.Parallel()
	for _, now := range []string{"10.0.0.3:1", "10.0.0.2:1"} {
		s := newScript()
		s.lead(sentinelA, "6", "10.0.0.2", "10.0.0.3")
		for _, address := range []string{sentinelA, sentinelB, sentinelC} {
			s.stream(address, sentinel.StreamLost)
		}
		s.wait(15 * time.Second)
		for _, address := range []string{sentinelA, sentinelB, sentinelC} {
			s.stream(address, sentinel.StreamUp)
		}
		s.wait(3 * time.Second)
		s.see(now, sentinelA, sentinelB, sentinelC)
		want := "switched"
		if now == "10.0.0.2:1" {
			want = "aborted"
		}
		s.are(t, "a:26379 10.0.0.2>10.0.0.3 "+want+" 0")
		if r := s.records()[0]; !r.IsInferred("outcome") || !r.IsInferred("ended") || len(r.Gaps) != 3 || r.Ended != nil || r.EndUnseen() != (want == "aborted") {
			t.Errorf("%+v", r)
		}
	}
}

// TestLeaderIsAnotherProcess: a leader that was not heard for a while has been started again, which its INFO tells: its failover is over, wherever
// the master is now.
func TestLeaderIsAnotherProcess(t *testing.T) {
	t.Parallel()
	for what, info := range map[string]sentinel.Info{
		"run id": {RunID: "second"},
		"uptime": {RunID: "first", Uptime: sentinel.Some(time.Second)},
	} {
		s := newScript()
		s.info = &sentinel.Info{RunID: "first"}
		s.lead(sentinelA, "6", "10.0.0.2", "10.0.0.3")
		s.see("10.0.0.2:1", sentinelA)
		s.stream(sentinelA, sentinel.StreamLost)
		s.wait(5 * time.Second)
		s.stream(sentinelA, sentinel.StreamUp)
		s.info = &info
		s.see("10.0.0.3:1", sentinelA)
		s.are(t, "a:26379 10.0.0.2>10.0.0.3 aborted 0: started again in the middle")
		if r := s.records()[0]; r.EndUnseen() || r.Ended != nil {
			t.Errorf("%s: %+v", what, r)
		}
	}
}

// TestGivenUpForABetterReason: a leader that was given up, as it was not heard, turns out to have been started again: that is why.
func TestGivenUpForABetterReason(t *testing.T) {
	t.Parallel()
	s := newGivenUp()
	s.stream(sentinelA, sentinel.StreamUp)
	s.info = &sentinel.Info{Uptime: sentinel.Some(time.Second)}
	s.see("10.0.0.2:1", sentinelA)
	s.are(t, "a:26379 10.0.0.2>10.0.0.3 aborted 0: started again in the middle", "b:26379 10.0.0.2>10.0.0.1 aborted 0: did not become the master")
	if r := s.records()[1]; r.EndUnseen() || r.Ended != nil {
		t.Errorf("%+v", r)
	}
}

// TestChosenAfterALook: a record that is asked for while the leader chooses says later which replica was chosen.
func TestChosenAfterALook(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.say(sentinelA, `+new-epoch 6
		+try-failover master m 10.0.0.2 1`)
	s.see("10.0.0.2:1", sentinelA)
	s.say(sentinelA, "+elected-leader master m 10.0.0.2 1")
	s.records()
	s.say(sentinelA, "+selected-slave slave 10.0.0.9:1 10.0.0.9 1 @ m 10.0.0.2 1")
	if c := s.records()[0].Candidates; len(c) != 1 || c[0].Replica != "10.0.0.9:1" || !c[0].Chosen || c[0].At == nil {
		t.Errorf("%+v", c)
	}
}
