package health

import (
	"fmt"
	"slices"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// noNamedMaster does not wait, unlike the other checks on roles: if every Sentinel names a
// node that reports to be a replica, no client can write. In a healthy failover one of them
// names a node that reports to be the master, or has not asked it yet. A single Sentinel is
// not enough: it may be about to hear of a failover that another one has led.
func noNamedMaster(m *masterModel) outcome {
	views := m.unfrozen()
	if len(views) < 2 {
		return fine()
	}
	var named []string
	for _, v := range views {
		if advertisedRole(v) != sentinel.RoleReplica || m.model.sentinels[v.Advertised()] {
			return fine()
		}
		named = append(named, v.Advertised())
	}
	named = distinct(named)
	f := Finding{Severity: Critical}
	if len(named) == 1 {
		f.Message = fmt.Sprintf("no client can write: the Sentinels name %s as the master, and it says that it is a replica", named[0])
	} else {
		f.Message = fmt.Sprintf("no client can write: the Sentinels name %s as the master, and each says that it is a replica", list(named))
	}
	alone := m.mastersNotNamed(named)
	if len(alone) > 0 {
		f.Message += fmt.Sprintf("; %s, which none of them names, says that it is a master", list(alone))
	}
	for _, addr := range slices.Concat(named, alone) {
		f.Look = append(f.Look, redisCLI(addr, "ROLE"))
	}
	if len(named) == 1 && len(alone) == 0 {
		m.taken(&f, views[0])
	}
	var o outcome
	o.add(f, views...)
	return o
}

// advertisedRole returns the role that the node which a Sentinel gives to clients has
// reported to that Sentinel.
func advertisedRole(v deployment.View) string {
	if p := v.Promoted(); p != nil {
		return p.RoleReported
	}
	return v.RoleReported
}

// mastersNotNamed returns the nodes that report to be masters and are not in named.
func (m *masterModel) mastersNotNamed(named []string) []string {
	var alone []string
	for _, group := range m.replicas {
		latest := slices.MinFunc(group, func(a, b deployment.ReplicaView) int { return int(a.InfoRefresh.Value - b.InfoRefresh.Value) })
		if latest.Live() && latest.RoleReported == sentinel.RoleMaster && !slices.Contains(named, latest.Addr) {
			alone = append(alone, latest.Addr)
		}
	}
	return alone
}
