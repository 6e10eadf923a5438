package canstop

import (
	"fmt"
	"slices"
	"strings"

	"redis_sentinel_exporter/internal/printable"
)

// first lists what to do before the machines stop.
func (m *masterParts) first(f *future, g guess) []string {
	var first []string
	if f.lost {
		if to := m.heirsElsewhere(g); len(to) > 0 {
			first = append(first, "fail over to "+oneOf(to)+": "+failoverCommand(m.name))
		}
	}
	if f.verdict == Yes {
		return first
	}
	return append(first, m.remedies(f, g)...)
}

// remedies lists all that would have to change for the loss not to be one too many.
func (m *masterParts) remedies(f *future, g guess) []string {
	var all []string
	if !f.leads {
		all = m.moreVotes(f, g)
	}
	replicas := false // there are some elsewhere
	for i := range m.candidates {
		v := &m.candidates[i]
		replicas = replicas || slices.ContainsFunc(v.heirs, func(h heir) bool { return !g.gone(&h.placedNode) && !h.empty })
		for k := range v.others {
			r := &v.others[k]
			if g.gone(&r.placedNode) {
				continue
			}
			replicas = true
			if step := fmt.Sprintf("let %s be promoted: %s", r.addr, r.reason); f.heirs == 0 && !slices.Contains(all, step) {
				all = append(all, step)
			}
		}
	}
	if !replicas || len(all) == 0 {
		all = append(all, "add a replica on another host")
	}
	return all
}

// moreVotes lists what lets a Sentinel lead that is left.
func (m *masterParts) moreVotes(f *future, g guess) []string {
	var all []string
	for _, s := range m.silentSentinels(g) {
		all = append(all, "start the Sentinel at "+s.addr)
	}
	for i := range m.candidates {
		if v := &m.candidates[i]; v.tilt && !g.gone(&v.sentinel) {
			all = append(all, "wait until the Sentinel at "+v.sentinel.addr+" has left TILT, 30 s after the last stall")
		}
	}
	if len(all) > 0 {
		return all
	}
	majority := len(m.sentinels)/2 + 1
	needed, quorum := max(f.needed, majority), f.quorum
	if f.needed == 0 { // none is left
		quorum = majority
	}
	switch missing, lost := max(needed-f.remain, quorum-f.agree), countGone(m.sentinels, g); {
	case quorum > majority && f.remain >= majority && f.agree >= majority:
		return []string{fmt.Sprintf("set the quorum to %d, the majority, on every Sentinel", majority)}
	case missing <= 0 || missing > lost:
		return []string{"start a Sentinel on another host"}
	case missing == 1:
		return []string{"move one of its Sentinels to another host"} // another one would raise the majority
	default:
		return []string{fmt.Sprintf("move %d of its Sentinels to other hosts", missing)}
	}
}

// heirsElsewhere are the nodes from which a failover by hand would choose now; none if one of
// them is on the machines that are to stop. Such a failover needs no agreement of the
// Sentinels.
func (m *masterParts) heirsElsewhere(g guess) []placedNode {
	for i := range m.candidates {
		v := &m.candidates[i]
		if v.tilt || !v.agrees {
			continue
		}
		if len(v.heirs) == 0 {
			return nil
		}
		nodes := v.firstChoices(func(*placedNode) bool { return false })
		if v.heirs[0].empty || slices.ContainsFunc(nodes, func(n placedNode) bool { return g.gone(&n) }) {
			return nil
		}
		return nodes
	}
	return nil
}

// silentSentinels are those that no Sentinel which is left hears.
func (m *masterParts) silentSentinels(g guess) []placedNode {
	var silent []placedNode
	for _, s := range m.sentinels {
		heard := g.gone(&s)
		for i := range m.candidates {
			v := &m.candidates[i]
			heard = heard || v.sentinel.addr == s.addr || slices.ContainsFunc(v.voters, func(p voter) bool { return p.addr == s.addr && p.answers })
		}
		if !heard {
			silent = append(silent, s)
		}
	}
	return silent
}

// failoverCommand is the command line for a failover of a master. A name that looks like a flag
// comes after "--".
func failoverCommand(name string) string {
	command := "redis_sentinel_exporter failover "
	if strings.HasPrefix(name, "-") {
		command += "-- "
	}
	return command + printable.Quote(name)
}
