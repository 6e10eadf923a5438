package deployment

import (
	"cmp"
	"slices"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// A View is one master as one Sentinel sees it.
type View struct {
	*sentinel.Master
	Snapshot *sentinel.Snapshot // of that Sentinel
}

// A ReplicaView is one replica as one Sentinel sees it.
type ReplicaView struct {
	*sentinel.Replica
	By View // the Sentinel's view of the replica's master
}

// A MasterViews is one master as all Sentinels see it that answered and monitor it.
type MasterViews struct {
	Name  string
	Views []View // in the order of the snapshots; there is at least one
}

// ByMaster groups the views in the snapshots by master, sorted by name.
func ByMaster(snapshots []*sentinel.Snapshot) []*MasterViews {
	var masters []*MasterViews
	byName := make(map[string]*MasterViews)
	var free []MasterViews // and their views: room for some masters at a time
	var views []View
	for _, s := range snapshots {
		if !s.Up() {
			continue
		}
		for i := range s.Masters {
			name := s.Masters[i].Name
			m := byName[name]
			if m == nil {
				if len(free) == 0 {
					free = make([]MasterViews, min(len(s.Masters)-i, 64))
					views = make([]View, len(free)*len(snapshots))
				}
				m, free = &free[0], free[1:]
				m.Name, m.Views = name, views[:0:len(snapshots)]
				views = views[len(snapshots):]
				byName[name] = m
				masters = append(masters, m)
			}
			m.Views = append(m.Views, View{&s.Masters[i], s})
		}
	}
	slices.SortFunc(masters, func(a, b *MasterViews) int { return cmp.Compare(a.Name, b.Name) })
	return masters
}

// ViewsOf returns the views of one master, in the order of the snapshots.
func ViewsOf(snapshots []*sentinel.Snapshot, name string) []View {
	var views []View
	for _, s := range snapshots {
		if !s.Up() {
			continue
		}
		if m := s.Master(name); m != nil {
			views = append(views, View{m, s})
		}
	}
	return views
}

// ByReplica groups the views of replicas by replica, sorted by address. If one Sentinel gives
// the name of a replica and another its IP address, it is one replica: the run id is the same.
// Of a Sentinel that lists one address twice only the first entry counts, or the first one
// that is alive.
func ByReplica(views []View) [][]ReplicaView {
	var groups [][]ReplicaView
	var room []ReplicaView // for some groups
	at := make(map[string]int)
	for _, v := range views {
		for i := range v.Replicas {
			r := &v.Replicas[i]
			k, found := at[r.Addr]
			if !found {
				k = len(groups)
				at[r.Addr] = k
				if len(room) == 0 {
					groups = slices.Grow(groups, len(v.Replicas)-i)
					room = make([]ReplicaView, (len(v.Replicas)-i)*len(views))
				}
				groups = append(groups, room[:0:len(views)])
				room = room[len(views):]
			}
			last := len(groups[k]) - 1
			switch {
			case last < 0 || groups[k][last].By.Snapshot != v.Snapshot:
				groups[k] = append(groups[k], ReplicaView{r, v})
			case r.Live() && !groups[k][last].Live():
				groups[k][last].Replica = r
			}
		}
	}
	groups = merged(groups)
	slices.SortFunc(groups, func(a, b []ReplicaView) int { return strings.Compare(a[0].Addr, b[0].Addr) })
	return groups
}

// merged joins the groups of one process, in place, unless a Sentinel knows it at both
// addresses: to that these are two replicas.
func merged(groups [][]ReplicaView) [][]ReplicaView {
	all := groups[:0]
	for _, g := range groups {
		i := slices.IndexFunc(all, func(other []ReplicaView) bool {
			return slices.ContainsFunc(g, func(r ReplicaView) bool { return r.SameProcess(&other[0].Instance) }) && !shareSentinel(g, other)
		})
		if i < 0 {
			all = append(all, g)
			continue
		}
		all[i] = append(all[i], g...)
	}
	return all
}

func shareSentinel(a, b []ReplicaView) bool {
	return slices.ContainsFunc(a, func(r ReplicaView) bool {
		return slices.ContainsFunc(b, func(other ReplicaView) bool { return r.By.Snapshot == other.By.Snapshot })
	})
}
