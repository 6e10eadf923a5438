package admin

import (
	"context"
	"slices"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// An assessment is the state of the deployment before it is changed.
type assessment struct {
	snapshots []*sentinel.Snapshot
	report    health.Report
	hosts     hostNames // the names in the address to monitor and in those that may be the same; nil for other actions
	removed   string    // where the name had been monitored when it was removed; empty if nothing is known of that
}

func takeAssessment(ctx context.Context, d *deployment.Deployment, timeout time.Duration) *assessment {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	snapshots := d.Snapshots(ctx)
	return &assessment{snapshots: snapshots, report: health.Assess(snapshots, nil)}
}

// views returns the views of the Sentinels that monitor a master.
func (s *assessment) views(name string) []deployment.View {
	return deployment.ViewsOf(s.snapshots, name)
}

// hasHiddenReplicas reports whether a Sentinel has replicas of the master that it does not
// show. A guard must not assume that it could promote none of them.
func (s *assessment) hasHiddenReplicas(master string) bool {
	return slices.ContainsFunc(s.views(master), func(v deployment.View) bool { return v.HasHiddenReplicas() })
}

// contradiction returns the view of another Sentinel that has heard from the replica which the one of v
// would promote, later than that: that its replica-priority is 0. Nil if there is none. Each Sentinel
// asks a node every 10 s, at a moment of its own. What may have been later, as the Sentinels did not
// answer at the same moment, counts as later.
func (s *assessment) contradiction(v deployment.View) *deployment.ReplicaView {
	heir := v.Heir()
	if heir == nil {
		return nil
	}
	heard := v.Snapshot.Started.Add(-heir.InfoRefresh.Value)
	for _, other := range s.views(v.Name) {
		answered := other.Snapshot.Started.Add(other.Snapshot.Duration)
		for i := range other.Replicas {
			r := &other.Replicas[i]
			if r.SameProcess(&heir.Instance) && answered.Add(-r.InfoRefresh.Value).After(heard) && r.Priority.Present && r.Priority.Value == 0 {
				return &deployment.ReplicaView{Replica: r, By: other}
			}
		}
	}
	return nil
}

// lookUp resolves the host names of addr and of the nodes that may be at addr.
func (s *assessment) lookUp(ctx context.Context, addr string, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	addrs := []string{addr}
	if s.removed != "" {
		addrs = append(addrs, s.removed)
	}
	add := func(node *sentinel.Instance) {
		if !sentinel.SameAddress(node.Addr, addr).Present { // only the IP addresses of a name can tell
			addrs = append(addrs, node.Addr)
		}
	}
	for _, v := range s.snapshots {
		for i := range v.Masters {
			m := &v.Masters[i]
			add(&m.Instance)
			for k := range m.Replicas {
				add(&m.Replicas[k].Instance)
			}
		}
	}
	s.hosts = lookUpHosts(ctx, addrs)
}
