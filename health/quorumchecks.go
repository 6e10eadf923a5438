package health

import (
	"fmt"
	"slices"

	"redis_sentinel_exporter/sentinel"
)

func quorumUnreachable(m *master) outcome {
	return m.ckquorum(func(q *sentinel.CKQuorum) bool { return q.QuorumReachable }, func(v view) string {
		return fmt.Sprintf("Sentinel %s sees %d usable Sentinels, and the quorum is %d: it can start no failover",
			v.snapshot.Sentinel, v.CKQuorum.Usable, v.Quorum.Value)
	})
}

func majorityUnreachable(m *master) outcome {
	return m.ckquorum(func(q *sentinel.CKQuorum) bool { return q.MajorityReachable }, func(v view) string {
		return fmt.Sprintf("Sentinel %s sees %d usable Sentinels of the %d that it knows, and the majority is %d: it cannot be elected to fail over",
			v.snapshot.Sentinel, v.CKQuorum.Usable, v.Voters().Value, v.Majority().Value)
	})
}

// ckquorum judges one half of CKQUORUM. That a Sentinel sees too few of the
// others right after its start or a RESET means nothing yet; and it is no
// disaster while others see enough of them.
func (m *master) ckquorum(reachable func(*sentinel.CKQuorum) bool, message func(view) string) outcome {
	o := cannotTell("no Sentinel answered CKQUORUM")
	severity := Critical
	for _, v := range m.views {
		switch {
		case v.CKQuorum == nil:
		case reachable(v.CKQuorum):
			o.unknown, severity = "", Warning
		case o.unknown != "":
			o.unknown = "the Sentinels have just begun to look for each other"
		}
	}
	for _, v := range m.settled() {
		if v.CKQuorum != nil && !reachable(v.CKQuorum) {
			o.add(Finding{
				Severity: severity, Sentinel: v.snapshot.Sentinel, Message: message(v),
				Commands: []string{onSentinel(v.snapshot, "SENTINEL", "CKQUORUM", m.name), onSentinel(v.snapshot, "SENTINEL", "SENTINELS", m.name)},
			}, v)
		}
	}
	return o
}

// margin is how many more Sentinels may be lost, as the one sees it that sees
// most of them: a failover needs one leader only.
func (m *master) margin() sentinel.Number {
	var best sentinel.Number
	for _, v := range m.views {
		if n := v.Margin(); n.Present && (!best.Present || n.Value > best.Value) {
			best = n
		}
	}
	return best
}

func quorumFragile(m *master) outcome {
	best := m.margin()
	if !best.Present {
		return cannotTell("no Sentinel answered CKQUORUM")
	}
	var o outcome
	if best.Value != 0 {
		return o
	}
	for _, v := range m.settled() {
		if n := v.Margin(); n.Present && n.Value == 0 {
			o.add(Finding{
				Severity: Warning,
				Message: fmt.Sprintf("%d of %d Sentinels are usable and %d are needed (quorum %d, majority %d): one more lost and no failover can happen, says %s",
					v.CKQuorum.Usable, v.Voters().Value, max(v.Quorum.Value, v.Majority().Value), v.Quorum.Value, v.Majority().Value, v.snapshot.Sentinel),
				Commands: []string{onSentinel(v.snapshot, "SENTINEL", "SENTINELS", m.name)},
			}, v)
			return o // all that have the best margin say the same
		}
	}
	return o
}

// quorumMisconfigured counts the Sentinels without ghosts, of which another
// check tells. Sentinels of one opinion make one finding.
func quorumMisconfigured(m *master) outcome {
	var o outcome
	var said []string
	for _, v := range m.settled() {
		if !v.Quorum.Present || !v.NumOtherSentinels.Present {
			continue
		}
		text := misconfigured(v.Quorum.Value, v.Voters().Value-int64(len(m.ghostPeers(v))))
		if text == "" || slices.Contains(said, text) {
			continue
		}
		said = append(said, text)
		o.add(Finding{
			Severity: Warning, Message: text + ", says " + v.snapshot.Sentinel,
			Commands: []string{onSentinel(v.snapshot, "SENTINEL", "SET", m.name, "quorum", fmt.Sprint(v.Majority().Value))},
		}, v)
	}
	return o
}

// misconfigured says what is wrong with a quorum, empty when nothing is.
func misconfigured(quorum, voters int64) string {
	majority := voters/2 + 1
	switch {
	case voters < 3:
		return fmt.Sprintf("there are only %d Sentinels: with fewer than 3 none may be lost", voters)
	case quorum > voters:
		return fmt.Sprintf("the quorum is %d, but there are only %d Sentinels: the master can never be objectively down", quorum, voters)
	case quorum == 1:
		return fmt.Sprintf("the quorum is 1: a single Sentinel of %d that sees wrong starts a failover", voters)
	case quorum < majority:
		return fmt.Sprintf("the quorum is %d, below the majority of %d Sentinels, which is %d", quorum, voters, majority)
	case voters%2 == 0:
		return fmt.Sprintf("there are %d Sentinels, an even number: one of them adds nothing, since no more may be lost than with %d", voters, voters-1)
	}
	return ""
}
