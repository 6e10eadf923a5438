package canstop

import (
	"fmt"
	"slices"
	"strings"
)

// An Overview answers for all machines that the Sentinels know.
type Overview struct {
	// Hosts is each machine alone, with the masters that it holds something of; the worst come first.
	Hosts []Answer `json:"hosts"`
	// Pairs are the machines that may not stop together, though each may alone.
	Pairs []Answer `json:"pairs"`
	// Drain is an order in which each can be restarted, one after the other.
	Drain []DrainStep `json:"drain"`
}

// Verdict is the worst of the machines alone.
func (o *Overview) Verdict() Verdict {
	verdict := Yes
	for i := range o.Hosts {
		verdict = worse(verdict, o.Hosts[i].Verdict)
	}
	return verdict
}

// What is answered at once is bounded, whatever the Sentinels name.
const (
	mostHosts     = 5000
	mostHostsPair = 50 // of one master, for its pairs to be tried
)

// Overview fails when no Sentinel has answered, and where they name too many hosts.
func (l *Layout) Overview() (Overview, error) {
	if l.err != nil {
		return Overview{}, l.err
	}
	o := Overview{Hosts: []Answer{}, Pairs: []Answer{}}
	verdicts := make(map[hostID]Verdict)
	known := l.known()
	if len(known) > mostHosts {
		return Overview{}, fmt.Errorf("the Sentinels name %d hosts, more than %d: ask for single ones", len(known), mostHosts)
	}
	for _, id := range known {
		gone := l.lossOf(id)
		a := l.ask([]string{l.machines[id].name()}, &gone, l.touchedBy(&gone))
		verdicts[id] = a.Verdict
		o.Hosts = append(o.Hosts, a)
	}
	slices.SortStableFunc(o.Hosts, func(a, b Answer) int {
		switch {
		case a.Verdict == b.Verdict:
			return 0
		case worse(a.Verdict, b.Verdict) == a.Verdict:
			return -1
		}
		return 1
	})
	for _, p := range l.pairs(verdicts) {
		gone := l.lossOf(p[0], p[1])
		a := l.ask([]string{l.machines[p[0]].name(), l.machines[p[1]].name()}, &gone, l.touchedBy(&gone))
		a.Masters = slices.DeleteFunc(a.Masters, func(m MasterAnswer) bool { return m.Verdict != No })
		o.Pairs = append(o.Pairs, a)
	}
	o.Drain = l.Drain()
	return o, nil
}

// known lists the machines that hold something, by name. One whose host is not known is none.
func (l *Layout) known() []hostID {
	var known []hostID
	seen := make(map[hostID]bool)
	for i := range l.masters {
		for _, id := range l.masters[i].hosts() {
			if !seen[id] && l.machines[id].class != nowhere {
				seen[id] = true
				known = append(known, id)
			}
		}
	}
	slices.SortFunc(known, func(a, b hostID) int { return strings.Compare(l.machines[a].name(), l.machines[b].name()) })
	return known
}

// hosts lists the machines that hold something of the master.
func (m *masterParts) hosts() []hostID {
	ids := make([]hostID, 1, 1+len(m.replicas)+len(m.sentinels))
	ids[0] = m.node.host
	for _, nodes := range [][]placedNode{m.replicas, m.sentinels} {
		for i := range nodes {
			ids = append(ids, nodes[i].host)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// pairs finds the machines of one master that may not stop together.
func (l *Layout) pairs(alone map[hostID]Verdict) [][2]hostID {
	var pairs [][2]hostID
	found := make(map[[2]hostID]bool)
	losses := make(map[[2]hostID]*loss)
	for i := range l.masters {
		m := &l.masters[i]
		ids := m.hosts()
		if len(ids) > mostHostsPair {
			continue
		}
		slices.SortFunc(ids, func(a, b hostID) int { return strings.Compare(l.machines[a].name(), l.machines[b].name()) })
		for k, a := range ids {
			for _, b := range ids[k+1:] {
				pair := [2]hostID{a, b}
				if found[pair] || alone[a] == No || alone[b] == No || l.machines[a].class == nowhere || l.machines[b].class == nowhere {
					continue
				}
				if losses[pair] == nil {
					gone := l.lossOf(a, b)
					losses[pair] = &gone
				}
				if verdict, _, _ := m.verdict(losses[pair]); verdict == No {
					found[pair] = true
					pairs = append(pairs, pair)
				}
			}
		}
	}
	return pairs
}
