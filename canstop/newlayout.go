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
	l := &Layout{hosts: newHosts(mapping), err: deployment.Unanswered(snapshots)}
	byID, homes := l.sentinelHomes(snapshots)
	masters := deployment.ByMaster(snapshots)
	l.joinProcesses(masters)
	for _, m := range masters {
		l.masters = append(l.masters, l.master(m, snapshots, byID, homes))
	}
	l.machines = l.hosts.machines()
	return l
}

// sentinelHomes finds the snapshot of each Sentinel by its id, and the address at which each
// is on its machine: the one that it announces, as the one asked can be a forwarded port
// or a balancer. Two Sentinels with one id are left out.
func (l *Layout) sentinelHomes(snapshots []*sentinel.Snapshot) (byID map[string]*sentinel.Snapshot, homes map[*sentinel.Snapshot]string) {
	byID, homes = make(map[string]*sentinel.Snapshot), make(map[*sentinel.Snapshot]string)
	announced := make(map[string]map[string]int) // how many peers know an id at an address
	idAt := make(map[string]string)
	for _, s := range snapshots {
		for i := range s.Masters {
			for k := range s.Masters[i].Peers {
				p := &s.Masters[i].Peers[k]
				if p.RunID == "" || !p.HasAddr() {
					continue
				}
				if announced[p.RunID] == nil {
					announced[p.RunID] = make(map[string]int)
				}
				announced[p.RunID][p.Addr]++
				idAt[p.Addr] = p.RunID
			}
		}
	}
	twice := make(map[string]bool)
	for _, s := range snapshots {
		id := cmp.Or(s.ID, idAt[s.Sentinel])
		homes[s] = s.Sentinel
		if id == "" {
			continue
		}
		if byID[id] != nil {
			twice[id] = true
		}
		byID[id] = s
		best := 0
		for addr, n := range announced[id] {
			if n > best || n == best && addr < homes[s] {
				homes[s], best = addr, n
			}
		}
	}
	for id := range twice {
		delete(byID, id)
	}
	for id, addrs := range announced {
		if twice[id] {
			continue
		}
		for addr := range addrs {
			for other := range addrs {
				l.hosts.join(l.hosts.of(addr), l.hosts.of(other))
			}
		}
	}
	return byID, homes
}

// joinProcesses joins the addresses of each data node: a process is on one machine.
func (l *Layout) joinProcesses(masters []*deployment.MasterViews) {
	at := make(map[string]hostID)
	add := func(in *sentinel.Instance) {
		if in.RunID == "" || !in.HasAddr() {
			return
		}
		host := l.hosts.of(in.Addr)
		if known, found := at[in.RunID]; found {
			l.hosts.join(known, host)
			return
		}
		at[in.RunID] = host
	}
	for _, m := range masters {
		for _, v := range m.Views {
			add(&v.Instance)
			for i := range v.Replicas {
				add(&v.Replicas[i].Instance)
			}
		}
	}
}

func (l *Layout) node(in *sentinel.Instance) placedNode {
	if !in.HasAddr() {
		return placedNode{in.Addr, l.hosts.named("")}
	}
	return placedNode{in.Addr, l.hosts.of(in.Addr)}
}

func (l *Layout) master(m *deployment.MasterViews, snapshots []*sentinel.Snapshot, byID map[string]*sentinel.Snapshot, homes map[*sentinel.Snapshot]string) masterParts {
	believed := deployment.Authoritative(m.Views)[0]
	shown := believed.AdvertisedNode()
	is := masterParts{name: m.Name, node: l.node(shown), fault: faultOf(m.Views, shown)}
	sentinels, replicas := make(map[string]placedNode), make(map[string]placedNode)
	for _, v := range m.Views {
		is.moving = is.moving || v.Flags.Has(sentinel.FlagFailoverInProgress)
		seen := candidate{
			sentinel: placedNode{homes[v.Snapshot], l.hosts.of(homes[v.Snapshot])},
			tilt:     v.Snapshot.Tilt(),
			agrees:   sameMaster(v.AdvertisedNode(), shown),
			quorum:   int(v.Quorum.Value),
			needed:   int(max(v.Quorum.Value, v.Majority().Value)),
			hidden:   v.ReplicasErr != nil || v.HasHiddenReplicas(),
		}
		sentinels[seen.sentinel.addr] = seen.sentinel
		for i := range v.Peers {
			p := l.peer(&v.Peers[i], m.Views, shown, byID)
			if s := byID[v.Peers[i].RunID]; s != nil {
				p.placedNode = placedNode{homes[s], l.hosts.of(homes[s])}
			}
			sentinels[p.addr] = p.placedNode
			seen.voters = append(seen.voters, p)
			if !p.answers {
				is.unsettled = append(is.unsettled, fmt.Sprintf("Sentinel %s does not answer Sentinel %s", p.addr, seen.sentinel.addr))
			}
		}
		l.addReplicas(&seen, v, shown, replicas, &is)
		is.candidates = append(is.candidates, seen)
		if !seen.agrees {
			is.unsettled = append(is.unsettled, fmt.Sprintf("Sentinel %s names another master, %s", seen.sentinel.addr, v.Advertised()))
		}
	}
	for _, s := range snapshots {
		switch {
		case !s.Up():
			is.unsettled = append(is.unsettled, fmt.Sprintf("Sentinel %s does not answer", s.Sentinel))
		case viewOf(m.Views, s) == nil:
			is.unsettled = append(is.unsettled, fmt.Sprintf("Sentinel %s does not monitor it", s.Sentinel))
		}
	}
	if is.moving {
		is.unsettled = append(is.unsettled, "a failover is under way")
	}
	is.sentinels, is.replicas = sorted(sentinels), sorted(replicas)
	return is
}

// addReplicas divides a Sentinel's replicas into those that it would promote and the others.
func (l *Layout) addReplicas(seen *candidate, v deployment.View, shown *sentinel.Instance, all map[string]placedNode, of *masterParts) {
	for _, r := range v.Heirs() {
		n := l.node(&r.Instance)
		if n.addr == shown.Addr || r.SameProcess(shown) {
			continue
		}
		all[n.addr] = n
		// At the time of the choice a link that is down now has been down for longer, by as much as the
		// limit has grown, and by down-after.
		if r.MasterLinkDownTime.Value > 9*v.DownAfter.Value {
			seen.others = append(seen.others, unpromotable{n, fmt.Sprintf("its link to the master has been down for %s", r.MasterLinkDownTime.Value)})
			continue
		}
		seen.heirs = append(seen.heirs, heir{n, r.NeverSynchronized(), r.Priority.Value})
	}
	for i := range v.Replicas {
		r := &v.Replicas[i]
		n := l.node(&r.Instance)
		if n.addr == shown.Addr || r.SameProcess(shown) {
			continue
		}
		all[n.addr] = n
		if why := v.Unpromotable(r); why != "" {
			seen.others = append(seen.others, unpromotable{n, why})
		}
		if !r.OK() {
			of.unsettled = append(of.unsettled, fmt.Sprintf("Sentinel %s sees the replica %s without a link to its master, or down", seen.sentinel.addr, n.addr))
		}
	}
}

// peer is what another Sentinel would do if the master did not answer.
func (l *Layout) peer(p *sentinel.Peer, views []deployment.View, shown *sentinel.Instance, byID map[string]*sentinel.Snapshot) voter {
	is := voter{placedNode: l.node(&p.Instance), answers: !p.Flags.Any(sentinel.FlagSDown | sentinel.FlagDisconnected)}
	if !is.answers {
		return is
	}
	s := byID[p.RunID]
	if s == nil || !s.Up() {
		is.agrees, is.votes = perhaps, perhaps
		return is
	}
	v := viewOf(views, s)
	has := v != nil && sameMaster(v.AdvertisedNode(), shown)
	is.votes, is.agrees = beliefOf(has), beliefOf(has && !s.Tilt())
	return is
}

// viewOf is the view of one Sentinel; nil if it does not monitor the master.
func viewOf(views []deployment.View, s *sentinel.Snapshot) *deployment.View {
	for i := range views {
		if views[i].Snapshot == s {
			return &views[i]
		}
	}
	return nil
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

func sorted(nodes map[string]placedNode) []placedNode {
	list := make([]placedNode, 0, len(nodes))
	for _, n := range nodes {
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b placedNode) int { return strings.Compare(a.addr, b.addr) })
	return list
}
