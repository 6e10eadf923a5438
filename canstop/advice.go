package canstop

import (
	"fmt"
	"slices"

	"redis_sentinel_exporter/internal/printable"
)

// first lists what to do before the machines stop.
func (m *masterParts) first(f future, g guess) []string {
	var first []string
	if f.lost {
		if to := m.heirsElsewhere(g); len(to) > 0 {
			first = append(first, fmt.Sprintf("fail over to %s: %s", oneOf(to), failoverCommand(m.name)))
		}
	}
	if f.verdict == Yes {
		return first
	}
	if !f.leads {
		for _, s := range m.silentSentinels(g) {
			first = append(first, "start the Sentinel at "+s.addr)
		}
	}
	for i := range m.candidates {
		for _, r := range m.candidates[i].others {
			if step := fmt.Sprintf("let %s be promoted: %s", r.addr, r.reason); !g.gone(r.placedNode) && !slices.Contains(first, step) {
				first = append(first, step)
			}
		}
	}
	switch {
	case len(first) > 0:
	case !f.leads:
		first = append(first, "start a Sentinel on another host")
	default:
		first = append(first, "add a replica on another host")
	}
	return first
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
		nodes, empty := firstChoices(v.heirs)
		if empty || slices.ContainsFunc(nodes, g.gone) {
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
		heard := g.gone(s)
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

func failoverCommand(name string) string {
	return "redis_sentinel_exporter failover " + printable.Quote(name)
}
