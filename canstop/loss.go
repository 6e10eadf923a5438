package canstop

// A belief is what may not be known.
type belief int8

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

// A loss says of each machine whether it is lost.
type loss struct {
	machines []machine
	lost     []hostID
	only     string // where given, the one address on them that is lost
	sure     bool   // no other machine could be one of them
}

// lossOf is the loss of some machines. Others that could be one of them may be lost too.
func (l *Layout) lossOf(lost ...hostID) loss {
	gone := loss{machines: l.machines, lost: lost, sure: !l.mixed}
	for i, id := range lost {
		lost[i] = l.hosts.root(id)
		gone.sure = gone.sure && !l.machines[lost[i]].ambiguous
	}
	return gone
}

// is says whether a node is lost.
func (l *loss) is(n *placedNode) belief {
	if l.only != "" && n.addr != l.only {
		return no
	}
	for _, id := range l.lost { //nolint:modernize // slices.Contains takes twice as long for one or two
		if id == n.host {
			return yes
		}
	}
	if l.sure {
		return no
	}
	for _, id := range l.lost {
		if l.machines[n.host].mayBe(&l.machines[id]) {
			return perhaps
		}
	}
	return no
}

// A guess takes what is not known for the worse or for the better.
type guess struct {
	lost  *loss
	doubt belief // what counts as lost, and what does not count as an agreement
}

// worst takes all that may be lost for lost, and who may agree for one who does not.
func worst(lost *loss) guess { return guess{lost, perhaps} }

// best takes it for the better.
func best(lost *loss) guess { return guess{lost, yes} }

func (g guess) gone(n *placedNode) bool { return g.lost.is(n) >= g.doubt }

func (g guess) holds(b belief) bool {
	return b == yes || b == perhaps && g.doubt == yes
}

// A future is what is left of a master after a loss.
type future struct {
	verdict Verdict
	named   bool // a Sentinel is left that tells clients where the master is
	lost    bool // the master is
	remain  int  // Sentinels that would vote for the one that gets furthest
	needed  int  // votes that it needs
	agree   int  // Sentinels that would agree that the master is down
	quorum  int
	leads   bool       // one can be elected
	heirs   int        // replicas that it could promote
	empty   bool       // the one that it would promote has no data
	leader  *candidate // of the one that gets furthest; nil if none is left
}

// after is what is left of a master.
func (m *masterParts) after(g guess) future {
	f := future{verdict: No, lost: g.gone(&m.node)}
	for i := range m.candidates {
		if v := &m.candidates[i]; !g.gone(&v.sentinel) {
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

// support counts the Sentinels that are left which would agree with one of them that the master
// is down, and those that would vote for it, itself included.
func (v *candidate) support(g guess) (agree, votes int) {
	agree, votes = 1, 1
	for i := range v.voters {
		p := &v.voters[i]
		if g.gone(&p.placedNode) {
			continue
		}
		if g.holds(p.agrees) {
			agree++
		}
		if g.holds(p.votes) {
			votes++
		}
	}
	return agree, votes
}

// leads reports whether that is enough to lead a failover.
func (v *candidate) leads(agree, votes int) bool {
	return v.agrees && !v.tilt && agree >= v.quorum && votes >= v.needed
}

// consider works out how far one surviving Sentinel would get with a failover.
func (f *future) consider(v *candidate, g guess) {
	agree, votes := v.support(g)
	leads := v.leads(agree, votes)
	heirs, empty := v.heirsLeft(g)
	better := f.needed == 0 || leads && !f.leads || leads == f.leads && (heirs > f.heirs || heirs == f.heirs && votes-v.needed > f.remain-f.needed)
	if !better {
		return
	}
	f.remain, f.needed, f.agree, f.quorum = votes, v.needed, agree, v.quorum
	f.leads, f.heirs, f.empty, f.leader = leads, heirs, empty, v
}

// heirsLeft counts the replicas that the Sentinel could promote after the loss, and reports
// whether the one that it would promote has no data. In the best case a hidden replica counts
// as one.
func (v *candidate) heirsLeft(g guess) (n int, empty bool) {
	for i := range v.heirs {
		if h := &v.heirs[i]; !g.gone(&h.placedNode) {
			if n++; n == 1 {
				empty = h.empty
			}
		}
	}
	if v.hidden && g.doubt == yes {
		if n++; n == 1 {
			empty = false
		}
	}
	return n, empty
}

// becomes lists the nodes of which one is the master after the loss. Any Sentinel that could
// lead may be the one that does.
func (m *masterParts) becomes(f *future, g guess) []placedNode {
	if !f.lost {
		return []placedNode{m.node}
	}
	if f.leader == nil {
		return nil
	}
	nodes := f.leader.firstChoices(g.gone)
	for i := range m.candidates {
		v := &m.candidates[i]
		if v == f.leader || g.gone(&v.sentinel) || !v.leads(v.support(g)) {
			continue
		}
		for _, n := range v.firstChoices(g.gone) {
			nodes = including(nodes, n)
		}
	}
	return nodes
}

// firstChoices lists the heirs that are left among which only their offsets decide, which go
// on changing.
func (v *candidate) firstChoices(gone func(*placedNode) bool) []placedNode {
	nodes := make([]placedNode, 0, len(v.heirs))
	var priority int64
	for i := range v.heirs {
		h := &v.heirs[i]
		if gone(&h.placedNode) {
			continue
		}
		if len(nodes) == 0 {
			priority = h.priority
		}
		if h.priority == priority {
			nodes = append(nodes, h.placedNode)
		}
	}
	return nodes
}

// ledByUnseen considers, in the best case, a Sentinel whose own view is missing: its peers
// see it, but it did not answer us.
func (m *masterParts) ledByUnseen(f *future, g guess) {
	voters := make(map[string]bool)
	unseen := false
	needed, heirs := 0, 0
	var leader *candidate
	for i := range m.candidates {
		v := &m.candidates[i]
		if needed == 0 || v.needed < needed {
			needed = v.needed
		}
		if n, empty := v.heirsLeft(g); n > heirs && !empty {
			heirs, leader = n, v
		}
		if v.agrees && !g.gone(&v.sentinel) {
			voters[v.sentinel.addr] = true
		}
		for k := range v.voters {
			if p := &v.voters[k]; p.votes == perhaps && !g.gone(&p.placedNode) {
				unseen, f.named, voters[p.addr] = true, true, true
			}
		}
	}
	if !unseen || len(voters) < needed {
		return
	}
	f.leads, f.remain, f.needed, f.heirs, f.empty, f.leader = true, len(voters), needed, heirs, false, leader
}
