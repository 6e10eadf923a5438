package health

import (
	"fmt"
	"slices"

	"redis_sentinel_exporter/deployment"
)

// maxLag is how many bytes a replica may be behind.
const maxLag = 16 << 20

func replicaLagging(m *masterModel) outcome {
	o := m.replicasKnown()
	if m.failingNow || deployment.Apart(m.Views) <= maxLag {
		return o
	}
	all := deployment.Offsets(m.Views)
	for _, group := range m.replicas {
		latest, known := deployment.LatestOffset(group[0].Addr, all)
		if !known || slices.ContainsFunc(group, func(s deployment.ReplicaView) bool { return considersDown(s) || !s.MasterLinkUp }) {
			continue // other checks report that
		}
		if bytes, ahead := latest.Behind(all); bytes > maxLag {
			o.add(Finding{
				Severity: Warning, Node: latest.Addr,
				Message: fmt.Sprintf("the replica %s is %s behind what %s had before", latest.Addr, size(bytes), ahead),
				Look:    []string{redisCLI(latest.Addr, "INFO", "replication")},
			}, witnesses(group, func(deployment.ReplicaView) bool { return true })...)
		}
	}
	return o
}
