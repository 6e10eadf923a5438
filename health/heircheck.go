package health

import (
	"fmt"
	"slices"

	"redis_sentinel_exporter/deployment"
)

// failoverLosesData looks at the replica that would be promoted: Sentinel treats a link
// that was never up as one that is not down. All Sentinels that would promote a replica must
// agree, since their INFO is of different moments, and a new replica needs time to
// synchronize.
func failoverLosesData(m *masterModel) outcome {
	o := m.replicasKnown()
	if m.failingNow || o.unknown != "" {
		return o
	}
	var who []deployment.View
	for _, v := range m.settled() {
		switch heir := lasting(v).Heir(); {
		case heir == nil: // no_promotable_replica reports it
		case !heir.NeverSynchronized() || heir.RoleReportedTime.Value < linkTime:
			return o
		default:
			who = append(who, v)
		}
	}
	if len(who) == 0 {
		return o
	}
	if slices.ContainsFunc(m.Views, func(v deployment.View) bool { return v.HasHiddenReplicas() }) {
		return cannotTell("it has replicas that are not announced (replica-announced no), of which the Sentinels tell nothing")
	}
	o.add(m.lossOf(who[0]), who...)
	return o
}

// lossOf returns the finding on the replica that the Sentinel of v would promote.
func (m *masterModel) lossOf(v deployment.View) Finding {
	master := lasting(v)
	heir := master.Heir()
	f := Finding{Severity: Critical}
	var empty, full []string
	for i := range v.Replicas {
		switch r := &v.Replicas[i]; {
		case master.Unpromotable(r) != "":
		case r.NeverSynchronized():
			empty = append(empty, r.Addr)
		default:
			full = append(full, r.Addr)
		}
	}
	slices.Sort(empty)
	f.Message = fmt.Sprintf("a failover would lose all data: the Sentinels would promote %s, which has never had a link to the master %s", heir.Addr, v.Addr)
	switch {
	case len(full) > 0:
		f.Message += fmt.Sprintf("; %s has, but its replica-priority comes later", list(full))
	case len(empty) > 1:
		f.Message = fmt.Sprintf("a failover would lose all data: none of the %d replicas that can be promoted (%s) has ever had a link to the master %s",
			len(empty), few(empty), v.Addr)
	}
	for _, addr := range empty {
		f.Look = append(f.Look, redisCLI(addr, "INFO", "replication"))
	}
	// A replica that cannot be promoted at the moment, and has no data either, would be next.
	synchronized := func(s deployment.ReplicaView) bool { return s.Informed() && !s.NeverSynchronized() }
	for _, group := range m.replicas {
		if !slices.ContainsFunc(group, synchronized) {
			f.Commands = append(f.Commands, redisCLI(group[0].Addr, "CONFIG", "SET", "replica-priority", "0"))
		}
	}
	return f
}
