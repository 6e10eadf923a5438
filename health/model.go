package health

import (
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// A model is what the checks look at.
type model struct {
	asked     []*sentinel.Snapshot
	up        []*sentinel.Snapshot // those that answered
	masters   []*masterModel
	layout    *canstop.Layout
	sentinels map[string]bool     // the addresses of those that were asked, and of the peers of each
	nodes     map[string]*nameSet // of masters, by the address, and by the run id, of a data node
	elsewhere Elsewhere
	causes    []explanation // nil until something is found
	left      int           // how many findings there is room for
}

// A masterModel is one master as all Sentinels see it, with values that several checks use.
type masterModel struct {
	*deployment.MasterViews
	model      *model
	place      int                        // among the masters of the model
	decisive   []deployment.View          // see deployment.Authoritative
	promotable int                        // the most replicas that one of the Sentinels could promote
	losses     canstop.HostLoss           // of its hosts: how it would fare
	nodes      [][]deployment.View        // see byNode; nil until somebody asks
	missingAt  []*sentinel.Snapshot       // those that answered and do not monitor it
	replicas   [][]deployment.ReplicaView // by replica, of all views
	failingNow bool                       // a Sentinel drives a failover, or tries to, and is not stopped by TILT
}

func newModel(snapshots []*sentinel.Snapshot, hosts canstop.HostMap) *model {
	d := &model{asked: snapshots, sentinels: addressesOfSentinels(snapshots), left: maxFindings}
	for _, s := range snapshots {
		if s.Up() {
			d.up = append(d.up, s)
		}
	}
	masters := deployment.ByMaster(snapshots)
	d.layout = canstop.LayoutOf(masters, snapshots, hosts)
	d.masters = make([]*masterModel, 0, len(masters))
	models := make([]masterModel, len(masters))
	for i, views := range masters {
		m := &models[i]
		*m = masterModel{MasterViews: views, model: d, place: i, replicas: deployment.ByReplica(views.Views)}
		m.failingNow = slices.ContainsFunc(m.Views, func(v deployment.View) bool { return failingOver(v) && !inTilt(v) })
		m.decisive, m.missingAt = deployment.Authoritative(m.Views), d.without(m)
		for _, v := range m.Views {
			m.promotable = max(m.promotable, promotable(v))
		}
		d.masters = append(d.masters, m)
	}
	d.nodes = d.namesByNode()
	return d
}

func addressesOfSentinels(snapshots []*sentinel.Snapshot) map[string]bool {
	all := make(map[string]bool)
	for _, s := range snapshots {
		all[s.Sentinel] = true
		for i := range s.Masters {
			for k := range s.Masters[i].Peers {
				if addr := s.Masters[i].Peers[k].Addr; !all[addr] {
					all[addr] = true
				}
			}
		}
	}
	return all
}

// without lists the Sentinels that answered and do not monitor a master.
func (d *model) without(m *masterModel) []*sentinel.Snapshot {
	if len(m.Views) == len(d.up) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(d.up), func(s *sentinel.Snapshot) bool {
		return slices.ContainsFunc(m.Views, func(v deployment.View) bool { return v.Snapshot == s })
	})
}

// namesByNode returns the names of the masters that a data node belongs to which belongs to several.
func (d *model) namesByNode() map[string]*nameSet {
	sets := make(map[string]*nameSet)
	if len(d.masters) < 2 {
		return sets // then no node can have two
	}
	first := make(map[string]*masterModel, 6*len(d.masters)) // that a node belongs to; a set takes much more memory
	add := func(key string, m *masterModel) {
		switch owner, set := first[key], sets[key]; {
		case key == "" || owner == m:
		case owner == nil:
			first[key] = m
		case set == nil:
			sets[key] = &nameSet{names: []string{owner.Name, m.Name}, masters: []*masterModel{owner, m}}
		case set.masters[len(set.masters)-1] != m: // the masters come one after the other
			set.names, set.masters = append(set.names, m.Name), append(set.masters, m)
		}
	}
	addNode := func(node *sentinel.Instance, m *masterModel) {
		if node.HasAddr() {
			add(node.Addr, m)
			add(node.RunID, m)
		}
	}
	for _, m := range d.masters {
		for _, v := range m.Views {
			addNode(&v.Instance, m)
			for i := range v.Replicas {
				addNode(&v.Replicas[i].Instance, m)
			}
		}
	}
	same := make(map[string]*nameSet)
	for key, set := range sets {
		names := strings.Join(set.names, "\x00")
		if same[names] == nil {
			same[names] = set
		}
		sets[key] = same[names]
	}
	return sets
}

// How long something must last before it counts as a fault, given Sentinel's usual timers.
const (
	// settleTime is how long a Sentinel needs after a start, a RESET or a switch to
	// another master: for INFO of every node (10 s), hellos of every Sentinel (2 s), and
	// to connect.
	settleTime = 15 * time.Second
	// convertTime is how long a Sentinel needs to turn a master that has come back into
	// a replica (10 s: at the first INFO after 8 s) and to see that it is one (10 s more), with
	// some reserve.
	convertTime = 25 * time.Second
	// writableTime is the first part of that, in which it takes writes.
	writableTime = 10 * time.Second
	// hearTime is how long after a promotion all have heard of it.
	hearTime = 2 * time.Second
	// returnTime is how long after a failover the old master reports its role, if it was
	// there all the time.
	returnTime = 5 * time.Second
	// linkTime is how long a replica may take to get its link up again.
	linkTime = 15 * time.Second
	// errorsTime is how far the last good reply to PING may be behind the last
	// reply of any kind.
	errorsTime = 2 * time.Second
	// reconnectTime is how old the last good reply to PING is at most of a node to which the
	// Sentinel connects again at once.
	reconnectTime = 2 * time.Second
	// infoHasteTime is how long after o_down every replica has sent INFO again.
	infoHasteTime = 5 * time.Second
	// helloTime is how old the last hello of a running peer can be.
	helloTime = 10 * time.Second
	// infoTime is how old the INFO of a node may be that is there: Sentinel asks every 10 s.
	infoTime = 25 * time.Second
	// attachTime is how long after its start a master may be without its replicas.
	attachTime = 10 * time.Second
	// ackTime is how long ago a replica may have acknowledged what it has: it does so
	// each second.
	ackTime = 2 * time.Second
	// A node counts as gone when it has been down for ghostFactor times down-after, and at
	// least for ghostMinimum: a restart of a machine takes minutes, however short
	// down-after is. With the 30 s of Sentinel's example both are 5 minutes.
	ghostFactor  = 10
	ghostMinimum = 5 * time.Minute
)

// recentlyReset reports whether the Sentinel has only just begun to monitor this master at
// this address, after a start, a RESET or a switch.
func recentlyReset(v deployment.View) bool {
	return v.RoleReportedTime.Present && v.RoleReportedTime.Value < settleTime
}

// recentlyStarted reports whether the Sentinel has not run for long enough to have seen
// anything go down.
func recentlyStarted(v deployment.View) bool {
	return v.Snapshot.Info != nil && v.Snapshot.Info.Uptime.Present && v.Snapshot.Info.Uptime.Value < v.DownAfter.Value
}

func failingOver(v deployment.View) bool { return v.Flags.Has(sentinel.FlagFailoverInProgress) }

// onlyByHand reports whether the master is flagged as down only because of a manual
// failover: the Sentinel of Valkey 9 that is told to fail over sets s_down for a moment.
func onlyByHand(v deployment.View) bool {
	return v.Flags.Has(sentinel.FlagForceFailover) && v.LastOKPingReply.Present && v.LastOKPingReply.Value < v.DownAfter.Value
}

// inTilt reports whether the down flags mean nothing.
func inTilt(v deployment.View) bool { return v.Snapshot.Tilt() }

// hasReachedMaster reports whether the Sentinel has had an answer from the master since its
// start.
func hasReachedMaster(v deployment.View) bool {
	return !inTilt(v) && (!recentlyStarted(v) || v.RunID != "" && !v.Flags.Has(sentinel.FlagDisconnected))
}

// byAddr groups views by the node that they have as the master.
func byAddr(views []deployment.View) [][]deployment.View {
	same := func(a, b deployment.View) bool { return a.Addr == b.Addr || a.SameNode(&b.Instance).Value }
	if len(views) > 0 && !slices.ContainsFunc(views[1:], func(v deployment.View) bool { return !same(views[0], v) }) {
		return [][]deployment.View{slices.Clip(views)}
	}
	var groups [][]deployment.View
	for _, v := range views {
		i := slices.IndexFunc(groups, func(g []deployment.View) bool { return same(g[0], v) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], v)
	}
	return groups
}

// settled returns the views of Sentinels that have monitored the master for some time.
func (m *masterModel) settled() []deployment.View {
	return deployment.Where(m.Views, func(v deployment.View) bool { return !recentlyReset(v) })
}

// unfrozen returns the views of Sentinels that are not in TILT, which freezes the down flags.
func (m *masterModel) unfrozen() []deployment.View {
	return deployment.Where(m.Views, func(v deployment.View) bool { return !inTilt(v) })
}

// unfrozenReplicas returns the views of replicas of those Sentinels, by replica.
func (m *masterModel) unfrozenReplicas() [][]deployment.ReplicaView {
	if views := m.unfrozen(); len(views) < len(m.Views) {
		return deployment.ByReplica(views)
	}
	return m.replicas
}

// believed returns the master that service discovery and the command discover give.
func (m *masterModel) believed() *sentinel.Master {
	return m.decisive[0].Master
}

// isDown reports whether any Sentinel considers the master down.
func (m *masterModel) isDown() bool {
	return slices.ContainsFunc(m.Views, func(v deployment.View) bool { return !inTilt(v) && v.Flags.Any(sentinel.FlagSDown|sentinel.FlagODown) })
}

// replicas counts the replicas that a Sentinel knows; one with two addresses counts once,
// also if it has left one of them.
func replicas(v deployment.View) int {
	n := int(v.NumReplicas.Value)
	for _, entries := range v.ListedTwice() {
		n -= len(entries) - 1
	}
	for i := range v.Replicas {
		if v.MovedTo(&v.Replicas[i]) != nil {
			n--
		}
	}
	return n
}
