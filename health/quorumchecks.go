package health

import (
	"cmp"
	"fmt"
	"slices"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

func quorumUnreachable(m *masterModel) outcome {
	return m.ckquorum(func(q *sentinel.CKQuorum) bool { return q.QuorumReachable }, func(v deployment.View) string {
		return fmt.Sprintf("Sentinel %s sees %s, and the quorum is %d: it cannot start a failover",
			v.Snapshot.Sentinel, count(int(v.CKQuorum.Usable), "usable Sentinel"), v.Quorum.Value)
	})
}

func majorityUnreachable(m *masterModel) outcome {
	return m.ckquorum(func(q *sentinel.CKQuorum) bool { return q.MajorityReachable }, func(v deployment.View) string {
		return fmt.Sprintf("Sentinel %s sees %s of the %d that it knows, and the majority is %d: it cannot be elected to fail over",
			v.Snapshot.Sentinel, count(int(v.CKQuorum.Usable), "usable Sentinel"), v.Voters().Value, v.Majority().Value)
	})
}

// ckquorum judges one half of CKQUORUM: whether the quorum or the majority is reachable. A
// Sentinel that sees too few others is only a warning while another sees enough, and is
// ignored right after its start or a RESET. A Sentinel that has just started does not count
// as seeing enough: until down-after has passed it regards all that it knows as usable.
func (m *masterModel) ckquorum(reachable func(*sentinel.CKQuorum) bool, message func(deployment.View) string) outcome {
	o := m.askedQuorum()
	severity := Critical
	for _, v := range m.unfrozen() {
		switch {
		case v.CKQuorum == nil:
		case reachable(v.CKQuorum):
			o.unknown = ""
			if !recentlyStarted(v) {
				severity = Warning
			}
		case o.unknown != "":
			o.unknown = "the Sentinels have just begun to look for each other; if that stays so, something RESETs them again and again"
		}
	}
	for _, v := range m.unfrozen() {
		if v.CKQuorum != nil && !recentlyReset(v) && !reachable(v.CKQuorum) {
			f := Finding{
				Severity: severity, Sentinel: v.Snapshot.Sentinel, Message: message(v),
				Look: []string{onSentinel(v.Snapshot, "SENTINEL", "CKQUORUM", m.Name), onSentinel(v.Snapshot, "SENTINEL", "SENTINELS", m.Name)},
			}
			if unknown := m.unknownTo(v); len(unknown) > 0 {
				f.Hint = fmt.Sprintf("It does not know %s, which answer: see peers_unknown. Neither lower the quorum nor RESET.", few(addresses(unknown)))
			}
			o.add(f, v)
		}
	}
	return o
}

// askedQuorum is the outcome of a check on CKQUORUM if no answer is usable: the answer of a
// Sentinel in TILT is made from frozen flags.
func (m *masterModel) askedQuorum() outcome {
	if slices.ContainsFunc(m.Views, func(v deployment.View) bool { return v.CKQuorum != nil && inTilt(v) }) {
		return cannotTell("every Sentinel that answered CKQUORUM is in TILT")
	}
	return cannotTell("no Sentinel answered CKQUORUM")
}

// nonVoters counts the Sentinels that v regards as usable, because they answer PING, but
// that do not monitor the master: they neither agree nor vote. Those that are mute are known to the margin.
func (m *masterModel) nonVoters(v deployment.View) int64 {
	var n int64
	for i := range v.Peers {
		p := &v.Peers[i]
		if !p.Flags.Has(sentinel.FlagSDown) && !p.Mute() && slices.ContainsFunc(m.missingAt, func(s *sentinel.Snapshot) bool { return isPeer(s, p) }) {
			n++
		}
	}
	return n
}

// left returns v's margin without the non-voters.
func (m *masterModel) left(v deployment.View) sentinel.Number {
	n := v.Margin()
	n.Value -= m.nonVoters(v)
	return n
}

// margin returns how many more Sentinels can be lost, according to the Sentinel that sees
// most of them: a failover needs only one leader. Sentinels that have just started still
// count dead ones, so their margin is used only if there is no other.
func (m *masterModel) margin() sentinel.Number {
	var best, early sentinel.Number
	for _, v := range m.unfrozen() {
		most := &best
		if recentlyStarted(v) {
			most = &early
		}
		if n := m.left(v); n.Present && (!most.Present || n.Value > most.Value) {
			*most = n
		}
	}
	if !best.Present {
		return early
	}
	return best
}

func quorumFragile(m *masterModel) outcome {
	best := m.margin()
	if !best.Present {
		return m.askedQuorum()
	}
	var o outcome
	if best.Value != 0 {
		return o
	}
	for _, v := range m.unfrozen() {
		if n := m.left(v); !recentlyReset(v) && n.Present && n.Value == 0 {
			needed := max(v.Quorum.Value, v.Majority().Value) // and as many are usable: the margin is 0
			o.add(Finding{
				Severity: Warning,
				Message: fmt.Sprintf("%d of %s %s usable and %d %s needed (quorum %d, majority %d): if one more is lost, no failover can happen, according to %s",
					needed, count(int(v.Voters().Value), "Sentinel"), are(int(needed)), needed, are(int(needed)), v.Quorum.Value, v.Majority().Value, v.Snapshot.Sentinel),
				Look: []string{onSentinel(v.Snapshot, "SENTINEL", "SENTINELS", m.Name)},
			}, v)
			return o // all that have the best margin say the same
		}
	}
	return o
}

// sentinels counts the Sentinels of the master: those that v knows without the ghosts, or
// those that answered, if these are more. Two with one id count once, as they do for each
// other. Ghosts, unknown peers and duplicate ids have checks of their own.
func (m *masterModel) sentinels(v deployment.View) int64 {
	answered := make(map[string]bool)
	for _, w := range m.Views {
		answered[cmp.Or(w.Snapshot.ID, w.Snapshot.Sentinel)] = true
	}
	return max(v.Voters().Value-int64(len(m.ghostPeers(v))), int64(len(answered)))
}

// quorumMisconfigured makes one finding for all Sentinels with the same mistake.
func quorumMisconfigured(m *masterModel) outcome {
	var o outcome
	at := make(map[string]int) // index in o.found by text
	for _, v := range m.settled() {
		if !v.Quorum.Present || !v.NumOtherSentinels.Present {
			continue
		}
		voters := m.sentinels(v)
		text := misconfigured(v.Quorum.Value, voters)
		if text == "" {
			continue
		}
		k, said := at[text]
		if !said {
			k = len(o.found)
			at[text] = k
			o.add(Finding{
				Severity: Warning, Message: text + ", according to " + v.Snapshot.Sentinel,
				Look:     []string{onSentinel(v.Snapshot, "SENTINEL", "SENTINELS", m.Name)},
				Commands: m.correctQuorum(v.Quorum.Value, voters),
			})
		}
		o.found[k].witnesses = append(o.found[k].witnesses, v)
	}
	return o
}

// correctQuorum returns the commands for all Sentinels that have the wrong quorum, including
// those that have just started. If the number of Sentinels is wrong, no quorum is right.
func (m *masterModel) correctQuorum(wrong, voters int64) []string {
	right := voters/2 + 1
	if misconfigured(right, voters) != "" {
		return nil
	}
	who := deployment.Where(m.Views, func(v deployment.View) bool { return v.Quorum.Value == wrong })
	return onEach(who, "SENTINEL", "SET", m.Name, "quorum", fmt.Sprint(right))
}

// misconfigured says what is wrong with a quorum; "" if nothing is.
func misconfigured(quorum, voters int64) string {
	majority := voters/2 + 1
	switch {
	case voters < 3:
		return fmt.Sprintf("there %s: with fewer than 3 none can be lost", areOnly(int(voters)))
	case quorum > voters:
		return fmt.Sprintf("the quorum is %d, but there %s: the master can never be considered objectively down", quorum, areOnly(int(voters)))
	case quorum == 1:
		return fmt.Sprintf("the quorum is 1: a single Sentinel of %d that is mistaken can start a failover", voters)
	case quorum < majority:
		return fmt.Sprintf("the quorum is %d, below the majority of %d Sentinels, which is %d", quorum, voters, majority)
	case voters%2 == 0:
		return fmt.Sprintf("there are %d Sentinels, an even number: one of them adds nothing, since no more can be lost than with %d", voters, voters-1)
	}
	return ""
}
