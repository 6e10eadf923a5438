package history

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// A failover is one failover of a master, as far as it is known.
type failover struct {
	master *masterHistory
	id     string

	trigger   Trigger // if something has said it since the attempt began; otherwise empty
	outcome   Outcome
	reason    string
	from, to  string
	firstSign *Sign
	lastReply time.Time
	attempts  []*attempt
	leader    *attempt
	failed    *attempt   // the one whose end was the end of the failover
	also      []*attempt // elected as well, and promoting the same replica
	replicas  []Reconfigured
	old       *OldMaster
	votes     []Vote
	well      time.Time
	next      time.Time // the earliest next attempt
	nextTold  bool      // the Sentinel has logged it
	listened  int

	looked        *candidatesOf
	candidateList []Candidate

	reports     []Switched
	reported    map[string]time.Time // by Sentinel: its last report
	completed   map[string]bool      // by Sentinel: it was seen to have the master at the new address
	firstReport time.Time
	happenedAt  time.Time // zero if the switch has not happened

	began, ended, touched time.Time
	endUnseen             bool
	changed               bool // since it was last kept
	kept                  bool // it has been stored
}

func newFailover(m *masterHistory, n *sentinel.StreamUpdate) *failover {
	f := &failover{
		master: m, from: text(n.Event.MasterAddress), began: n.Time, listened: m.history.listened(),
		id:       fmt.Sprintf("%d-%d", n.Time.UnixMilli(), m.history.count),
		reported: make(map[string]time.Time), completed: make(map[string]bool),
	}
	m.history.count++
	for address, at := range m.down {
		f.sign(address, sentinel.EventSDown, at)
	}
	f.sign(n.Sentinel, n.Event.Name, n.Time)
	f.touch(n.Time)
	return f
}

func (f *failover) touch(at time.Time) { f.touched, f.changed = at, true }

// decide takes in that the failover has an outcome, or an end.
func (f *failover) decide(at time.Time) {
	f.touch(at)
	f.master.history.decided = append(f.master.history.decided, f)
}

// sign takes in a sign of the failover; the first one counts.
func (f *failover) sign(address, event string, at time.Time) {
	if f.firstSign == nil || at.Before(f.firstSign.At) {
		f.firstSign = &Sign{text(address), event, at}
	}
}

// join makes an attempt one of this failover.
func (f *failover) join(a *attempt, n *sentinel.StreamUpdate) {
	a.failover = f
	f.attempts = append(f.attempts, a)
	f.master.begun(a, n)
	if a.start.Before(f.began) { // it was one of another failover before
		f.began = a.start
		f.sign(a.sentinel, sentinel.EventTryFailover, a.start)
	}
	if !a.down.IsZero() {
		f.sign(a.sentinel, sentinel.EventSDown, a.down)
	}
	f.touch(n.Time)
}

// part takes an attempt out of the failover. Another one that leads it as well takes its place.
func (f *failover) part(a *attempt) {
	is := func(b *attempt) bool { return a == b }
	f.attempts = slices.DeleteFunc(f.attempts, is)
	f.also = slices.DeleteFunc(f.also, is)
	if f.leader != a {
		return
	}
	f.leader = nil
	if len(f.also) > 0 {
		f.leader, f.also = f.also[0], f.also[1:]
	}
	f.looked, f.candidateList = nil, nil
}

// lead makes the attempt of one that leads the failover as well the one that stands for it.
func (f *failover) lead(a *attempt) {
	if i := slices.Index(f.also, a); i >= 0 {
		f.also[i], f.leader = f.leader, a
		f.looked, f.candidateList = nil, nil
	}
}

func (f *failover) leads(a *attempt) bool { return f.leader == a || slices.Contains(f.also, a) }

// ledBesides reports whether another attempt than that goes on that was elected.
func (f *failover) ledBesides(a *attempt) bool {
	return slices.ContainsFunc(f.attempts, func(b *attempt) bool { return b != a && !b.elected.IsZero() && f.isOpen(b) })
}

// goesOn reports whether an attempt goes on.
func (f *failover) goesOn() bool {
	return slices.ContainsFunc(f.attempts, f.isOpen)
}

func (f *failover) isOpen(a *attempt) bool {
	return f.master.open[a.sentinel] == a || f.master.ending[a.sentinel] == a
}

func (f *failover) ledBy(address string) bool {
	return f.leader != nil && f.leader.sentinel == address || slices.ContainsFunc(f.also, func(a *attempt) bool { return a.sentinel == address })
}

// step takes in a step of an attempt that was elected.
func (f *failover) step(a *attempt, n *sentinel.StreamUpdate) {
	f.touch(n.Time)
	name := n.Event.Name
	if _, known := a.steps[name]; !known {
		a.steps[name] = n.Time
	}
	if name == sentinel.EventFailoverEnd && f.leader.steps[name].IsZero() {
		f.lead(a) // the first to be done is who did it
	}
	if f.leader != a {
		return
	}
	if namesPromoted(name) {
		f.to = text(n.Event.Address)
	}
	if name == sentinel.EventSelectedSlave {
		f.looked, f.candidateList = nil, nil // somebody may have asked before one was chosen
	}
}

// reconfigured takes in a step of a replica that is told to follow the new master.
func (f *failover) reconfigured(n *sentinel.StreamUpdate) {
	f.touch(n.Time)
	replica := text(n.Event.Address)
	i := slices.IndexFunc(f.replicas, func(r Reconfigured) bool { return r.Replica == replica })
	if i < 0 {
		if len(f.replicas) == maxListed {
			return
		}
		i = len(f.replicas)
		f.replicas = append(f.replicas, Reconfigured{Replica: replica})
	}
	switch n.Event.Name {
	case sentinel.EventReconfSent:
		f.replicas[i].Sent = &n.Time
	case sentinel.EventReconfInProgress:
		f.replicas[i].InProgress = &n.Time
	case sentinel.EventReconfDone:
		f.replicas[i].Done = &n.Time
	}
}

// masterBecameReplica takes in that the old master is a replica while the failover is under way: only
// a coordinated one begins with that.
func (f *failover) masterBecameReplica() {
	if a := f.main(); a != nil && a.trigger == TriggerCommand {
		f.trigger = TriggerCoordinated
	}
}

// fail ends the failover without a switch.
func (f *failover) fail(a *attempt, at time.Time, unseen bool) {
	f.outcome, f.reason, f.ended, f.endUnseen, f.failed = OutcomeAborted, a.reason, at, unseen, a
	if unseen {
		f.ended = time.Time{}
	}
	f.next, f.nextTold = f.master.nextAttempt(a), false
	f.decide(at)
	if !unseen && !a.partly && f.main() == a {
		f.changes(Change{Ended: &Ended{OutcomeAborted, seconds(a.start, at)}})
	}
}

// givenUp reports whether the failover was ended only because its leader is not heard.
func (f *failover) givenUp() bool {
	return f.outcome == OutcomeAborted && f.endUnseen && f.failed != nil && f.isOpen(f.failed)
}

// resume takes in that a failover that was given up goes on.
func (f *failover) resume() {
	f.failed.end, f.failed.reason, f.failed.endUnseen = time.Time{}, "", false
	f.outcome, f.reason, f.endUnseen, f.failed = "", "", false, nil
	f.next, f.nextTold = time.Time{}, false
}

// succeed takes in that the Sentinel which led the failover has switched.
func (f *failover) succeed(a *attempt, at time.Time) {
	if !f.ended.IsZero() || f.leader != a && f.leader != nil {
		return
	}
	f.outcome, f.ended, f.endUnseen = OutcomeSwitched, at, a.partly
	f.decide(at)
	if !a.partly {
		f.changes(Change{Ended: &Ended{OutcomeSwitched, seconds(a.start, at)}})
	}
}

// switchedUnseen takes in that a Sentinel that led the failover was not heard when it switched.
func (f *failover) switchedUnseen(at time.Time) {
	if f.outcome == "" && !f.goesOn() {
		f.outcome, f.endUnseen = OutcomeSwitched, true
		f.decide(at)
	}
}

// repeats reports whether the same Sentinel has just reported this switch, or has not completed it, and nobody has tried to leave the
// new master since.
func (f *failover) repeats(n *sentinel.StreamUpdate) bool {
	last, known := f.reported[n.Sentinel]
	if !known || f.from != text(n.Event.MasterAddress) || f.to != text(n.Event.NewAddress) {
		return false
	}
	if !f.master.history.deaf(n.Sentinel, last) && n.Time.Sub(last) < repeatWithin {
		return true
	}
	later := f.master.failovers[slices.Index(f.master.failovers, f)+1:]
	return !f.completed[n.Sentinel] && !slices.ContainsFunc(later, func(g *failover) bool { return g.from == f.to })
}

// mayEndAt reports whether nothing speaks against an address as that of the new master.
func (f *failover) mayEndAt(address string) bool { return f.to == "" || f.to == text(address) }

// mayBeToldOf says how likely a +switch-master is about this failover; 0 if it is not. told is the Sentinel from which it comes, if it
// has come from another one: that has led the failover, has published the switch before, or was not heard.
func (f *failover) mayBeToldOf(n *sentinel.StreamUpdate, told string) int {
	h := f.master.history
	since := f.firstReport
	if since.IsZero() {
		since = f.began
	}
	switch {
	case f.outcome == OutcomeAborted && !f.mayResumeBy(n) || n.Time.Sub(since) >= lateReport || !f.mayEndAt(n.Event.NewAddress) || f.after(h.streams[n.Sentinel].heard):
		return 0
	case told != "" && f.ledBy(n.Sentinel) && len(f.also) == 0 && (f.leader.cut || !f.isOpen(f.leader)): // nobody tells it of its own
		return 0
	case f.to == "":
		return 1
	case told != "" && !f.ledBy(told) && f.reported[told].IsZero() && !h.deaf(told, f.began):
		return 2
	}
	return 3
}

// mayResumeBy reports whether a +switch-master can be the end of a failover that was given up.
func (f *failover) mayResumeBy(n *sentinel.StreamUpdate) bool {
	return f.givenUp() && f.from == text(n.Event.MasterAddress) && !f.master.hasLeft(f.failed)
}

// after reports whether all that lead the failover were elected in an epoch after another one.
func (f *failover) after(epoch sentinel.Number) bool {
	of := func(a *attempt) bool { return a.epoch.Present && epoch.Present && a.epoch.Value > epoch.Value }
	return f.leader != nil && of(f.leader) && !slices.ContainsFunc(f.also, func(a *attempt) bool { return !of(a) })
}

// report takes in a +switch-master.
func (f *failover) report(n *sentinel.StreamUpdate) {
	_, known := f.reported[n.Sentinel]
	f.reported[n.Sentinel] = n.Time
	if known {
		return
	}
	if len(f.reports) == 0 {
		f.firstReport = n.Time
		f.to = text(n.Event.NewAddress)
		if len(f.attempts) == 0 { // who tells it may have missed an earlier switch
			f.from = text(n.Event.MasterAddress)
		}
	}
	if len(f.reports) < maxListed {
		f.reports = append(f.reports, Switched{text(n.Sentinel), n.Time})
	}
	f.touch(n.Time)
}

// happened takes in that a Sentinel has the master at the new address.
func (f *failover) happened(address string, at time.Time) {
	f.completed[address] = true
	if !f.happenedAt.IsZero() {
		return
	}
	f.happenedAt, f.outcome = at, OutcomeSwitched
	f.decide(at)
	f.changes(Change{Switch: &Switch{From: f.from, To: f.to, Sentinel: address, At: f.firstReport}})
}

func (f *failover) changes(c Change) {
	c.Master = f.master.name
	f.master.history.changes = append(f.master.history.changes, c)
}

// main is the attempt that stands for the failover: that of the leader, or the one with which it failed, or
// the first one.
func (f *failover) main() *attempt {
	switch {
	case f.leader != nil:
		return f.leader
	case f.failed != nil:
		return f.failed
	case len(f.attempts) > 0:
		return f.attempts[0]
	}
	return nil
}

// startUnseen reports whether the start of it was not heard.
func (f *failover) startUnseen() bool {
	a := f.main()
	return a == nil || a.startUnseen
}

// keep stores the failover as it is.
func (f *failover) keep() {
	h := f.master.history
	r := f.record()
	f.changed, f.kept = false, true
	line := lineOf(&r)
	h.store.put(line)
	if h.options.Save != nil {
		h.options.Save(line.json)
	}
}

// record returns what is known of the failover.
func (f *failover) record() Record {
	h := f.master.history
	r := Record{
		ID: f.id, Master: text(f.master.name), Deployment: h.options.Deployment,
		Outcome: f.outcome, From: f.from, To: f.to, Sentinels: f.listened,
		Started: f.began, FirstSign: f.firstSign, OldMaster: f.old,
		Phases: f.phases(), Switched: orEmpty(f.reports), Candidates: f.candidates(),
		Gaps: f.gaps(), Votes: f.votesFor(), NotElected: f.notElected(), Replicas: orEmpty(f.replicas),
		Clocks: h.clocksNow(), Inferred: []string{},
	}
	infer := func(field string, when bool) {
		if when {
			r.Inferred = append(r.Inferred, field)
		}
	}
	a := f.main()
	r.Trigger = TriggerOther
	if a != nil {
		r.Trigger, r.Started = cmp.Or(f.trigger, a.trigger), a.start
		infer("trigger", f.trigger == "" && a.inferred)
		if a.epoch.Present {
			r.Epoch = &a.epoch.Value
		}
		if a.agreed.quorum > 0 {
			r.Agreed, r.Quorum = &a.agreed.votes, &a.agreed.quorum
		}
	}
	if f.leader != nil {
		r.Leader = text(f.leader.sentinel)
	}
	r.Reason = cmp.Or(f.reason, f.why(r.Trigger))
	infer("started", f.startUnseen() || a != nil && a.partly && f.outcome == OutcomeAborted && !f.endUnseen)
	infer("outcome", f.outcome == OutcomeSwitched && len(f.reports) == 0 || f.outcome == OutcomeAborted && f.endUnseen && (f.failed == nil || f.failed.endUnseen))
	ended := f.ended
	if ended.IsZero() && !f.happenedAt.IsZero() && (a == nil || f.master.open[a.sentinel] != a) {
		ended = f.happenedAt
		infer("ended", true)
	} else {
		infer("ended", f.endUnseen)
	}
	r.Ended = pointer(ended)
	if last := f.master.lastReply; f.lastReply.IsZero() && a != nil && last.Before(a.down) && a.down.Sub(last) < time.Hour {
		f.lastReply = last
	}
	r.LastReply = pointer(f.lastReply)
	infer("last_reply", r.LastReply != nil)
	r.NextAttempt = pointer(f.next)
	infer("next_attempt", r.NextAttempt != nil && !f.nextTold)
	r.Well = pointer(f.well)
	infer("well", r.Well != nil)
	infer("candidates", slices.ContainsFunc(r.Candidates, func(c Candidate) bool { return c.At != nil }))
	return r
}

// why says in words what led to the failover, and who led it besides the leader.
func (f *failover) why(t Trigger) string {
	reason := []string{f.cause(t)}
	for _, a := range f.also {
		reason = append(reason, text(a.sentinel)+" led it as well")
	}
	return strings.Join(reason, "; ")
}

func (f *failover) cause(t Trigger) string {
	switch t {
	case TriggerDown:
		return "the master did not answer"
	case TriggerCommand:
		return "SENTINEL FAILOVER"
	case TriggerCoordinated:
		return "SENTINEL FAILOVER ... COORDINATED"
	}
	switch a := f.main(); {
	case a != nil && a.masterIsReplica:
		return "the master reported that it was a replica"
	case a != nil:
		return "what led to it was not seen"
	}
	return "a Sentinel has taken the new master from another one; who led this was not heard"
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return slices.Clone(list)
}

func pointer(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// phases returns the phases as far as they were seen.
func (f *failover) phases() []Phase {
	phases := []Phase{}
	add := func(name string, from, to time.Time) {
		if from.IsZero() {
			return
		}
		p := Phase{Name: name, Started: from}
		if !to.IsZero() {
			p.Seconds = new(seconds(from, to))
		}
		phases = append(phases, p)
	}
	a := f.main()
	if a == nil {
		return phases
	}
	until := a.end // of the phase in which it was given up
	if until.IsZero() || f.endUnseen {
		until = f.ended
	}
	or := func(at time.Time) time.Time {
		if at.IsZero() {
			return until
		}
		return at
	}
	if f.firstSign != nil && !a.down.IsZero() {
		add(PhaseDetection, f.firstSign.At, a.down)
		add(PhaseAgreement, a.down, a.agreed.at)
	}
	elected, selected, promoted := a.elected, a.steps[sentinel.EventSelectedSlave], a.steps[sentinel.EventPromotedSlave]
	if !a.startUnseen {
		add(PhaseElection, a.start, or(elected))
	}
	add(PhaseSelection, elected, or(selected))
	add(PhasePromotion, selected, or(promoted))
	add(PhaseReconfiguration, promoted, f.ended)
	return phases
}

// notElected returns the Sentinels that tried as well.
func (f *failover) notElected() []NotElected {
	list := []NotElected{}
	for _, a := range f.attempts {
		if a.elected.IsZero() {
			end := a.end
			if a.endUnseen {
				end = time.Time{}
			}
			list = append(list, NotElected{Sentinel: text(a.sentinel), Started: a.start, Ended: pointer(end), Reason: a.reason})
		}
	}
	return list
}

// votesFor returns the votes in the epochs of the attempts.
func (f *failover) votesFor() []Vote {
	h := f.master.history
	var votes []Vote
	for _, v := range h.votes {
		of := func(a *attempt) bool { return a.epoch.Present && a.epoch.Value == v.epoch }
		if len(votes) < maxListed && v.at.Sub(f.began).Abs() < time.Minute && slices.ContainsFunc(f.attempts, of) {
			votes = append(votes, Vote{text(v.sentinel), h.sentinelName(v.id), v.at})
		}
	}
	if len(votes) >= len(f.votes) {
		f.votes = votes
	}
	return orEmpty(f.votes)
}

// unheardFor is how long before the first sign of a failover, of which no leader was heard, a gap can have hidden its start.
const unheardFor = 3 * time.Minute

// gaps returns the gaps from the first sign until the failover was quiet. If its start was not seen, those in which it may have
// been published are among them: the last one of the leader, or of all.
func (f *failover) gaps() []Gap {
	gaps := []Gap{}
	from, to := f.firstSign.At, f.touched
	for address, s := range f.master.history.streams {
		for i, g := range s.gaps {
			last := i == len(s.gaps)-1 || s.gaps[i+1].From.After(from)
			unseen := f.startUnseen() && last && (f.ledBy(address) || f.leader == nil && from.Sub(g.From) < unheardFor)
			if len(gaps) < maxListed && !g.From.After(to) && (g.To == nil || !g.To.Before(from) || unseen) {
				gaps = append(gaps, g)
			}
		}
	}
	slices.SortFunc(gaps, func(a, b Gap) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Sentinel, b.Sentinel))
	})
	return gaps
}
