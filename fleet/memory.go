package fleet

import (
	"strings"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// A memory is what is kept of the last snapshots of a deployment. Its strings are copies: one
// that is part of a reply would keep all of it.
type memory struct {
	at       time.Time // of the snapshots; zero if there were none yet
	status   health.Status
	summary  string
	masters  int
	margin   *int // the least of any master; nil if it is not known of one
	asked    int
	answered int
	// groups are the nodes as of the last snapshots that told them; whole is false if they have
	// not been told yet.
	groups []deployment.MergedMaster
	whole  bool
}

func newMemory(snapshots []*sentinel.Snapshot, r *health.Report) memory {
	m := memory{at: time.Now(), status: r.Status, summary: strings.Clone(r.Summary), asked: r.Asked, answered: r.Answered, masters: len(r.Masters)}
	for i := range r.Masters {
		one := &r.Masters[i]
		if one.Margin != nil && (i == 0 || m.margin != nil) {
			if margin := *one.Margin; m.margin == nil || margin < *m.margin {
				m.margin = &margin
			}
		} else {
			m.margin = nil
		}
	}
	m.groups, m.whole = groupsOf(snapshots)
	return m
}

// after returns the memory with what only an earlier one knows.
func (m memory) after(before *memory) memory {
	if !m.whole {
		m.groups, m.whole = before.groups, before.whole
	}
	return m
}

// groupsOf returns the nodes of all masters; whole is false if some are not known.
func groupsOf(snapshots []*sentinel.Snapshot) (groups []deployment.MergedMaster, whole bool) {
	if deployment.Unanswered(snapshots) != nil {
		return nil, false
	}
	for _, m := range deployment.MergedMasters(snapshots) {
		if m.MasterErr != nil || m.ReplicasErr != nil || m.SentinelsErr != nil {
			return nil, false
		}
		groups = append(groups, deployment.MergedMaster{
			Name: strings.Clone(m.Name), Master: copied(m.Master)[0],
			Replicas: copied(m.Replicas...), Sentinels: copied(m.Sentinels...),
		})
	}
	return groups, true
}

func copied(nodes ...deployment.Node) []deployment.Node {
	var copies []deployment.Node
	for _, n := range nodes {
		copies = append(copies, deployment.Node{Addr: strings.Clone(n.Addr), Healthy: n.Healthy})
	}
	return copies
}
