package health

import (
	"fmt"
	"slices"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// ghostTime is how long a node must have been down to be taken for gone.
func ghostTime(v deployment.View) time.Duration {
	return max(ghostFactor*v.DownAfter.Value, ghostMinimum)
}

// ghostPeers are the Sentinels that v counts, that have been down for long, and
// that nobody told us to ask. Those that we were told to ask are missing, not
// ghosts.
func (m *masterModel) ghostPeers(v deployment.View) []*sentinel.Peer {
	if inTilt(v) {
		return nil
	}
	var ghosts []*sentinel.Peer
	for i := range v.Peers {
		p := &v.Peers[i]
		if p.Flags.Has(sentinel.FlagSDown) && p.SDownTime.Value > ghostTime(v) && !answersErrors(&p.Instance) && !m.model.asks(p) {
			ghosts = append(ghosts, p)
		}
	}
	// One that we ask by another address than its peers do, and that does not
	// answer, cannot be told from a ghost: it is given the benefit of the doubt.
	return ghosts[min(len(ghosts), m.model.strangers(v)):]
}

// asks reports whether the peer is one of those that we ask.
func (d *model) asks(p *sentinel.Peer) bool {
	return slices.ContainsFunc(d.asked, func(s *sentinel.Snapshot) bool {
		return s.Sentinel == p.Addr || s.ID != "" && s.ID == p.RunID
	})
}

// strangers counts the Sentinels that do not answer and whose address v does not
// know.
func (d *model) strangers(v deployment.View) int {
	n := 0
	for _, s := range d.asked {
		if !s.Up() && !slices.ContainsFunc(v.Peers, func(p sentinel.Peer) bool { return p.Addr == s.Sentinel }) {
			n++
		}
	}
	return n
}

func ghostSentinels(m *masterModel) outcome {
	var o outcome
	for _, who := range m.byGhosts() {
		v := who[0]
		ghosts := m.ghostPeers(v)
		names := make([]string, len(ghosts))
		for i, p := range ghosts {
			names[i] = fmt.Sprintf("%s (down for %s)", p.Addr, Age(p.SDownTime.Value))
		}
		voters := v.Voters().Value
		live := voters - int64(len(ghosts))
		o.add(Finding{
			Severity: Warning, Sentinel: onlyOne(who),
			Message: fmt.Sprintf("%s still %s %s: a majority of %d of %d is needed, where %d of %d would be enough",
				whom(who), verb(len(who), "count"), few(names), voters/2+1, voters, live/2+1, live),
			Commands: []string{resetOn(m.Name, who)},
		}, who...)
	}
	return o
}

// byGhosts groups those who count ghosts by how many Sentinels and which ghosts they count.
func (m *masterModel) byGhosts() [][]deployment.View {
	var groups [][]deployment.View
	at := make(map[string]int)
	for _, v := range m.Views {
		ghosts := m.ghostPeers(v)
		if len(ghosts) == 0 {
			continue
		}
		key := fmt.Sprint(v.Voters().Value)
		for _, p := range ghosts {
			key += " " + p.Addr + " " + p.RunID
		}
		k, found := at[key]
		if !found {
			k = len(groups)
			at[key] = k
			groups = append(groups, nil)
		}
		groups[k] = append(groups[k], v)
	}
	return groups
}

// peersUnreachable finds peers that are considered down and have sent a hello since.
func peersUnreachable(m *masterModel) outcome {
	var o outcome
	for _, v := range m.unfrozen() {
		for i := range v.Peers {
			p := &v.Peers[i]
			heard := p.LastHello.Present && p.LastHello.Value < helloTime && p.LastHello.Value < p.SDownTime.Value
			if !p.Flags.Has(sentinel.FlagSDown) || !heard {
				continue
			}
			if answersErrors(&p.Instance) {
				o.add(refusedByPeer(v, p), v)
				continue
			}
			o.add(Finding{
				Severity: Warning, Sentinel: v.Snapshot.Sentinel,
				Message: fmt.Sprintf("Sentinel %s has had no answer from %s for %s, but received a hello from it %s ago: it is running, and cannot be reached from there",
					v.Snapshot.Sentinel, p.Addr, Age(p.LastOKPingReply.Value), Age(p.LastHello.Value)),
				Look: []string{redisCLI(p.Addr, "PING")},
			}, v)
		}
	}
	return o
}

// refusedByPeer is about a peer that is reached and refuses: not by the network.
func refusedByPeer(v deployment.View, p *sentinel.Peer) Finding {
	return Finding{
		Severity: Warning, Sentinel: v.Snapshot.Sentinel,
		Message: fmt.Sprintf("Sentinel %s is answered with errors by %s: %s", v.Snapshot.Sentinel, p.Addr, replies([]*sentinel.Instance{&p.Instance})),
		Hint:    "They can reach each other and have different passwords: give all Sentinels the same requirepass, or the same sentinel-user and sentinel-pass with an ACL user for it.",
		Look:    []string{redisCLI(p.Addr, "PING")},
	}
}
