package health

import (
	"fmt"
	"slices"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// ghostTime returns how long a node must have been down to count as gone.
func ghostTime(v deployment.View) time.Duration {
	return max(ghostFactor*v.DownAfter.Value, ghostMinimum)
}

// ghostPeers returns the Sentinels that v counts, that have been down for a long time, and
// that the exporter was not told to ask. Those that it was told to ask are missing, not
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
	// A Sentinel that does not answer, and that we ask at an address that v does not know,
	// may be any of these: assume that each such Sentinel is one of them, and no ghost.
	return ghosts[min(len(ghosts), m.model.strangers(v)):]
}

// asks reports whether the peer is one of those that we ask.
func (d *model) asks(p *sentinel.Peer) bool {
	return slices.ContainsFunc(d.asked, func(s *sentinel.Snapshot) bool {
		return isPeer(s, p)
	})
}

// strangers counts the Sentinels that do not answer at an address that v does not know.
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
	m.addMute(&o)
	return o
}

// addMute makes one finding of each Sentinel that answers the others' PING and takes no part any more. One that we ask and
// that says that it does not monitor the master is told by master_missing.
func (m *masterModel) addMute(o *outcome) {
	var mute []*sentinel.Peer // each the first of those with its address
	who := make(map[string][]deployment.View)
	for _, v := range m.unfrozen() {
		for i := range v.Peers {
			p := &v.Peers[i]
			if !p.Mute() || slices.ContainsFunc(m.missingAt, func(s *sentinel.Snapshot) bool { return isPeer(s, p) }) {
				continue
			}
			if who[p.Addr] == nil {
				mute = append(mute, p)
			}
			who[p.Addr] = append(who[p.Addr], v)
		}
	}
	for _, p := range mute {
		f := Finding{
			Severity: Warning, Node: p.Addr,
			Message: fmt.Sprintf("what answers at %s does not take part as the Sentinel that was there: it has announced nothing of the master for %s, %s; CKQUORUM counts it, and it has no vote",
				p.Addr, Age(p.LastHello.Value), say(who[p.Addr], len(m.Views))),
			Look:     []string{redisCLI(p.Addr, "INFO", "server"), redisCLI(p.Addr, "SENTINEL", "MYID"), redisCLI(p.Addr, "SENTINEL", "MASTERS")},
			Commands: []string{resetOn(m.Name, who[p.Addr])},
		}
		f.Hint = fmt.Sprintf("See what it is. If its id (SENTINEL MYID) is %s it is the same Sentinel, and does not monitor the master any more: MONITOR it there again. Otherwise the address belongs to something else now, such as a Sentinel of another deployment: RESET, one Sentinel at a time, which the command reset does, and take the address from those that the exporter is given.", p.RunID)
		if left := m.margin(); left.Present && left.Value < 0 {
			f.Severity = Critical
			f.Message += ": no failover can happen"
		}
		o.add(f, who[p.Addr]...)
	}
}

// byGhosts groups the views that have ghosts by the number of Sentinels and the ghosts that
// they count.
func (m *masterModel) byGhosts() [][]deployment.View {
	var groups [][]deployment.View
	at := make(map[string]int)
	for _, v := range m.Views {
		ghosts := m.ghostPeers(v)
		if len(ghosts) == 0 {
			continue
		}
		names := make([]string, len(ghosts))
		for i, p := range ghosts {
			names[i] = p.Addr + " " + p.RunID
		}
		key := fmt.Sprint(v.Voters().Value, names)
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

// unknownTo returns the Sentinels that answer and monitor the master, but that v does not
// know. It leaves out those that have just begun to monitor it: they may be about to meet.
func (m *masterModel) unknownTo(v deployment.View) []deployment.View {
	if v.PeersErr != nil || recentlyReset(v) {
		return nil
	}
	var unknown []deployment.View
	nameless := 0 // those of unknown without an id: before 6.2 a Sentinel does not tell it
	for _, w := range m.Views {
		if recentlyReset(w) || oneSentinel(v.Snapshot, w.Snapshot) || knows(v, w.Snapshot) {
			continue
		}
		if w.Snapshot.ID == "" {
			nameless++
		}
		unknown = append(unknown, w)
	}
	if nameless == 0 {
		return unknown
	}
	// A nameless one may be a peer that v knows at another address, one that is not asked.
	for i := range v.Peers {
		if !m.model.asks(&v.Peers[i]) && nameless > 0 {
			nameless--
			k := slices.IndexFunc(unknown, func(w deployment.View) bool { return w.Snapshot.ID == "" })
			unknown = slices.Delete(unknown, k, k+1)
		}
	}
	return unknown
}

// oneSentinel reports whether two snapshots are of what the other Sentinels regard as one
// Sentinel: they go by the id.
func oneSentinel(a, b *sentinel.Snapshot) bool {
	if a == b || a.ID != "" || b.ID != "" {
		return a == b || a.ID == b.ID
	}
	return a.Info != nil && b.Info != nil && a.Info.RunID == b.Info.RunID
}

func knows(v deployment.View, s *sentinel.Snapshot) bool {
	return slices.ContainsFunc(v.Peers, func(p sentinel.Peer) bool {
		return isPeer(s, &p)
	})
}

// peersUnknown compares the Sentinels that answered with those that they know.
func peersUnknown(m *masterModel) outcome {
	if !slices.ContainsFunc(m.Views, func(v deployment.View) bool { return v.PeersErr == nil }) {
		return cannotTell("no Sentinel answered SENTINELS")
	}
	var stories []string
	var lonely []deployment.View
	most := 0 // the most Sentinels that one of them knows, itself included
	strangers := true
	for _, v := range m.Views {
		unknown := m.unknownTo(v)
		most = max(most, len(m.Views)-len(unknown))
		if len(unknown) == 0 {
			continue
		}
		lonely = append(lonely, v)
		strangers = strangers && len(unknown) == len(m.Views)-1
		stories = append(stories, fmt.Sprintf("%s does not know %s", v.Snapshot.Sentinel, list(addresses(unknown))))
	}
	if len(lonely) == 0 {
		return fine()
	}
	f := Finding{Severity: Warning, Look: append(onEach(lonely, "SENTINEL", "SENTINELS", m.Name),
		redisCLI(lonely[0].Addr, "ACL", "LOG"), redisCLI(lonely[0].Addr, "PUBSUB", "NUMSUB", "__sentinel__:hello"))}
	f.Message = "Sentinels that answer do not know each other: " + few(stories)
	if m.apart() {
		f.FollowsFrom = []Cause{{Check: "master_disagreement", Master: m.Name}}
		f.Hint = "They monitor different nodes, and would hear of each other only through one node: see master_disagreement. Do not lower the quorum: each could then fail over alone."
	}
	if strangers && len(lonely) == len(m.Views) {
		f.Message = fmt.Sprintf("%s answer and do not know each other", list(addresses(lonely)))
	}
	if 2*most <= len(m.Views) {
		f.Severity = Critical
		f.Message += ": " + m.alone()
	}
	var o outcome
	o.add(f, lonely...)
	return o
}

// apart reports whether the Sentinels that do not know each other monitor different masters, for good: then they hear nothing of each other.
func (m *masterModel) apart() bool {
	groups := m.byNode()
	if m.failingNow || len(groups) < 2 || epochOf(groups[0]) != epochOf(groups[1]) || slices.ContainsFunc(m.Views, recentlyReset) {
		return false
	}
	for _, v := range m.Views {
		for _, w := range m.unknownTo(v) {
			if same := v.AdvertisedNode().SameNode(w.AdvertisedNode()); !same.Present || same.Value {
				return false
			}
		}
	}
	return true
}

// alone says what Sentinels do that do not know enough others.
func (m *masterModel) alone() string {
	for _, v := range m.unfrozen() {
		if v.CKQuorum != nil && v.CKQuorum.OK() {
			return "each fails over as it sees fit, so that there may be two masters"
		}
	}
	return "no failover can happen"
}

// peersUnreachable finds peers that are considered down, but have sent a hello since.
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

// refusedByPeer returns the finding on a peer that can be reached but answers with errors.
func refusedByPeer(v deployment.View, p *sentinel.Peer) Finding {
	return Finding{
		Severity: Warning, Sentinel: v.Snapshot.Sentinel,
		Message: fmt.Sprintf("Sentinel %s is answered with errors by %s: %s", v.Snapshot.Sentinel, p.Addr, replies([]*sentinel.Instance{&p.Instance})),
		Hint:    "They can reach each other and have different passwords: give all Sentinels the same requirepass, or the same sentinel-user and sentinel-pass with an ACL user for it.",
		Look:    []string{redisCLI(p.Addr, "PING")},
	}
}
