package canstop

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// NewLayout reads the layout from what the Sentinels say.
func NewLayout(snapshots []*sentinel.Snapshot, mapping HostMap) *Layout {
	return LayoutOf(deployment.ByMaster(snapshots), snapshots, mapping)
}

// LayoutOf is NewLayout for who has grouped the snapshots by master already.
func LayoutOf(masters []*deployment.MasterViews, snapshots []*sentinel.Snapshot, mapping HostMap) *Layout {
	l := &Layout{hosts: newHosts(mapping, nodesOf(len(masters))), err: deployment.Unanswered(snapshots), masters: make([]masterParts, 0, len(masters))}
	r := l.newReader(snapshots)
	r.left = len(masters)
	l.joinProcesses(masters)
	for _, s := range snapshots {
		addr := r.homes[s].addr
		r.homes[s] = placedNode{addr, l.hosts.of(addr)} // after all that joins hosts
	}
	for _, m := range masters {
		l.masters = append(l.masters, r.master(m))
		r.left--
	}
	l.machines, l.mixed = l.hosts.machines()
	return l
}

// nodesOf is about how many data nodes so many masters have.
func nodesOf(masters int) int { return 3 * masters }

// A reader reads masters from snapshots.
type reader struct {
	*Layout
	snapshots []*sentinel.Snapshot
	byID      map[string]*sentinel.Snapshot     // of each Sentinel, by its id; without those of which two have one
	homes     map[*sentinel.Snapshot]placedNode // each Sentinel on its machine
	last      [][]lookup                        // by the place of the view and that of the peer
	left      int                               // masters that have not been read

	candidates room[candidate]
	nodes      room[placedNode]
	voters     room[voter]
	heirs      room[heir]
}

// A room is what several slices are parts of, so that they are one allocation.
type room[T any] []T

// take returns an empty slice with room for n. About so many of them are left to be taken.
func (r *room[T]) take(n, left int) []T {
	if len(*r) < n {
		*r = make([]T, n*min(left, 64))
	}
	part := (*r)[:0:n]
	*r = (*r)[n:]
	return part
}

// A lookup is the answer to who a Sentinel with an id is. Mostly the next master asks the same.
type lookup struct {
	id   string
	s    *sentinel.Snapshot // nil if it was not asked
	home placedNode         // if it was
}

// who looks up a peer.
func (r *reader) who(p *sentinel.Peer, view, place int) *lookup {
	for len(r.last) <= view {
		r.last = append(r.last, nil)
	}
	for len(r.last[view]) <= place {
		r.last[view] = append(r.last[view], lookup{})
	}
	found := &r.last[view][place]
	if p.RunID == "" || p.RunID != found.id {
		s := r.byID[p.RunID]
		*found = lookup{p.RunID, s, r.homes[s]}
	}
	return found
}

// newReader finds the Sentinels' ids, and the address at which each is on its machine: the one
// that it announces, as the one asked can be a forwarded port or a balancer.
func (l *Layout) newReader(snapshots []*sentinel.Snapshot) *reader {
	r := &reader{
		Layout: l, snapshots: snapshots,
		byID: make(map[string]*sentinel.Snapshot), homes: make(map[*sentinel.Snapshot]placedNode),
	}
	type place struct{ id, addr string }
	known := make(map[place]int) // how many know an id at an address
	for _, s := range snapshots {
		var before []sentinel.Peer // of another master: mostly the same
		for i := range s.Masters {
			peers := s.Masters[i].Peers
			for k := range peers {
				p := &peers[k]
				if k < len(before) && p.RunID == before[k].RunID && p.Addr == before[k].Addr {
					continue
				}
				if p.RunID != "" && p.HasAddr() {
					known[place{p.RunID, p.Addr}]++
				}
			}
			before = peers
		}
	}
	announced := make(map[string][]string) // addresses by id, the best known first
	idAt := make(map[string]string)
	for at := range known {
		announced[at.id] = append(announced[at.id], at.addr)
		idAt[at.addr] = max(idAt[at.addr], at.id)
	}
	for id, addrs := range announced {
		slices.SortFunc(addrs, func(a, b string) int {
			return cmp.Or(known[place{id, b}]-known[place{id, a}], strings.Compare(a, b))
		})
	}
	twice := make(map[string]bool)
	for _, s := range snapshots {
		id := cmp.Or(s.ID, idAt[s.Sentinel])
		r.homes[s] = placedNode{addr: s.Sentinel}
		if id == "" {
			continue
		}
		twice[id] = twice[id] || r.byID[id] != nil
		r.byID[id] = s
		if addrs := announced[id]; len(addrs) > 0 {
			r.homes[s] = placedNode{addr: addrs[0]}
		}
	}
	for id := range twice {
		if twice[id] {
			delete(r.byID, id)
		}
	}
	for id, addrs := range announced {
		if twice[id] {
			continue
		}
		for _, addr := range addrs[1:] {
			l.hosts.join(l.hosts.of(addrs[0]), l.hosts.of(addr))
		}
	}
	return r
}

// joinProcesses joins the addresses of each data node: a process is on one machine.
func (l *Layout) joinProcesses(masters []*deployment.MasterViews) {
	at := make(map[string]hostID, nodesOf(len(masters)))
	add := func(in, likely *sentinel.Instance) {
		if in.RunID == "" || !in.HasAddr() || in != likely && in.RunID == likely.RunID && in.Addr == likely.Addr {
			return
		}
		host := l.hosts.ofNode(in.Addr, in.Host)
		if known, found := at[in.RunID]; found {
			l.hosts.join(known, host)
			return
		}
		at[in.RunID] = host
	}
	for _, m := range masters {
		first := m.Views[0]
		for _, v := range m.Views {
			add(&v.Instance, &first.Instance)
			for i := range v.Replicas {
				// Mostly a Sentinel says of them what the first one said.
				likely := &v.Replicas[i].Instance
				if i < len(first.Replicas) {
					likely = &first.Replicas[i].Instance
				}
				add(&v.Replicas[i].Instance, likely)
			}
		}
	}
}

func (l *Layout) node(in *sentinel.Instance) placedNode {
	if !in.HasAddr() {
		return placedNode{in.Addr, l.hosts.named("")}
	}
	return placedNode{in.Addr, l.hosts.ofNode(in.Addr, in.Host)}
}

func (r *reader) master(m *deployment.MasterViews) masterParts {
	believed := deployment.Authoritative(m.Views)[0]
	shown := believed.AdvertisedNode()
	is := masterParts{name: m.Name, node: r.node(shown), fault: faultOf(m.Views, shown), candidates: r.candidates.take(len(m.Views), r.left), sure: true}
	is.sentinels, is.replicas = r.nodes.take(1+len(believed.Peers), r.left), r.nodes.take(len(believed.Replicas), r.left)
	for _, v := range m.Views {
		is.moving = is.moving || v.Flags.Has(sentinel.FlagFailoverInProgress)
		is.candidates = append(is.candidates, candidate{
			sentinel: r.homes[v.Snapshot],
			tilt:     v.Snapshot.Tilt(),
			agrees:   sameMaster(v.AdvertisedNode(), shown),
			quorum:   int(v.Quorum.Value),
			needed:   int(max(v.Quorum.Value, v.Majority().Value)),
			hidden:   v.ReplicasErr != nil || v.HasHiddenReplicas(),
			voters:   r.voters.take(len(v.Peers), r.left),
		})
	}
	for i, v := range m.Views {
		seen := &is.candidates[i]
		is.sentinels = including(is.sentinels, seen.sentinel)
		for k := range v.Peers {
			p := r.peer(&v.Peers[k], r.who(&v.Peers[k], i, k), m.Views, is.candidates)
			is.sentinels = including(is.sentinels, p.placedNode)
			is.sure = is.sure && p.agrees != perhaps && p.votes != perhaps
			seen.voters = append(seen.voters, p)
			if !p.answers {
				is.unsettled = append(is.unsettled, fmt.Sprintf("Sentinel %s does not answer Sentinel %s", p.addr, seen.sentinel.addr))
			}
		}
		is.sure = is.sure && !seen.hidden
		r.addReplicas(seen, v, shown, &is)
		if !seen.agrees {
			is.unsettled = append(is.unsettled, fmt.Sprintf("Sentinel %s names another master, %s", seen.sentinel.addr, v.Advertised()))
		}
	}
	for _, s := range r.snapshots {
		switch {
		case !s.Up():
			is.unsettled = append(is.unsettled, fmt.Sprintf("Sentinel %s does not answer", s.Sentinel))
		case viewOf(m.Views, s) < 0:
			is.unsettled = append(is.unsettled, fmt.Sprintf("Sentinel %s does not monitor it", s.Sentinel))
		}
	}
	if is.moving {
		is.unsettled = append(is.unsettled, "a failover is under way")
	}
	is.sentinels, is.replicas = sorted(is.sentinels), sorted(is.replicas)
	return is
}

// addReplicas divides a Sentinel's replicas into those that it would promote and the others.
func (r *reader) addReplicas(seen *candidate, v deployment.View, shown *sentinel.Instance, of *masterParts) {
	heirs := v.Heirs()
	seen.heirs = r.heirs.take(len(heirs), r.left)
	for _, replica := range heirs {
		if replica.Addr == shown.Addr || replica.SameProcess(shown) {
			continue
		}
		n := r.node(&replica.Instance)
		// At the time of the choice a link that is down now has been down for longer, by as much as the
		// limit has grown, and by down-after.
		if replica.MasterLinkDownTime.Value > 9*v.DownAfter.Value {
			seen.others = append(seen.others, unpromotable{n, fmt.Sprintf("its link to the master has been down for %s", replica.MasterLinkDownTime.Value)})
			continue
		}
		seen.heirs = append(seen.heirs, heir{n, replica.NeverSynchronized(), replica.Priority.Value})
	}
	for i := range v.Replicas {
		replica := &v.Replicas[i]
		if replica.Addr == shown.Addr || replica.SameProcess(shown) {
			continue
		}
		n := r.node(&replica.Instance)
		of.replicas = including(of.replicas, n)
		if why := v.Unpromotable(replica); why != "" {
			seen.others = append(seen.others, unpromotable{n, why})
		}
		if !replica.OK() {
			of.unsettled = append(of.unsettled, fmt.Sprintf("Sentinel %s sees the replica %s without a link to its master, or down", seen.sentinel.addr, n.addr))
		}
	}
}

// peer is what another Sentinel would do if the master did not answer.
func (r *reader) peer(p *sentinel.Peer, who *lookup, views []deployment.View, seen []candidate) voter {
	is := voter{answers: !p.Flags.Any(sentinel.FlagSDown | sentinel.FlagDisconnected)}
	if who.s == nil {
		is.placedNode = r.node(&p.Instance)
	} else {
		is.placedNode = who.home
	}
	switch {
	case !is.answers:
	case who.s == nil || !who.s.Up():
		is.agrees, is.votes = perhaps, perhaps
	default:
		if i := viewOf(views, who.s); i >= 0 {
			is.votes, is.agrees = beliefOf(seen[i].agrees), beliefOf(seen[i].agrees && !seen[i].tilt)
		}
	}
	return is
}

// viewOf is the place of the view of one Sentinel; -1 if it does not monitor the master.
func viewOf(views []deployment.View, s *sentinel.Snapshot) int {
	return slices.IndexFunc(views, func(v deployment.View) bool { return v.Snapshot == s })
}

// sameMaster reports whether two Sentinels that name these nodes would agree: they ask each
// other by address.
func sameMaster(a, b *sentinel.Instance) bool {
	if a.Addr == b.Addr {
		return true
	}
	same := a.SameNode(b)
	return same.Present && same.Value
}

// faultOf says why clients cannot write to the master as it is.
func faultOf(views []deployment.View, shown *sentinel.Instance) string {
	down, watching := 0, 0
	for _, v := range views {
		if v.Snapshot.Tilt() || !sameMaster(&v.Instance, shown) {
			continue
		}
		watching++
		switch {
		case v.Flags.Has(sentinel.FlagODown):
			return fmt.Sprintf("%s is down", shown.Addr)
		case v.Flags.Has(sentinel.FlagSDown):
			down++
		case v.RoleReported == sentinel.RoleReplica:
			return fmt.Sprintf("%s, which the Sentinels name, reports that it is a replica", shown.Addr)
		}
	}
	if watching > 0 && 2*down > watching {
		return fmt.Sprintf("%s is down", shown.Addr)
	}
	return ""
}

// including appends a node that is not among the last ones. Who lists many appends some twice.
func including(nodes []placedNode, n placedNode) []placedNode {
	const window = 16
	if slices.Contains(nodes[max(0, len(nodes)-window):], n) {
		return nodes
	}
	return append(nodes, n)
}

// sorted sorts nodes by address, and leaves each once.
func sorted(nodes []placedNode) []placedNode {
	slices.SortFunc(nodes, func(a, b placedNode) int { return strings.Compare(a.addr, b.addr) })
	return slices.CompactFunc(nodes, func(a, b placedNode) bool { return a.addr == b.addr })
}
