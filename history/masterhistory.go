package history

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// What a Sentinel says of the role that a node reports now, after "new reported role is".
const (
	becameMaster  = "new reported role is master"
	becameReplica = "new reported role is slave"
	// maxOldMasters bounds how many are followed at one time for one master.
	maxOldMasters = 64
	// repeatWithin is how soon a Sentinel reports a switch again that it cannot complete:
	// some twelve times a second while the name of the promoted node does not resolve. The
	// next real switch takes longer.
	repeatWithin = 10 * time.Second
	// restartedMeanwhile is why an attempt is over whose Sentinel is another process now.
	restartedMeanwhile = "the Sentinel was started again in the middle of it"
	// silentFor is how long the stream of a leader must have been down until it can be given up: a broken one
	// is opened again after 5 s at most.
	silentFor = 10 * time.Second
)

// A masterHistory is what goes on about one master.
type masterHistory struct {
	history   *History
	name      string
	by        string                // the Sentinel that has named it
	heard     time.Time             // of the last event
	down      map[string]time.Time  // since when, by the Sentinels that consider it down
	stated    map[string]time.Time  // by Sentinel: when it has last published something of the master's state
	agreed    map[string]agreement  // by Sentinel
	replica   map[string]bool       // by the Sentinels to which it has reported that it is a replica
	open      map[string]*attempt   // by Sentinel
	ending    map[string]*attempt   // those that have ended, and the Sentinel has not switched yet
	toldBy    map[string]string     // by Sentinel: which other one has just told it of a switch
	failovers []*failover           // the newest last
	old       map[string]*oldMaster // by address
	requested map[string]time.Time  // by the Sentinels that were told to fail over
	lastReply time.Time             // of the master, if it is down
	seen      []candidatesOf        // the replicas as Sentinels had them, the newest last
}

// An agreement is a +odown.
type agreement struct {
	at            time.Time
	votes, quorum int64
}

// An oldMaster is a node beside the master that takes writes now.
type oldMaster struct {
	since    time.Time
	sentinel string // who said so first
}

// An attempt is the attempt of one Sentinel to fail the master over, from +try-failover
// on. Several Sentinels may try at the same time. Of those that began by themselves at most one is elected in an epoch; one that is
// told to fail over takes itself for elected, also beside another one.
type attempt struct {
	sentinel    string
	epoch       sentinel.Number
	failover    *failover
	start, end  time.Time
	elected     time.Time            // zero if it was not
	steps       map[string]time.Time // those that only a leader takes, by event
	partly      bool                 // its start or its end was not seen, or its stream had a gap since
	startUnseen bool                 // of that, its start
	endUnseen   bool                 // of that, its end
	cut         bool                 // its stream had one
	process     string               // the run id of the Sentinel, once it was seen
	master      string               // where the Sentinel had the master when it began
	from        string               // and when it ended
	reason      string               // why it ended, of an abort

	// What the Sentinel thought when it began.
	trigger         Trigger
	inferred        bool // the trigger is
	down            time.Time
	agreed          agreement
	masterIsReplica bool
}

func newAttempt(n *sentinel.StreamUpdate, epoch sentinel.Number) *attempt {
	return &attempt{sentinel: n.Sentinel, epoch: epoch, start: n.Time, steps: make(map[string]time.Time), master: text(n.Event.MasterAddress)}
}

// after reports whether an attempt was made in an election after that of a leader: it is another failover
// then, also while that leader has not ended its own, or has died in it.
func (a *attempt) after(leader *attempt) bool {
	switch {
	case leader == nil || leader == a:
		return false
	case a.epoch.Present && leader.epoch.Present:
		return a.epoch.Value > leader.epoch.Value
	}
	return a.start.After(leader.elected)
}

func newMasterHistory(h *History, name string) *masterHistory {
	return &masterHistory{
		history: h, name: name,
		down: make(map[string]time.Time), stated: make(map[string]time.Time), agreed: make(map[string]agreement), replica: make(map[string]bool),
		open: make(map[string]*attempt), ending: make(map[string]*attempt), toldBy: make(map[string]string),
		old: make(map[string]*oldMaster), requested: make(map[string]time.Time),
	}
}

// cut takes in that events of a Sentinel may be missing: what it was doing is not seen in full.
func (m *masterHistory) cut(address string) {
	delete(m.down, address)
	delete(m.agreed, address)
	delete(m.replica, address)
	for _, a := range []*attempt{m.open[address], m.ending[address]} {
		if a != nil {
			a.partly, a.cut = true, true
		}
	}
	for addr, old := range m.old {
		if old.sentinel == address {
			delete(m.old, addr)
		}
	}
}

// event takes in an event about the master or one of its nodes. epoch is that of the
// +new-epoch just before it, if there was one.
func (m *masterHistory) event(n *sentinel.StreamUpdate, epoch sentinel.Number) {
	e := &n.Event
	m.switchedAt(n.Sentinel, e, n.Time)
	if e.Kind == sentinel.RoleMaster {
		m.masterState(n)
	}
	m.oldMasterEvent(n)
	switch e.Name {
	case sentinel.EventTryFailover:
		m.try(n, epoch)
	case sentinel.EventElectedLeader, sentinel.EventSelectSlave, sentinel.EventSelectedSlave, sentinel.EventSendSlaveOfNoOne,
		sentinel.EventWaitPromotion, sentinel.EventPromotedSlave, sentinel.EventReconfSlaves, sentinel.EventFailoverEnd:
		m.led(n)
	case sentinel.EventReconfSent, sentinel.EventReconfInProgress, sentinel.EventReconfDone:
		if a := m.opened(n); a != nil {
			a.failover.reconfigured(n)
		}
	case sentinel.EventAbortNotElected, sentinel.EventAbortNoGoodSlave,
		sentinel.EventAbortSlaveTimeout, sentinel.EventAbortMasterTimeout:
		m.abort(n)
	case sentinel.EventSwitchMaster:
		m.switched(n)
	case sentinel.EventConfigUpdateFrom:
		m.toldBy[n.Sentinel] = m.history.sentinelName(e.Node)
	case sentinel.EventResetMaster, sentinel.EventMonitor, sentinel.EventUnmonitor:
		m.drop(n)
	}
}

// masterState takes in what a Sentinel thinks of the master's state.
func (m *masterHistory) masterState(n *sentinel.StreamUpdate) {
	m.stated[n.Sentinel] = n.Time
	switch n.Event.Name {
	case sentinel.EventSDown:
		if _, known := m.down[n.Sentinel]; known || len(m.down) < maxSentinels {
			m.down[n.Sentinel] = n.Time
			m.history.ask()
		}
		if f := m.running(); f != nil {
			f.sign(n.Sentinel, n.Event.Name, n.Time)
		}
	case sentinel.EventSDownEnd:
		delete(m.down, n.Sentinel)
		delete(m.agreed, n.Sentinel)
	case sentinel.EventODown:
		m.agreed[n.Sentinel] = agreementOf(&n.Event, n.Time)
	case sentinel.EventODownEnd:
		delete(m.agreed, n.Sentinel)
	case sentinel.EventRoleWrong:
		m.replica[n.Sentinel] = n.Event.Details == becameReplica
		if f := m.running(); f != nil && m.replica[n.Sentinel] {
			f.masterBecameReplica()
		}
	case sentinel.EventRoleRight, sentinel.EventSwitchMaster:
		delete(m.replica, n.Sentinel)
	}
	if n.Event.Name == sentinel.EventSwitchMaster { // it ends the states without an event
		delete(m.down, n.Sentinel)
		delete(m.agreed, n.Sentinel)
	}
}

// running returns the newest failover that has not ended, since the last switch; nil if there is none.
func (m *masterHistory) running() *failover {
	for _, f := range slices.Backward(m.failovers) {
		switch f.outcome {
		case "":
			return f
		case OutcomeSwitched:
			return nil
		}
	}
	return nil
}

// newFailover begins a failover.
func (m *masterHistory) newFailover(n *sentinel.StreamUpdate) *failover {
	f := newFailover(m, n)
	m.failovers = append(m.failovers, f)
	if len(m.failovers) > keptFailovers {
		m.abandon(m.failovers[0])
		m.failovers[0].keep()
		m.failovers = slices.Delete(m.failovers, 0, 1)
	}
	return f
}

// try begins an attempt. It joins the failover that is under way: if it turns out to be elected in
// another epoch, it becomes one of its own.
func (m *masterHistory) try(n *sentinel.StreamUpdate, epoch sentinel.Number) {
	if a := m.open[n.Sentinel]; a != nil {
		m.unseen(a, n.Time, "its end was not seen: the same Sentinel has tried again")
	}
	delete(m.ending, n.Sentinel)
	a := newAttempt(n, epoch)
	f := m.running()
	if f == nil || len(f.attempts) >= maxListed || f.from != a.master {
		f = m.newFailover(n)
	}
	f.join(a, n)
	m.open[n.Sentinel] = a
	m.history.ask()
}

// opened returns the attempt of a Sentinel to which a step belongs; nil if there is none. Its end was not seen if the Sentinel
// has the master elsewhere by now or promotes another replica, or others had the master elsewhere meanwhile, so that it may have
// come back: then the step is of a later one.
func (m *masterHistory) opened(n *sentinel.StreamUpdate) *attempt {
	a := m.open[n.Sentinel]
	if a != nil && a.cut && (a.master != text(n.Event.MasterAddress) || a.promotesOther(&n.Event) || m.hasLeft(a)) {
		m.unseen(a, n.Time, "its end was not seen")
		return nil
	}
	if a != nil && a.failover.givenUp() {
		a.failover.resume()
	}
	return a
}

// hasLeft reports whether a failover that others led has gone away from where the master was when an attempt began, or from where it
// leads.
func (m *masterHistory) hasLeft(a *attempt) bool {
	return slices.ContainsFunc(m.failovers, func(f *failover) bool {
		return !f.leads(a) && len(f.reports) > 0 && (f.from == a.master || f.from == a.failover.to) && f.firstReport.After(a.start)
	})
}

// promotesOther reports whether a step is about the promotion of another replica than the one that an attempt has chosen.
func (a *attempt) promotesOther(e *sentinel.Event) bool {
	f := a.failover
	return namesPromoted(e.Name) && f.leads(a) && f.to != "" && f.to != text(e.Address)
}

// namesPromoted reports whether an event of a leader is about the replica that it promotes.
func namesPromoted(event string) bool {
	switch event {
	case sentinel.EventSelectedSlave, sentinel.EventSendSlaveOfNoOne, sentinel.EventWaitPromotion, sentinel.EventPromotedSlave:
		return true
	}
	return false
}

// unseen takes in that an attempt has ended at some time before.
func (m *masterHistory) unseen(a *attempt, at time.Time, reason string) {
	m.unfinished(a, at, reason)
	a.endUnseen = true
}

// unfinished ends an attempt without an event of its own. Its failover has failed, unless another
// attempt goes on.
func (m *masterHistory) unfinished(a *attempt, at time.Time, reason string) {
	f := a.failover
	again := f.givenUp() && f.failed == a // there is a better reason now
	delete(m.open, a.sentinel)
	delete(m.ending, a.sentinel)
	a.end, a.reason, a.partly, a.endUnseen = at, reason, true, false
	if again || f.outcome == "" && len(f.reports) == 0 && !f.goesOn() {
		f.fail(a, at, true)
	}
}

// led takes in a step that only the Sentinel takes that leads the failover.
func (m *masterHistory) led(n *sentinel.StreamUpdate) {
	a := m.opened(n)
	if a == nil {
		if m.over(n) {
			return
		}
		a = newAttempt(n, sentinel.Number{})
		a.partly, a.startUnseen = true, true
		f := m.running()
		if f == nil || f.leader != nil || f.from != a.master {
			f = m.newFailover(n)
		}
		f.join(a, n)
		m.open[n.Sentinel] = a
	}
	if a.elected.IsZero() {
		m.elected(a, n)
	}
	a.failover.step(a, n)
	m.unite(a, n)
	if n.Event.Name == sentinel.EventFailoverEnd {
		delete(m.open, n.Sentinel)
		a.from = n.Event.MasterAddress
		m.ending[n.Sentinel] = a
	}
}

// over reports whether a step belongs to a failover of that Sentinel which has ended.
func (m *masterHistory) over(n *sentinel.StreamUpdate) bool {
	if m.ending[n.Sentinel] != nil {
		return true
	}
	if n.Event.Name != sentinel.EventFailoverEnd {
		return false
	}
	for _, f := range slices.Backward(m.failovers) {
		if f.ledBy(n.Sentinel) {
			return true
		}
		if f.outcome != OutcomeAborted { // those that were given up can come after it
			return false
		}
	}
	return false
}

// elected takes in that an attempt has been elected. Where another one leads the failover already, it is one of its own, until
// it is seen that both promote the same replica.
func (m *masterHistory) elected(a *attempt, n *sentinel.StreamUpdate) {
	a.elected = n.Time
	if f := a.failover; f.leader != nil || f.outcome != "" {
		m.apart(a, n)
	}
	a.failover.leader = a
	m.superseded(n.Time)
}

// apart makes an attempt a failover of its own.
func (m *masterHistory) apart(a *attempt, n *sentinel.StreamUpdate) {
	f, g := a.failover, m.newFailover(n)
	if f.leads(a) {
		g.leader, g.to = a, f.to
	}
	f.part(a)
	g.join(a, n)
}

// gone reports whether nothing more is to be heard of an attempt. One that has ended well is not: its switch follows.
func (m *masterHistory) gone(a *attempt, at time.Time) bool {
	if !a.cut || m.ending[a.sentinel] == a {
		return false
	}
	s := m.history.streams[a.sentinel]
	return m.open[a.sentinel] != a || s.ended || !s.up && at.Sub(s.since) >= silentFor
}

// superseded gives up the failovers of which no leader is heard any more, since another one was elected. One that is heard again
// resumes it.
func (m *masterHistory) superseded(at time.Time) {
	goesOn := func(a *attempt) bool { return !m.gone(a, at) }
	for _, f := range m.failovers {
		a := f.leader
		if a == nil || f.outcome != "" || len(f.reports) > 0 || goesOn(a) || slices.ContainsFunc(f.also, goesOn) {
			continue
		}
		for _, g := range m.failovers {
			if g != f && g.leader != nil && g.leader.elected.After(a.elected) {
				a.end, a.endUnseen, a.reason = at, true, "nothing more was heard of it, and "+text(g.leader.sentinel)+" was elected"
				f.fail(a, at, true)
				break
			}
		}
	}
}

// unite makes one failover of two in which the same replica is promoted in place of the same master at the same time: in one
// epoch, by hand, or in two, as a leader does not notice that another one was elected.
func (m *masterHistory) unite(a *attempt, n *sentinel.StreamUpdate) {
	f := a.failover
	g := m.promotes(a, n)
	switch {
	case g == nil:
	case len(g.reports) > 0 || slices.Index(m.failovers, g) < slices.Index(m.failovers, f):
		m.absorb(g, f, n)
	default:
		m.absorb(f, g, n)
	}
}

// promotes returns another failover in which the replica is promoted that the leader of one has chosen; nil if there is none.
func (m *masterHistory) promotes(a *attempt, n *sentinel.StreamUpdate) *failover {
	f := a.failover
	if f.leader != a || f.outcome != "" || len(f.reports) > 0 || f.kept {
		return nil
	}
	if f.to == "" && (n.Event.Name == sentinel.EventElectedLeader || n.Event.Name == sentinel.EventSelectSlave) {
		return nil // it chooses soon
	}
	for _, g := range slices.Backward(m.failovers) {
		_, reported := g.reported[a.sentinel]
		switch {
		case g == f || g.from != f.from || reported || f.to != "" && f.to != g.to:
		case g.to == "" && (g.leader == nil || !a.epoch.Present || g.leader.epoch != a.epoch): // neither says which one: in one epoch it is the same
		case len(g.reports) == 0 && g.outcome == "" && !g.kept && g.leader != nil && !g.leader.cut,
			len(g.reports) > 0 && (a.partly || a.start.Before(g.firstReport)) && n.Time.Sub(g.firstReport) < lateReport:
			return g
		}
		if g != f && g.to == f.from && g.outcome != OutcomeAborted { // the master has come there since
			return nil
		}
	}
	return nil
}

// absorb makes the attempts of a failover those of another one.
func (m *masterHistory) absorb(f, g *failover, n *sentinel.StreamUpdate) {
	m.failovers = slices.DeleteFunc(m.failovers, func(h *failover) bool { return h == g })
	for _, a := range g.attempts {
		f.join(a, n)
	}
	f.trigger = cmp.Or(f.trigger, g.trigger)
	if f.leader == nil {
		f.leader, f.also = g.leader, g.also
		return
	}
	f.also = append(append(f.also, g.leader), g.also...)
}

// abort takes in that a Sentinel has given up. If another one goes on with the same failover, the attempt is one of its own.
func (m *masterHistory) abort(n *sentinel.StreamUpdate) {
	a := m.opened(n)
	if a == nil {
		return
	}
	delete(m.open, n.Sentinel)
	a.end, a.reason = n.Time, abortReason(n.Event.Name)
	if f := a.failover; f.outcome == "" && (a.after(f.leader) || f.leads(a) && f.ledBesides(a)) {
		m.apart(a, n)
	}
	f := a.failover
	if n.Event.Name == sentinel.EventAbortMasterTimeout {
		f.trigger = TriggerCoordinated
	}
	if f.outcome == "" && !f.ledBesides(a) {
		f.lead(a)
		f.fail(a, n.Time, false)
	}
	f.touch(n.Time)
}

// drop takes in that a Sentinel was made to forget the master.
func (m *masterHistory) drop(n *sentinel.StreamUpdate) {
	if a := m.open[n.Sentinel]; a != nil {
		m.unfinished(a, n.Time, "the Sentinel was told to forget the master ("+n.Event.Name+")")
	}
	delete(m.down, n.Sentinel)
	delete(m.agreed, n.Sentinel)
}

// switched takes in a +switch-master. Each Sentinel reports a switch for itself: the leader at the
// end of the failover, the others when they hear of it. If the same Sentinel reports the same
// address again, there was another switch in between, which may have been missed; except for
// the repeats of a switch that it cannot complete.
func (m *masterHistory) switched(n *sentinel.StreamUpdate) {
	if n.Event.NewAddress == "" {
		return
	}
	f := m.failoverTo(n)
	if f.givenUp() {
		f.resume()
	}
	f.report(n)
	if a := m.open[n.Sentinel]; a != nil { // the Sentinel drops its attempt, as another one has ended the failover
		m.unfinished(a, n.Time, "another Sentinel's failover has ended it")
	}
	if m.history.streams[n.Sentinel].trusted {
		m.hasMasterAt(n.Sentinel, n.Event.NewAddress, n.Time)
	}
}

// failoverTo returns the failover to which a +switch-master belongs.
func (m *masterHistory) failoverTo(n *sentinel.StreamUpdate) *failover {
	told := m.toldBy[n.Sentinel]
	delete(m.toldBy, n.Sentinel)
	from, to := text(n.Event.MasterAddress), text(n.Event.NewAddress)
	last := len(m.failovers) - 1
	for last >= 0 && m.failovers[last].reported[n.Sentinel].IsZero() {
		last--
	}
	if last >= 0 && m.failovers[last].repeats(n) {
		return m.failovers[last]
	}
	if a := m.ending[n.Sentinel]; a != nil && (a.failover.mayEndAt(to) || !a.cut) {
		if !a.failover.mayEndAt(to) { // of which it did not say what it promotes was taken for a part of another one
			m.apart(a, n)
			a.failover.to = ""
		}
		return a.failover
	}
	// A Sentinel reports switches in their order. Where it had the master says of which it has heard, also if we have not heard it.
	later := m.failovers[last+1:]
	if last >= 0 && m.failovers[last].to != from {
		later = later[1+slices.IndexFunc(later, func(f *failover) bool { return len(f.reports) > 0 && f.to == from }):]
	}
	var found *failover
	best := 0
	heard := m.history.streams[n.Sentinel].heard
	for _, f := range slices.Backward(later) {
		if likely := f.mayBeToldOf(n, told); likely > best && !m.afterSwitch(f, heard) {
			found, best = f, likely
		}
	}
	if found == nil {
		found = m.newFailover(n)
		m.move(found, to, heard)
	}
	return found
}

// afterSwitch reports whether a failover, or a switch before it, is of an epoch after another one.
func (m *masterHistory) afterSwitch(f *failover, epoch sentinel.Number) bool {
	for _, g := range m.failovers {
		if (g == f || len(g.reports) > 0) && g.after(epoch) {
			return true
		}
		if g == f {
			break
		}
	}
	return false
}

// move puts a failover of which a switch is the first sign before those that began where the master is then, and of which the
// Sentinel that tells it cannot have heard: it is told late.
func (m *masterHistory) move(f *failover, to string, heard sentinel.Number) {
	i := len(m.failovers) - 1
	for ; i > 0; i-- {
		if g := m.failovers[i-1]; !m.afterSwitch(g, heard) && (g.from != to || len(g.reports) > 0) {
			break
		}
	}
	m.failovers = slices.Insert(m.failovers[:len(m.failovers)-1], i, f)
}

// switchedAt takes in where a Sentinel has the master. After a switch it publishes its replicas anew,
// with that address of their master. By that a switch has happened, and the failover of the
// Sentinel has ended, if it led it.
func (m *masterHistory) switchedAt(address string, e *sentinel.Event, at time.Time) {
	if e.Name == sentinel.EventSwitchMaster || e.MasterAddress == "" {
		return
	}
	m.hasMasterAt(address, e.MasterAddress, at)
}

func (m *masterHistory) hasMasterAt(address, master string, at time.Time) {
	if a := m.ending[address]; a != nil && master != a.from {
		delete(m.ending, address)
		a.end = at
		a.failover.succeed(a, at)
	}
	for _, f := range slices.Backward(m.failovers) {
		if _, reported := f.reported[address]; reported && f.to == text(master) {
			f.happened(address, at)
			return
		}
	}
}

// oldMasterEvent takes in what a Sentinel says of the role of a node. One that is being promoted
// becomes a master as well: then the switch to it follows, and it was no old one.
func (m *masterHistory) oldMasterEvent(n *sentinel.StreamUpdate) {
	e := &n.Event
	switch e.Name {
	case sentinel.EventSwitchMaster:
		delete(m.old, e.NewAddress)
	case sentinel.EventRoleWrong:
		if e.Kind == sentinel.RoleReplica && e.Details == becameMaster && m.old[e.Address] == nil && len(m.old) < maxOldMasters {
			m.old[strings.Clone(e.Address)] = &oldMaster{n.Time, n.Sentinel}
		}
	case sentinel.EventConvertToReplica, sentinel.EventRoleRight:
		old := m.old[e.Address]
		if e.Kind != sentinel.RoleReplica {
			return
		}
		if old != nil {
			delete(m.old, e.Address)
			m.history.changes = append(m.history.changes, Change{Master: m.name, OldMaster: n.Time.Sub(old.since)})
		}
		m.oldMasterStopped(e, old, n.Time)
	}
}

// oldMasterStopped gives the end of an old master to the failover that was away from it.
func (m *masterHistory) oldMasterStopped(e *sentinel.Event, old *oldMaster, at time.Time) {
	for _, f := range slices.Backward(m.failovers) {
		if f.from != text(e.Address) || len(f.reported) == 0 {
			continue
		}
		if f.old == nil && (old != nil || e.Name == sentinel.EventConvertToReplica) {
			f.old = &OldMaster{Stopped: &at}
			if old != nil {
				f.old.WritableSeconds = at.Sub(old.since).Seconds()
			}
			f.touch(at)
		}
		return
	}
}

// settle stores the failovers that have been quiet, and gives up those of which nothing is
// heard any more.
func (m *masterHistory) settle(now time.Time) {
	m.superseded(now)
	for _, f := range m.failovers {
		if f.outcome == "" && now.Sub(f.touched) > lateReport {
			m.giveUp(f)
		}
		if f.changed && f.outcome != "" && now.Sub(f.touched) >= quietAfter {
			f.keep()
		}
	}
}

// abandon takes it that none of the attempts of a failover goes on.
func (m *masterHistory) abandon(f *failover) {
	of := func(_ string, a *attempt) bool { return a.failover == f }
	maps.DeleteFunc(m.open, of)
	maps.DeleteFunc(m.ending, of)
}

// giveUp ends a failover of which nothing has been heard for long.
func (m *masterHistory) giveUp(f *failover) {
	m.abandon(f)
	f.reason = "nothing more was heard of it"
	f.outcome, f.ended, f.endUnseen = OutcomeAborted, time.Time{}, true
}

// leave stores all failovers.
func (m *masterHistory) leave() {
	for _, f := range m.failovers {
		if f.outcome == "" {
			m.giveUp(f)
		}
		if f.changed {
			f.keep()
		}
	}
}
