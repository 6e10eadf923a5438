package role

import (
	"context"
	"fmt"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// Limits say which replicas may serve reads.
type Limits struct {
	// MaxLag is how many bytes a replica may certainly be behind another node; negative is no limit.
	MaxLag int64
	// MaxLinkDown is how long the link to its master may be down.
	MaxLinkDown time.Duration
}

// A replica is what the Sentinels last said of one, when they could tell.
type replica struct {
	views   []deployment.ReplicaView
	offsets []deployment.Offset // of all nodes
	sure    time.Time
}

// Replica says whether a node may serve reads as a replica of a master.
func (k *Keeper) Replica(ctx context.Context, c Check, l Limits) Answer {
	return k.settled(ctx, func(m *master, now, _ time.Time) (Answer, bool) {
		n, err := find(m.name, m.nodes, c.Node, k.opts.Names)
		if err != nil {
			return Answer{Verdict: No, Reason: err.Error()}, false
		}
		return m.mayRead(n, l, k.opts.Grace, now), false
	}, c.Master)
}

// lookAtReplicas remembers what the Sentinels say of each replica of which they can tell.
func (m *master) lookAtReplicas(now time.Time) {
	offsets := deployment.Offsets(m.views)
	for _, group := range deployment.ByReplica(m.views) {
		told := 0
		for _, r := range group {
			if r.Informed() || r.Flags.Any(sentinel.FlagSDown) {
				told++
			}
		}
		if 2*told > len(group) {
			m.replicas[group[0].Addr] = replica{group, offsets, now}
		}
	}
	for addr, r := range m.replicas {
		if now.Sub(r.sure) > idleAfter {
			delete(m.replicas, addr)
		}
	}
}

func (m *master) mayRead(n node, l Limits, grace time.Duration, now time.Time) Answer {
	if m.node != nil && n.is(m.node) {
		return Answer{Verdict: No, Reason: fmt.Sprintf("%s is the master of %s", n.addr(), m.name)}
	}
	var r replica
	for _, in := range n {
		if known := m.replicas[in.Addr]; known.sure.After(r.sure) {
			r = known
		}
	}
	left := r.sure.Add(grace).Sub(now)
	if r.sure.Equal(m.looked) {
		left = 0
	} else if left <= 0 {
		return Answer{Reason: fmt.Sprintf("nobody can tell how the replica %s of %s is", n.addr(), m.name)}
	}
	if why := r.fault(l); why != "" {
		return Answer{Verdict: No, Grace: left, Reason: fmt.Sprintf("the replica %s of %s %s", n.addr(), m.name, why)}
	}
	return Answer{Verdict: Yes, Grace: left, Reason: fmt.Sprintf("%s is a replica of %s that may serve reads", n.addr(), m.name)}
}

// fault says why the replica may not serve reads; empty if at least one in two Sentinels sees no
// reason.
func (r *replica) fault(l Limits) string {
	var faults []string
	for _, v := range r.views {
		if f := faultOf(v, l); f != "" {
			faults = append(faults, f+", according to "+v.By.Snapshot.Sentinel)
		}
	}
	if 2*len(faults) > len(r.views) {
		return faults[0]
	}
	if l.MaxLag < 0 {
		return ""
	}
	latest, known := deployment.LatestOffset(r.views[0].Addr, r.offsets)
	if bytes, ahead := latest.Behind(r.offsets); known && bytes > l.MaxLag {
		return fmt.Sprintf("is %d bytes behind what %s had before", bytes, ahead)
	}
	return ""
}

// faultOf says why one Sentinel considers the replica unfit.
func faultOf(r deployment.ReplicaView, l Limits) string {
	follows := r.Follows(r.By.Master)
	switch {
	case r.Flags.Any(sentinel.FlagSDown | sentinel.FlagODown | sentinel.FlagDisconnected):
		return "is down"
	case r.RoleReported == sentinel.RoleMaster:
		return "says that it is a master"
	case follows.Present && !follows.Value:
		return "replicates from another node"
	case r.MasterLinkUp:
		return ""
	case !r.MasterLinkDownTime.Present:
		return "has never been linked to its master"
	case r.MasterLinkDownTime.Value > l.MaxLinkDown:
		return fmt.Sprintf("has lost its master %s ago", tenths(r.MasterLinkDownTime.Value))
	}
	return ""
}
