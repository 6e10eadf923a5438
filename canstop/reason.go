package canstop

import (
	"fmt"
	"strconv"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// holds is what some machines do with the parts of a master.
func holds(machines int, parts []string) string {
	verb := " holds "
	if machines > 1 {
		verb = " hold "
	}
	if len(parts) == 0 {
		return verb + "nothing of it"
	}
	return verb + strings.Join(parts, " and ")
}

// held lists what of the master is on the machines that are surely lost.
func (m *masterParts) held(gone *loss) []string {
	g := best(gone)
	var parts []string
	if g.gone(&m.node) {
		parts = append(parts, "the master "+sentinel.ValidUTF8(m.name))
	}
	if n := countGone(m.replicas, g); n > 0 {
		parts = append(parts, ofAll(n, len(m.replicas), "replica"))
	}
	if n := countGone(m.sentinels, g); n > 0 {
		parts = append(parts, ofAll(n, len(m.sentinels), "Sentinel"))
	}
	return parts
}

func countGone(nodes []placedNode, g guess) int {
	n := 0
	for i := range nodes {
		if g.gone(&nodes[i]) {
			n++
		}
	}
	return n
}

// ofAll is "1 of 3 Sentinels".
func ofAll(n, all int, what string) string {
	if all == 1 {
		return "the only " + what
	}
	return strconv.Itoa(n) + " of " + strconv.Itoa(all) + " " + what + "s"
}

// reason says why the future is as it is.
func (m *masterParts) reason(f *future, g guess) string {
	remain := " remain and "
	if f.remain == 1 {
		remain = " remains and "
	}
	votes := strconv.Itoa(f.remain) + remain + strconv.Itoa(f.needed) + " are needed"
	switch {
	case f.needed == 0:
		votes = "no Sentinel remains that answered"
	case !f.leads && f.remain >= f.needed && f.agree < f.quorum:
		votes = fmt.Sprintf("%d of those that remain would agree that it is down, and the quorum is %d", f.agree, f.quorum)
	case !f.leads && f.remain >= f.needed:
		votes = "of the Sentinels that remain none could lead: each is in TILT, or names another master"
	}
	switch {
	case f.verdict == Yes && f.lost:
		return oneOf(m.becomes(f, g)) + " would become the master, and a failover would still be possible"
	case f.verdict == Yes:
		return "a failover would still be possible: " + votes
	case f.verdict == Degraded && f.lost:
		return fmt.Sprintf("%s would become the master, and nothing more may fail: no other replica could be promoted", oneOf(m.becomes(f, g)))
	case !f.lost && !f.named:
		return "no Sentinel would be left to tell clients where the master is"
	case !f.leads && f.lost:
		return votes
	case !f.leads:
		return "it would be served, and nothing would replace it: " + votes
	}
	what := m.withoutHeir(f, g)
	if f.lost {
		return votes + ", but " + what
	}
	return "it would be served, and nothing could replace it: " + what
}

// withoutHeir says why no replica could be promoted.
func (m *masterParts) withoutHeir(f *future, g guess) string {
	if f.empty {
		return "the replica that would be promoted has none of the data"
	}
	why := make(map[string]string)
	for i := range m.candidates {
		for k := range m.candidates[i].others {
			if r := &m.candidates[i].others[k]; !g.gone(&r.placedNode) {
				why[r.addr] = r.reason
			}
		}
	}
	switch len(why) {
	case 0:
		return "no replica is on another host"
	case 1:
		for addr, reason := range why {
			return fmt.Sprintf("the only other replica, %s, cannot be promoted: %s", addr, reason)
		}
	}
	return fmt.Sprintf("none of the %d other replicas can be promoted", len(why))
}

// oneOf names a node, or those of which it is one.
func oneOf(nodes []placedNode) string {
	if len(nodes) == 0 {
		return "a replica that is not listed"
	}
	addrs := make([]string, len(nodes))
	for i, n := range nodes {
		addrs[i] = n.addr
	}
	return strings.Join(addrs, " or ")
}

// unknownReason names the missing fact.
func (l *Layout) unknownReason(m *masterParts, gone *loss) string {
	if l.unmapped(m, gone) != "" {
		return fmt.Sprintf("whether %s is on it too is not known and would change the answer: say so with --host-map", l.unmapped(m, gone))
	}
	for i := range m.candidates {
		for _, p := range m.candidates[i].voters {
			if p.votes == perhaps {
				return fmt.Sprintf("what the Sentinel at %s would do is not known and would change the answer: it did not answer; --sentinel.discover-peers also asks Sentinels that were not given", p.addr)
			}
		}
	}
	return "the Sentinels do not list every replica (replica-announced no), and where the others are would change the answer"
}

// unmapped is an address that may be on a machine that is lost.
func (l *Layout) unmapped(m *masterParts, gone *loss) string {
	for _, nodes := range [][]placedNode{{m.node}, m.replicas, m.sentinels} {
		for i := range nodes {
			if gone.is(&nodes[i]) == perhaps {
				return nodes[i].addr
			}
		}
	}
	return ""
}
