package history_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/internal/sentineltest"
)

// A want is what a record must say. The leader and the times it must have are those of the Sentinels' logs.
type want struct {
	trigger  history.Trigger
	outcome  history.Outcome
	phases   string
	from, to string // empty if it does not matter
	reason   string // a part of it
}

const allPhases = "election selection promotion reconfiguration"

// phaseBegins is the event of the leader with which each phase begins that has one.
var phaseBegins = map[string]string{ // read-only
	"election": "+try-failover", "selection": "+elected-leader", "promotion": "+selected-slave", "reconfiguration": "+promoted-slave",
}

// is compares a record with what must be in it, and with what the Sentinels have logged since the fault.
func (r *rig) is(f *history.Record, since time.Time, w want) {
	r.t.Helper()
	phases := phaseNames(f)
	if slices.ContainsFunc(r.attempts(since), split) { // what was found can belong to another attempt
		w.phases, phases = strings.TrimPrefix(w.phases, "detection agreement "), strings.TrimPrefix(phases, "detection agreement ")
	}
	if f.Trigger != w.trigger || f.Outcome != w.outcome || w.from != "" && f.From != w.from || w.to != "" && f.To != w.to ||
		phases != w.phases || !strings.Contains(f.Reason, w.reason) {
		r.t.Errorf("%s, %s, from %s to %s, phases %q, reason %q; want %+v", f.Trigger, f.Outcome, f.From, f.To, phaseNames(f), f.Reason, w)
	}
	lines := r.log(since)
	leader := first(lines, "+elected-leader")
	switch {
	case leader == nil && f.Leader != "", leader != nil && f.Leader != leader.sentinel:
		r.t.Errorf("the leader is %q, by the logs %v", f.Leader, leader)
	case leader == nil:
		return
	}
	own := only(lines, f.Leader)
	slices.Reverse(own) // a leader may have tried before, and not been elected
	own = own[slices.IndexFunc(own, func(l logged) bool { return l.at.Equal(leader.at) && l.event == leader.event }):]
	r.near("the start", f.Started, first(own, "+try-failover"))
	for _, p := range f.Phases {
		if event := phaseBegins[p.Name]; event != "" && event != "+try-failover" {
			r.near(p.Name, p.Started, first(only(lines, f.Leader), event))
		}
	}
	if f.Outcome == history.OutcomeSwitched {
		r.near("the end", *f.Ended, first(only(lines, f.Leader), "+failover-end"))
		for _, s := range f.Switched {
			r.near("the switch of "+s.Sentinel, s.At, first(only(lines, s.Sentinel), "+switch-master"))
		}
	}
}

// only returns the lines of one Sentinel.
func only(lines []logged, sentinel string) []logged {
	var some []logged
	for _, l := range lines {
		if l.sentinel == sentinel {
			some = append(some, l)
		}
	}
	return some
}

// TestFailovers: by hand, after a crash, and of a master that hangs; each is one record, as the
// Sentinels' own logs have it, and the durations are those of the metrics.
func TestFailovers(t *testing.T) {
	t.Parallel()
	r := run(t, sentineltest.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()

	began, old := time.Now(), r.master()
	to, err := r.Failover(ctx, master)
	check(t, err)
	f := r.ended(1)
	r.is(f, began, want{trigger: history.TriggerCommand, outcome: history.OutcomeSwitched, phases: allPhases, from: old.Addr(), to: to, reason: "SENTINEL FAILOVER"})
	if f.Agreed != nil || len(f.Switched) != 3 || len(f.Gaps) != 0 || len(f.Replicas) != 1 || f.Replicas[0].Done == nil {
		t.Errorf("by hand: %+v", f)
	}
	var chosen []string
	for _, c := range f.Candidates {
		if c.Chosen {
			chosen = append(chosen, c.Replica)
		}
		if c.Reason == "" || c.Offset == nil {
			t.Errorf("nothing says why %s was chosen or not: %+v", c.Replica, c)
		}
	}
	if len(f.Candidates) != 2 || len(chosen) != 1 || chosen[0] != to {
		t.Errorf("the candidates are %+v, and %s was promoted", f.Candidates, to)
	}
	sentineltest.WaitFor(t, "the old master is a replica", func() bool { return r.ended(1).OldMaster != nil })
	check(t, r.WaitSettled(ctx))
	sentineltest.WaitFor(t, "all is seen to be well", func() bool { return r.ended(1).Well != nil })

	for i, stop := range []func(*sentineltest.Node) error{
		func(n *sentineltest.Node) error { n.Kill(); return nil },
		(*sentineltest.Node).Hang,
	} {
		check(t, r.WaitSettled(ctx))
		began, old = time.Now(), r.master()
		check(t, stop(old))
		to, err = r.WaitFailover(ctx, master, old.Addr())
		check(t, err)
		f = r.ended(2 + i)
		r.is(f, began, want{trigger: history.TriggerDown, outcome: history.OutcomeSwitched, phases: "detection agreement " + allPhases, from: old.Addr(), to: to, reason: "did not answer"})
		down := first(r.log(began), "+sdown")
		attempts := r.attempts(began)
		found := attempts[len(attempts)-1]
		r.near("the first sign", found.FirstSign.At, down)
		if found.Agreed == nil || *found.Agreed < 2 || *found.Quorum != 2 || found.LastReply == nil || !found.LastReply.Before(found.FirstSign.At) || len(f.Votes) < 2 || len(f.Clocks) != 3 {
			t.Errorf("%+v, found by %+v", f, found)
		}
		if i == 0 {
			check(t, old.Restart(ctx))
		} else {
			check(t, old.Resume())
		}
		sentineltest.WaitFor(t, "the old master was one beside the new one", func() bool {
			o := r.ended(2 + i).OldMaster
			return o != nil && o.WritableSeconds > 0
		})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	durations, switches := map[float64]int{}, 0
	for _, c := range r.changes {
		if c.Ended != nil {
			durations[c.Ended.Seconds]++
		}
		if c.Switch != nil {
			switches++
		}
	}
	for _, f := range r.records() {
		seconds, ok := f.Seconds()
		if !ok || durations[seconds] != 1 {
			t.Errorf("a record of %v s, and the metrics were told %v", seconds, durations)
		}
	}
	if len(durations) != len(r.records()) || switches != 3 {
		t.Errorf("the metrics were told of %d durations and %d switches", len(durations), switches)
	}
}

// TestAborts: with no replica to promote, and without a majority, there is a record of the abort and of
// nothing else; without a quorum there is no attempt, so that there is no record.
func TestAborts(t *testing.T) {
	t.Parallel()
	r := run(t, sentineltest.Config{Quorum: 1, Replicas: 1, FailoverTimeout: 2 * time.Second})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	replica := r.Masters[0].Replicas[0]
	_, err := replica.CLI(ctx, "CONFIG", "SET", "replica-priority", "0")
	check(t, err)
	sentineltest.WaitFor(t, "the Sentinels know of the priority", func() bool {
		for _, s := range r.Sentinels {
			rows, err := s.Rows(ctx, "SENTINEL", "REPLICAS", master)
			if err != nil || len(rows) != 1 || rows[0].Get("slave-priority") != "0" {
				return false
			}
		}
		return true
	})
	old := r.master()
	began := time.Now()
	old.Kill()
	f := r.ended(1)
	r.is(f, began, want{trigger: history.TriggerDown, outcome: history.OutcomeAborted, phases: "detection agreement election selection", from: old.Addr(), reason: "no replica that could be promoted"})
	if len(f.Candidates) != 1 || f.Candidates[0].Chosen || !strings.Contains(f.Candidates[0].Reason, "replica-priority is 0") {
		t.Errorf("the candidates are %+v", f.Candidates)
	}
	if f.NextAttempt == nil || f.NextAttempt.Sub(f.Started) != 4*time.Second {
		t.Fatalf("the next attempt comes at %v, the first was at %s", f.NextAttempt, f.Started)
	}
	n := len(r.records())
	sentineltest.WaitFor(t, "the next attempt", func() bool { return len(r.records()) > n })
	if next := r.records()[0]; next.Started.Before(*f.NextAttempt) {
		t.Errorf("the next attempt was to come at %s at the earliest, and came at %s", f.NextAttempt, next.Started)
	}

	alone := r.Sentinels[0]
	for _, s := range r.Sentinels[1:] {
		s.Kill()
	}
	began = time.Now()
	sentineltest.WaitFor(t, "an attempt without a majority", func() bool {
		lines := only(r.log(began), alone.Addr())
		return first(lines, "-failover-abort-not-elected") != nil && first(lines, "+try-failover") != nil
	})
	sentineltest.WaitFor(t, "its record", func() bool {
		f = &r.records()[0]
		return f.Outcome == history.OutcomeAborted && strings.Contains(f.Reason, "no majority")
	})
	// That the master is down may have been agreed on before the others were killed.
	if f.Leader != "" || f.Trigger != history.TriggerDown || !strings.HasSuffix(phaseNames(f), "election") {
		t.Errorf("without a majority: %+v", f)
	}
	if len(f.Gaps) < 2 || f.Gaps[0].To != nil {
		t.Errorf("two Sentinels are dead, and the gaps are %+v", f.Gaps)
	}
}

// TestNoQuorum: one Sentinel alone holds the master to be down.
func TestNoQuorum(t *testing.T) {
	t.Parallel()
	r := run(t, sentineltest.Config{Replicas: 1})
	for _, s := range r.Sentinels[1:] {
		s.Kill()
	}
	began := time.Now()
	r.master().Kill()
	sentineltest.WaitFor(t, "the Sentinel says so", func() bool { return first(r.log(began), "+sdown") != nil })
	if records := r.records(); len(records) != 0 {
		t.Errorf("nobody tried, but %+v", records)
	}
}

// TestReplicaRefuses: the chosen replica does not become a master.
func TestReplicaRefuses(t *testing.T) {
	t.Parallel()
	r := run(t, sentineltest.Config{Replicas: 1, FailoverTimeout: 3 * time.Second})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	replica := r.Masters[0].Replicas[0]
	_, err := replica.CLI(ctx, "ACL", "SETUSER", "default", "-slaveof", "-replicaof")
	check(t, err)
	old, began := r.master(), time.Now()
	old.Kill()
	f := r.ended(1)
	r.is(f, began, want{trigger: history.TriggerDown, outcome: history.OutcomeAborted, phases: "detection agreement election selection promotion", from: old.Addr(), to: replica.Addr(), reason: "did not become the master"})
}

// TestMasterIsBack while the failover is under way.
func TestMasterIsBack(t *testing.T) {
	t.Parallel()
	r := run(t, sentineltest.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	old, began := r.master(), time.Now()
	check(t, old.Hang())
	sentineltest.WaitFor(t, "an elected leader", func() bool { f := r.elected(); return len(f) == 1 && f[0].Leader != "" })
	check(t, old.Resume())
	to, err := r.WaitFailover(ctx, master, old.Addr())
	check(t, err)
	r.is(r.ended(1), began, want{trigger: history.TriggerDown, outcome: history.OutcomeSwitched, phases: "detection agreement " + allPhases, from: old.Addr(), to: to})
	sentineltest.WaitFor(t, "it was a second master", func() bool { o := r.ended(1).OldMaster; return o != nil && o.WritableSeconds > 0 })
}

// TestLeaderIsKilled in the middle: its failover is given up for another one, which another Sentinel leads. Neither
// has a leader that no event has named.
func TestLeaderIsKilled(t *testing.T) {
	t.Parallel()
	r := run(t, sentineltest.Config{FailoverTimeout: 3 * time.Second})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for _, n := range r.Masters[0].Replicas { // so that the leader waits for the promotion
		_, err := n.CLI(ctx, "ACL", "SETUSER", "default", "-slaveof", "-replicaof")
		check(t, err)
	}
	old, began := r.master(), time.Now()
	old.Kill()
	sentineltest.WaitFor(t, "a replica that is chosen", func() bool { f := r.elected(); return len(f) == 1 && strings.Contains(phaseNames(&f[0]), "promotion") })
	dead := r.elected()[0].Leader
	r.NodeAt(dead).Kill()
	for _, n := range r.Masters[0].Replicas {
		_, err := n.CLI(ctx, "ACL", "SETUSER", "default", "+slaveof", "+replicaof")
		check(t, err)
	}
	to, err := r.WaitFailover(ctx, master, old.Addr())
	check(t, err)
	var records []history.Record
	sentineltest.WaitFor(t, "a failover that has switched, and one that is given up", func() bool {
		records = r.elected()
		return records[0].Outcome == history.OutcomeSwitched && records[0].Ended != nil && records[len(records)-1].Outcome != ""
	})
	second, killed := records[0], records[len(records)-1]
	if second.Leader == dead || second.Leader == "" || second.From != old.Addr() || second.To != to || second.Trigger != history.TriggerDown {
		t.Errorf("the second failover: %+v", second)
	}
	if elected := first(only(r.log(began), second.Leader), "+elected-leader"); elected == nil {
		t.Errorf("%s was never elected", second.Leader)
	}
	if killed.Leader != dead || killed.Outcome != history.OutcomeAborted || killed.Ended != nil {
		t.Errorf("the failover of the killed leader: %+v", killed)
	}
	if _, seen := killed.Seconds(); seen || len(killed.Gaps) != 1 || killed.Gaps[0].Sentinel != dead {
		t.Errorf("it has not ended, and the gaps are %+v", killed.Gaps)
	}
}

// TestCutStreamIsAGap: what the leader published was not heard. The record has the switch, a gap, and no leader.
func TestCutStreamIsAGap(t *testing.T) {
	t.Parallel()
	r := run(t, sentineltest.Config{Proxied: true})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cut := r.Sentinels[0]
	began, old := time.Now(), r.master()
	cut.Proxy.Cut()
	_, err := cut.CLI(ctx, "SENTINEL", "FAILOVER", master)
	check(t, err)
	to, err := r.WaitFailover(ctx, master, old.Addr())
	check(t, err)
	f := r.ended(1)
	if f.Leader != "" || f.Trigger != history.TriggerOther || f.Outcome != history.OutcomeSwitched || f.From != old.Addr() || f.To != to {
		t.Errorf("%+v", f)
	}
	if len(f.Gaps) != 1 || f.Gaps[0].Sentinel != cut.Proxy.Addr() || f.Gaps[0].To != nil || f.Gaps[0].From.After(f.Started) || f.Gaps[0].From.Before(began.Add(-10*time.Second)) {
		t.Errorf("the gaps are %+v, and the cut was at %s", f.Gaps, began)
	}
	if _, seen := f.Seconds(); seen || !f.IsInferred("started") || !f.IsInferred("ended") {
		t.Errorf("it is said to be seen in full: %+v", f)
	}
	check(t, cut.Proxy.Heal())
	sentineltest.WaitFor(t, "the gap has an end", func() bool { f := r.ended(1); return len(f.Gaps) == 1 && f.Gaps[0].To != nil })
}

// coordinates reports whether a server has SENTINEL FAILOVER ... COORDINATED.
func coordinates(v sentineltest.Version) bool { return v.Product == "valkey" && v.Major >= 9 }

// TestCoordinated: a master that hands over. Only Valkey from 9.0 on can do that; on others the command is refused,
// and there is no record.
func TestCoordinated(t *testing.T) {
	t.Parallel()
	r := run(t, sentineltest.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	began, old := time.Now(), r.master()
	_, err := r.Sentinels[0].CLI(ctx, "SENTINEL", "FAILOVER", master, "COORDINATED")
	if !coordinates(r.Version) {
		if err == nil || len(r.records()) != 0 {
			t.Errorf("%s answered %v, and there are %d records", r.Version.Text, err, len(r.records()))
		}
		return
	}
	check(t, err)
	to, err := r.WaitFailover(ctx, master, old.Addr())
	check(t, err)
	r.is(r.ended(1), began, want{trigger: history.TriggerCoordinated, outcome: history.OutcomeSwitched, phases: allPhases, from: old.Addr(), to: to, reason: "COORDINATED"})
}
