package health

import (
	"cmp"
	"slices"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// A model is what the checks look at.
type model struct {
	asked   []*sentinel.Snapshot
	up      []*sentinel.Snapshot // those that answered
	masters []*master
	nodes   map[string][]string // the names of masters by the address of a data node
}

// A master is one master as all Sentinels see it that answered and monitor it.
type master struct {
	name       string
	model      *model
	views      []view               // in the order in which the Sentinels were asked
	missingAt  []*sentinel.Snapshot // those that answered and do not monitor it
	replicas   [][]sighting         // by replica, of all views
	failingNow bool                 // a Sentinel drives a failover, or tries to, and is not stopped by TILT
}

// A view is what one Sentinel says of one master.
type view struct {
	*sentinel.Master
	snapshot *sentinel.Snapshot
}

func newModel(snapshots []*sentinel.Snapshot) *model {
	d := &model{asked: snapshots}
	byName := make(map[string]*master)
	for _, s := range snapshots {
		if !s.Up() {
			continue
		}
		d.up = append(d.up, s)
		for i := range s.Masters {
			name := s.Masters[i].Name
			m := byName[name]
			if m == nil {
				m = &master{name: name, model: d}
				byName[name] = m
				d.masters = append(d.masters, m)
			}
			v := view{&s.Masters[i], s}
			m.views = append(m.views, v)
			m.failingNow = m.failingNow || v.failingOver() && !v.frozen()
		}
	}
	slices.SortFunc(d.masters, func(a, b *master) int { return cmp.Compare(a.name, b.name) })
	for _, m := range d.masters {
		m.replicas = byReplica(m.views)
		m.missingAt = d.without(m)
	}
	d.nodes = d.namesByNode()
	return d
}

// without lists the Sentinels that answered and do not monitor a master.
func (d *model) without(m *master) []*sentinel.Snapshot {
	if len(m.views) == len(d.up) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(d.up), func(s *sentinel.Snapshot) bool {
		return slices.ContainsFunc(m.views, func(v view) bool { return v.snapshot == s })
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
		// The masters come one after the other: only the last name can be the same.
		if names := nodes[node.Addr]; len(names) == 0 || names[len(names)-1] != name {
			nodes[node.Addr] = append(names, name)
		}
	}
	for _, m := range d.masters {
		for _, v := range m.views {
			add(&v.Instance, m.name)
			for i := range v.Replicas {
				add(&v.Replicas[i].Instance, m.name)
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
	// ghostFactor times down-after is how long a node must have been down to be
	// taken for gone: 5 minutes with the 30 s of Sentinel's example.
	ghostFactor = 10
)

// young tells whether the Sentinel has only just begun to look at this master:
// it was started, RESET, or has switched to another address.
func (v view) young() bool {
	return v.RoleReportedTime.Present && v.RoleReportedTime.Value < settleTime
}

// warming tells whether the Sentinel has not run for long enough to have seen
// anything go down.
func (v view) warming() bool {
	return v.snapshot.Info != nil && v.snapshot.Info.Uptime.Present && v.snapshot.Info.Uptime.Value < v.DownAfter.Value
}

func (v view) failingOver() bool { return v.Flags.Has(sentinel.FlagFailoverInProgress) }

// onlyByHand tells whether the master is down for no other reason than that
// somebody fails it over: Valkey 9 flags it s_down for a moment then, in the
// Sentinel that was told to.
func (v view) onlyByHand() bool {
	return v.Flags.Has(sentinel.FlagForceFailover) && v.LastOKPingReply.Present && v.LastOKPingReply.Value < v.DownAfter.Value
}

// frozen tells whether the down flags mean nothing.
func (v view) frozen() bool { return v.snapshot.Tilt() }

// hasReachedMaster tells whether the Sentinel has had an answer of the master since its
// start.
func (v view) hasReachedMaster() bool {
	return !v.frozen() && (!v.warming() || v.RunID != "" && !v.Flags.Has(sentinel.FlagDisconnected))
}

// settled are the views that do not just begin.
func (m *master) settled() []view {
	return slices.DeleteFunc(slices.Clone(m.views), view.young)
}

// unfrozen are the views whose down flags mean something.
func (m *master) unfrozen() []view {
	return slices.DeleteFunc(slices.Clone(m.views), view.frozen)
}

// believed is the master as service discovery and the clients of discovery get it.
func (m *master) believed() *sentinel.Master {
	opinions := make([]deployment.Opinion, len(m.views))
	for i, v := range m.views {
		opinions[i] = deployment.Opinion{Snapshot: v.snapshot, Master: v.Master}
	}
	return deployment.Believed(opinions)[0].Master
}

// isDown tells whether a Sentinel considers the master down.
func (m *master) isDown() bool {
	return slices.ContainsFunc(m.views, func(v view) bool { return !v.frozen() && v.Flags.Any(sentinel.FlagSDown|sentinel.FlagODown) })
}
