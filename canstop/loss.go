package canstop

// A loss says of each machine whether it is lost.
type loss []belief

// lossOf is the loss of some machines. Others that could be one of them may be lost too.
func (l *Layout) lossOf(lost ...hostID) loss {
	all := make(loss, len(l.hosts.keys))
	for id := range all {
		root := l.hosts.root(hostID(id))
		for _, gone := range lost {
			switch gone = l.hosts.root(gone); {
			case root == gone:
				all[id] = yes
			case all[id] == no && l.machines[root].mayBe(&l.machines[gone]):
				all[id] = perhaps
			}
		}
	}
	return all
}

// A guess takes what is not known for the worse or for the better.
type guess struct {
	lost  loss
	doubt belief // what counts as lost, and what does not count as an agreement
}

// worst takes all that may be lost for lost, and who may agree for one who does not.
func worst(lost loss) guess { return guess{lost, perhaps} }

// best takes it for the better.
func best(lost loss) guess { return guess{lost, yes} }

func (g guess) gone(n placedNode) bool { return g.lost[n.host] >= g.doubt }

func (g guess) holds(b belief) bool {
	return b == yes || b == perhaps && g.doubt == yes
}

// A future is what is left of a master after a loss.
type future struct {
	verdict Verdict
	becomes []placedNode // one of these is the master then
	named   bool         // a Sentinel is left that tells clients where the master is
	lost    bool         // the master is
	remain  int          // Sentinels that would vote for the one that gets furthest
	needed  int          // votes that it needs
	agree   int          // Sentinels that would agree that the master is down
	quorum  int
	leads   bool // one can be elected
	heirs   int  // replicas that it could promote
	empty   bool // the one that it would promote has no data
}

// after is what is left of a master.
func (m *masterParts) after(g guess) future {
	f := future{verdict: No, lost: g.gone(m.node)}
	if !f.lost {
		f.becomes = []placedNode{m.node}
	}
	for i := range m.candidates {
		if v := &m.candidates[i]; !g.gone(v.sentinel) {
			f.named = f.named || v.agrees
			f.consider(v, g)
		}
	}
	if g.doubt == yes && !f.leads {
		m.ledByUnseen(&f, g)
	}
	switch {
	case m.fault != "" || !f.named:
	case !f.lost && f.leads && f.heirs > 0 && !f.empty, f.lost && f.leads && f.heirs > 1 && !f.empty:
		f.verdict = Yes
	case !f.lost, f.leads && f.heirs > 0 && !f.empty:
		f.verdict = Degraded
	}
	return f
}

// consider works out how far one surviving Sentinel would get with a failover.
func (f *future) consider(v *candidate, g guess) {
	agree, votes := 1, 1
	for _, p := range v.voters {
		if g.gone(p.placedNode) {
			continue
		}
		if g.holds(p.agrees) {
			agree++
		}
		if g.holds(p.votes) {
			votes++
		}
	}
	leads := v.agrees && !v.tilt && agree >= v.quorum && votes >= v.needed
	heirs, becomes, empty := v.heirsLeft(g)
	better := f.needed == 0 || leads && !f.leads || leads == f.leads && (heirs > f.heirs || heirs == f.heirs && votes-v.needed > f.remain-f.needed)
	if !better {
		return
	}
	f.remain, f.needed, f.agree, f.quorum = votes, v.needed, agree, v.quorum
	f.leads, f.heirs, f.empty = leads, heirs, empty
	if f.lost {
		f.becomes = becomes
	}
}

// heirsLeft counts the replicas that the Sentinel could promote after the loss, and returns
// those that it would choose from. In the best case a hidden replica counts as one.
func (v *candidate) heirsLeft(g guess) (n int, becomes []placedNode, empty bool) {
	var left []heir
	for _, h := range v.heirs {
		if !g.gone(h.placedNode) {
			left = append(left, h)
		}
	}
	n = len(left)
	if n > 0 {
		becomes, empty = firstChoices(left)
	}
	if v.hidden && g.doubt == yes {
		if n++; n == 1 {
			empty = false
		}
	}
	return n, becomes, empty
}

// firstChoices are the heirs among which only their offsets decide, which go on changing,
// and whether one of them has no data.
func firstChoices(heirs []heir) (nodes []placedNode, empty bool) {
	for _, h := range heirs {
		if h.priority == heirs[0].priority {
			nodes = append(nodes, h.placedNode)
		}
	}
	return nodes, heirs[0].empty
}

// ledByUnseen considers, in the best case, a Sentinel that did not answer us, but
// that its peers see.
func (m *masterParts) ledByUnseen(f *future, g guess) {
	voters := make(map[string]bool)
	unseen := false
	needed, heirs := 0, 0
	var becomes []placedNode
	for i := range m.candidates {
		v := &m.candidates[i]
		if needed == 0 || v.needed < needed {
			needed = v.needed
		}
		if n, to, empty := v.heirsLeft(g); n > heirs && !empty {
			heirs, becomes = n, to
		}
		if v.agrees && !g.gone(v.sentinel) {
			voters[v.sentinel.addr] = true
		}
		for _, p := range v.voters {
			if p.votes == perhaps && !g.gone(p.placedNode) {
				unseen, f.named, voters[p.addr] = true, true, true
			}
		}
	}
	if !unseen || len(voters) < needed {
		return
	}
	f.leads, f.remain, f.needed, f.heirs, f.empty = true, len(voters), needed, heirs, false
	if f.lost {
		f.becomes = becomes
	}
}

// A belief is what may not be known.
type belief int

const (
	no belief = iota
	perhaps
	yes
)

func beliefOf(b bool) belief {
	if b {
		return yes
	}
	return no
}
