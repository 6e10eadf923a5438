package history

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// begun notes what the Sentinel thought of the master when its attempt began, and with that why it did.
func (m *masterHistory) begun(a *attempt, n *sentinel.StreamUpdate) {
	if a.trigger != "" { // it was in another failover before
		return
	}
	s := n.Sentinel
	a.down, a.agreed = m.down[s], m.agreed[s]
	a.masterIsReplica = m.replica[s]
	if m.triedSince(a) {
		a.down, a.agreed.at = time.Time{}, time.Time{} // what was detected then led to another attempt
	}
	_, requested := m.requested[s]
	delete(m.requested, s)
	_, down := m.down[s]
	_, agreed := m.agreed[s]
	switch {
	case requested:
		a.trigger = TriggerCommand
	case m.replica[s]:
		a.trigger = TriggerOther
	case down || agreed:
		a.trigger = TriggerDown
	case a.partly:
		a.trigger, a.inferred = TriggerOther, true
	case len(m.down) > 0 && !m.history.streams[s].known:
		a.trigger, a.inferred = TriggerDown, true
	default: // it begins by itself only with the agreement of others
		a.trigger, a.inferred = TriggerCommand, true
	}
}

// flagged takes in what a Sentinel says of the failover that it has in progress: that somebody told it to begin, also
// where it held the master to be down already.
func (a *attempt) flagged(flags sentinel.Flags) {
	trigger := a.trigger
	switch {
	case flags.Has(sentinel.FlagCoordinatedFailover):
		trigger = TriggerCoordinated
	case flags.Has(sentinel.FlagForceFailover):
		trigger = TriggerCommand
	}
	if trigger != a.trigger {
		a.trigger, a.inferred, a.failover.changed = trigger, true, true
	}
}

// triedSince reports whether another failover has begun, and been given up, since the Sentinel held the master to be down.
func (m *masterHistory) triedSince(a *attempt) bool {
	for _, f := range m.failovers {
		if f != a.failover && f.outcome == OutcomeAborted && f.began.After(a.down) {
			return true
		}
	}
	return false
}

// agreementOf reads "#quorum 2/2".
func agreementOf(e *sentinel.Event, at time.Time) agreement {
	votes, quorum, _ := strings.Cut(strings.TrimPrefix(e.Details, "#quorum "), "/")
	a := agreement{at: at}
	var err error
	if a.votes, err = strconv.ParseInt(votes, 10, 64); err != nil {
		return agreement{at: at}
	}
	if a.quorum, err = strconv.ParseInt(quorum, 10, 64); err != nil {
		return agreement{at: at}
	}
	return a
}

// abortReason says in words what an event says that ends an attempt.
func abortReason(event string) string {
	words := "it was given up"
	switch event {
	case sentinel.EventAbortNotElected:
		words = "no majority of the Sentinels voted for it in time"
	case sentinel.EventAbortNoGoodSlave:
		words = "there was no replica that could be promoted"
	case sentinel.EventAbortSlaveTimeout:
		words = "the chosen replica did not become the master within failover-timeout"
	case sentinel.EventAbortMasterTimeout:
		words = "the master did not hand over to the replica in time"
	}
	return fmt.Sprintf("%s (%s)", words, event)
}
