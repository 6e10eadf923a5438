package health

import (
	"slices"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// A model is what the checks look at.
type model struct {
	asked   []*sentinel.Snapshot
	up      []*sentinel.Snapshot // those that answered
	masters []*masterModel
	nodes   map[string][]string // the names of masters by the address, and by the run id, of a data node
}

// A masterModel is one master, with what the checks ask of it more than once.
type masterModel struct {
	*deployment.MasterViews
	model      *model
	missingAt  []*sentinel.Snapshot       // those that answered and do not monitor it
	replicas   [][]deployment.ReplicaView // by replica, of all views
	failingNow bool                       // a Sentinel drives a failover, or tries to, and is not stopped by TILT
}

func newModel(snapshots []*sentinel.Snapshot) *model {
	d := &model{asked: snapshots}
	for _, s := range snapshots {
		if s.Up() {
			d.up = append(d.up, s)
		}
	}
	for _, views := range deployment.ByMaster(snapshots) {
		m := &masterModel{MasterViews: views, model: d, replicas: deployment.ByReplica(views.Views)}
		m.failingNow = slices.ContainsFunc(m.Views, func(v deployment.View) bool { return failingOver(v) && !inTilt(v) })
		m.missingAt = d.without(m)
		d.masters = append(d.masters, m)
	}
	d.nodes = d.namesByNode()
	return d
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

// namesByNode lists under which names each data node is known.
func (d *model) namesByNode() map[string][]string {
	nodes := make(map[string][]string)
	if len(d.masters) < 2 {
		return nodes // then no node can have two
	}
	add := func(node *sentinel.Instance, name string) {
		if !node.HasAddr() {
			return
		}
		for _, key := range []string{node.Addr, node.RunID} {
			// The masters come one after the other: only the last name can be the same.
			if names := nodes[key]; key != "" && (len(names) == 0 || names[len(names)-1] != name) {
				nodes[key] = append(names, name)
			}
		}
	}
	for _, m := range d.masters {
		for _, v := range m.Views {
			add(&v.Instance, m.Name)
			for i := range v.Replicas {
				add(&v.Replicas[i].Instance, m.Name)
			}
		}
	}
	return nodes
}

// The times that Sentinel takes, at its usual timers, until what it says can be
// held against a deployment.
const (
	// settleTime is that of a start, a RESET or a switch to another master: INFO
	// of every node (10 s), hellos of every Sentinel (2 s), and the time to
	// connect.
	settleTime = 15 * time.Second
	// convertTime is the one in which a Sentinel makes a master that has come
	// back a replica (8 s), and sees that it is one (10 s), with some reserve.
	convertTime = 25 * time.Second
	// linkTime is how long a replica may take to get its link up again.
	linkTime = 15 * time.Second
	// errorsTime is how far the last good reply to PING may be behind the last
	// reply of any kind.
	errorsTime = 2 * time.Second
	// infoHasteTime is how long after o_down every replica has sent INFO again.
	infoHasteTime = 5 * time.Second
	// helloTime is how old the hello of a peer may be that is there.
	helloTime = 10 * time.Second
	// ghostFactor times down-after, and at least ghostMinimum, is how long a node must
	// have been down to be taken for gone: 5 minutes with the 30 s of Sentinel's
	// example. A machine that restarts takes minutes, whatever down-after is.
	ghostFactor  = 10
	ghostMinimum = 5 * time.Minute
)

// recentlyReset reports whether the Sentinel has only just begun to look at this master:
// it was started, RESET, or has switched to another address.
func recentlyReset(v deployment.View) bool {
	return v.RoleReportedTime.Present && v.RoleReportedTime.Value < settleTime
}

// recentlyStarted reports whether the Sentinel has not run for long enough to have seen
// anything go down.
func recentlyStarted(v deployment.View) bool {
	return v.Snapshot.Info != nil && v.Snapshot.Info.Uptime.Present && v.Snapshot.Info.Uptime.Value < v.DownAfter.Value
}

func failingOver(v deployment.View) bool { return v.Flags.Has(sentinel.FlagFailoverInProgress) }

// onlyByHand reports whether the master is down for no other reason than that
// somebody fails it over: Valkey 9 flags it s_down for a moment then, in the
// Sentinel that was told to.
func onlyByHand(v deployment.View) bool {
	return v.Flags.Has(sentinel.FlagForceFailover) && v.LastOKPingReply.Present && v.LastOKPingReply.Value < v.DownAfter.Value
}

// inTilt reports whether the down flags mean nothing.
func inTilt(v deployment.View) bool { return v.Snapshot.Tilt() }

// hasReachedMaster reports whether the Sentinel has had an answer of the master since its
// start.
func hasReachedMaster(v deployment.View) bool {
	return !inTilt(v) && (!recentlyStarted(v) || v.RunID != "" && !v.Flags.Has(sentinel.FlagDisconnected))
}

// byAddr groups views by the address of the node that they are of.
func byAddr(views []deployment.View) [][]deployment.View {
	var groups [][]deployment.View
	for _, v := range views {
		i := slices.IndexFunc(groups, func(g []deployment.View) bool { return g[0].Addr == v.Addr || g[0].SameNode(&v.Instance).Value })
		if i < 0 {
			i = len(groups)
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], v)
	}
	return groups
}

// settled are the views that do not just begin.
func (m *masterModel) settled() []deployment.View {
	return slices.DeleteFunc(slices.Clone(m.Views), recentlyReset)
}

// unfrozen are the views whose down flags mean something.
func (m *masterModel) unfrozen() []deployment.View {
	return slices.DeleteFunc(slices.Clone(m.Views), inTilt)
}

// believed is the master as service discovery and the clients of discovery get it.
func (m *masterModel) believed() *sentinel.Master {
	return deployment.Authoritative(m.Views)[0].Master
}

// isDown reports whether a Sentinel considers the master down.
func (m *masterModel) isDown() bool {
	return slices.ContainsFunc(m.Views, func(v deployment.View) bool { return !inTilt(v) && v.Flags.Any(sentinel.FlagSDown|sentinel.FlagODown) })
}
