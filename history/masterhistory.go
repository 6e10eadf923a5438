package history

import (
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
)

// A masterHistory is what goes on about one master.
type masterHistory struct {
	history   *History
	name      string
	by        string                // the Sentinel that has named it
	heard     time.Time             // of the last event
	down      map[string]time.Time  // since when, by the Sentinels that consider it down
	agreed    map[string]agreement  // by Sentinel
	replica   map[string]bool       // by the Sentinels to which it has reported that it is a replica
	open      map[string]*attempt   // by Sentinel
	ending    map[string]*attempt   // those that have ended, and the Sentinel has not switched yet
	doubtful  map[string]*attempt   // by Sentinel: given up because another one was elected, and it may go on
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
// on. Several Sentinels may try at the same time; at most one is elected in an epoch.
type attempt struct {
	sentinel   string
	epoch      sentinel.Number
	failover   *failover
	start, end time.Time
	elected    time.Time            // zero if it was not
	steps      map[string]time.Time // those that only a leader takes, by event
	partly     bool                 // its start was not seen, or its stream had a gap since
	cut        bool                 // its stream had one
	master     string               // where the Sentinel had the master when it began
	from       string               // and when it ended
	reason     string               // why it ended, of an abort

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
		down: make(map[string]time.Time), agreed: make(map[string]agreement), replica: make(map[string]bool),
		open: make(map[string]*attempt), ending: make(map[string]*attempt), doubtful: make(map[string]*attempt), toldBy: make(map[string]string),
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

// running returns the newest failover that has not ended; nil if there is none.
func (m *masterHistory) running() *failover {
	if n := len(m.failovers); n > 0 && m.failovers[n-1].outcome == "" {
		return m.failovers[n-1]
	}
	return nil
}

// newFailover begins a failover.
func (m *masterHistory) newFailover(n *sentinel.StreamUpdate) *failover {
	f := newFailover(m, n)
	m.failovers = append(m.failovers, f)
	if len(m.failovers) > keptFailovers {
		m.failovers[0].keep()
		m.failovers = slices.Delete(m.failovers, 0, 1)
	}
	return f
}

// try begins an attempt. It joins the failover that is under way: if it turns out to be elected in
// another epoch, it becomes one of its own.
func (m *masterHistory) try(n *sentinel.StreamUpdate, epoch sentinel.Number) {
	if a := m.open[n.Sentinel]; a != nil {
		a.partly = true
		m.unfinished(a, n.Time, "its end was not seen: the same Sentinel has tried again")
	}
	delete(m.ending, n.Sentinel)
	delete(m.doubtful, n.Sentinel)
	a := newAttempt(n, epoch)
	f := m.running()
	if f == nil || len(f.attempts) >= maxListed {
		f = m.newFailover(n)
	}
	f.join(a, n)
	m.open[n.Sentinel] = a
	m.history.ask()
}

// opened returns the attempt of a Sentinel to which a step belongs; nil if there is none. Its end was not seen if the Sentinel
// has the master elsewhere by now: then the step is of a later one.
func (m *masterHistory) opened(n *sentinel.StreamUpdate) *attempt {
	a := m.open[n.Sentinel]
	if a != nil && a.cut && a.master != text(n.Event.MasterAddress) {
		m.unfinished(a, n.Time, "its end was not seen")
		return nil
	}
	return a
}

// unfinished ends an attempt without an event of its own. Its failover has failed, unless another
// attempt goes on.
func (m *masterHistory) unfinished(a *attempt, at time.Time, reason string) {
	delete(m.open, a.sentinel)
	delete(m.ending, a.sentinel)
	a.end, a.reason, a.partly = at, reason, true
	f := a.failover
	if f.outcome == "" && len(f.reports) == 0 && !f.goesOn() {
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
		a = m.goesOn(n)
	}
	if a == nil {
		a = newAttempt(n, sentinel.Number{})
		a.partly = true // its start was not seen
		f := m.running()
		if f == nil || f.leader != nil {
			f = m.toldBefore(n)
		}
		if f == nil {
			f = m.newFailover(n)
		}
		f.join(a, n)
		f.startUnseen = true
		m.open[n.Sentinel] = a
	}
	if a.elected.IsZero() {
		m.elected(a, n)
	}
	a.failover.step(a, n)
	if n.Event.Name == sentinel.EventFailoverEnd {
		delete(m.open, n.Sentinel)
		a.from = n.Event.MasterAddress
		m.ending[n.Sentinel] = a
	}
}

// toldBefore returns the failover of which others have told the end, and nobody who led it, if a step of a Sentinel is one of the
// last of it; nil if there is none.
func (m *masterHistory) toldBefore(n *sentinel.StreamUpdate) *failover {
	last := len(m.failovers) - 1
	if last < 0 {
		return nil
	}
	f := m.failovers[last]
	if _, reported := f.reported[n.Sentinel]; reported || len(f.reports) == 0 || len(f.attempts) > 0 || f.from != text(n.Event.MasterAddress) || n.Time.Sub(f.firstReport) >= lateReport {
		return nil
	}
	return f
}

// goesOn returns the attempt of a Sentinel that was given up and goes on after all, as its own steps show; nil if there is
// none: of two that were elected in two epochs both can go on.
func (m *masterHistory) goesOn(n *sentinel.StreamUpdate) *attempt {
	a := m.doubtful[n.Sentinel]
	if a == nil || a.failover.failed != a || len(a.failover.reports) > 0 || slices.Index(m.failovers, a.failover) < 0 {
		return nil
	}
	delete(m.doubtful, n.Sentinel)
	m.open[n.Sentinel] = a
	a.end, a.reason = time.Time{}, ""
	a.failover.resume()
	return a
}

// over reports whether a step belongs to a failover of that Sentinel which has ended.
func (m *masterHistory) over(n *sentinel.StreamUpdate) bool {
	if m.ending[n.Sentinel] != nil {
		return true
	}
	last := len(m.failovers) - 1
	return n.Event.Name == sentinel.EventFailoverEnd && last >= 0 && m.failovers[last].ledBy(n.Sentinel)
}

// elected takes in that an attempt has been elected. An epoch has one leader, so that another
// one, in another epoch, leads another failover.
func (m *masterHistory) elected(a *attempt, n *sentinel.StreamUpdate) {
	a.elected = n.Time
	f := a.failover
	other := f.leader
	switch {
	case other == nil && (f.outcome == "" || f.startUnseen && len(f.attempts) == 1 && f.outcome == OutcomeSwitched):
	case other != nil && f.outcome == "" && a.epoch.Present && a.epoch == other.epoch: // the same, at another address, or two by hand
		f.also = append(f.also, a)
		return
	default:
		f.part(a)
		if g := m.ledIn(a.epoch); g != nil { // both began while an earlier one had not ended
			g.join(a, n)
			g.also = append(g.also, a)
			return
		}
		f = m.newFailover(n)
		f.join(a, n)
	}
	f.leader = a
	for _, g := range m.failovers {
		other := g.leader
		if g == f || other == nil || g.outcome != "" || len(g.reports) > 0 || a.epoch.Present && a.epoch == other.epoch {
			continue
		}
		if m.open[other.sentinel] == other {
			delete(m.open, other.sentinel)
			m.doubtful[other.sentinel] = other
		}
		other.end, other.reason = n.Time, "nothing more was heard of it before "+text(n.Sentinel)+" was elected"
		g.fail(other, n.Time, true)
	}
}

// ledIn returns the failover that goes on and is led in an epoch; nil if there is none.
func (m *masterHistory) ledIn(epoch sentinel.Number) *failover {
	if f := m.running(); epoch.Present && f != nil && f.leader != nil && f.leader.epoch == epoch {
		return f
	}
	return nil
}

// abort takes in that a Sentinel has given up.
func (m *masterHistory) abort(n *sentinel.StreamUpdate) {
	a := m.opened(n)
	if a == nil {
		return
	}
	delete(m.open, n.Sentinel)
	a.end, a.reason = n.Time, abortReason(n.Event.Name)
	f := a.failover
	if f.outcome == "" && a.after(f.leader) {
		f.part(a)
		f = m.newFailover(n)
		f.join(a, n)
	}
	if n.Event.Name == sentinel.EventAbortMasterTimeout {
		f.trigger = TriggerCoordinated
	}
	if f.outcome == "" && (f.leader == a || f.leader == nil) {
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
	f.report(n)
	if a := m.open[n.Sentinel]; a != nil { // the Sentinel drops its attempt, as another one has ended the failover
		delete(m.open, n.Sentinel)
		a.end, a.reason, a.partly = n.Time, "another Sentinel's failover has ended it", true
		if g := a.failover; g != f && g.outcome == "" && !g.goesOn() {
			g.fail(a, n.Time, true)
		}
	}
	if m.history.streams[n.Sentinel].trusted {
		m.hasMasterAt(n.Sentinel, n.Event.NewAddress, n.Time)
	}
}

// failoverTo returns the failover to which a +switch-master belongs.
func (m *masterHistory) failoverTo(n *sentinel.StreamUpdate) *failover {
	if last := len(m.failovers) - 1; last >= 0 && m.failovers[last].repeats(n) {
		return m.failovers[last]
	}
	if a := m.ending[n.Sentinel]; a != nil && a.failover.mayEndAt(n.Event.NewAddress) {
		return a.failover
	}
	// A Sentinel reports switches in their order.
	last := len(m.failovers) - 1
	for last >= 0 && m.failovers[last].reported[n.Sentinel].IsZero() {
		last--
	}
	later := m.failovers[last+1:]
	if told := m.toldBy[n.Sentinel]; told != "" {
		delete(m.toldBy, n.Sentinel)
		for _, f := range slices.Backward(later) {
			if f.ledBy(told) && f.to == text(n.Event.NewAddress) && f.outcome != OutcomeAborted && n.Time.Sub(f.began) < lateReport {
				return f
			}
		}
	}
	for _, f := range slices.Backward(later) {
		switch {
		case len(f.reported) > 0 && f.to == n.Event.NewAddress && n.Time.Sub(f.firstReport) < lateReport,
			len(f.reported) == 0 && f.outcome == "" && f.mayEndAt(n.Event.NewAddress):
			return f
		}
	}
	f := m.newFailover(n)
	f.startUnseen = true
	return f
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
	for _, f := range m.failovers {
		if f.outcome == "" && now.Sub(f.touched) > lateReport {
			m.giveUp(f)
		}
		if f.changed && f.outcome != "" && now.Sub(f.touched) >= quietAfter {
			f.keep()
		}
	}
}

// giveUp ends a failover of which nothing has been heard for long.
func (m *masterHistory) giveUp(f *failover) {
	for address, a := range m.open {
		if a.failover == f {
			delete(m.open, address)
		}
	}
	for address, a := range m.ending {
		if a.failover == f {
			delete(m.ending, address)
		}
	}
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
