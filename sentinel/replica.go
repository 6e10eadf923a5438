package sentinel

// Informed reports whether the Sentinel has had an INFO of the master.
func (m *Master) Informed() bool { return m.informed(m.InfoRefresh) }

// Informed reports whether the Sentinel has had an INFO of the replica.
func (r *Replica) Informed() bool { return r.informed(r.InfoRefresh) }

// informed goes by the run id as well: before the first INFO the Sentinel fills a
// node's fields with what it supposes, and says that the INFO is 0 old, as it does of
// one that has just come.
func (in *Instance) informed(refresh Duration) bool { return refresh.Value != 0 || in.RunID != "" }

// Live reports whether what the last INFO of the replica said of its replication still
// counts: of a dead replica Sentinel shows it for ever.
func (r *Replica) Live() bool { return r.Informed() && !r.Flags.Any(FlagSDown|FlagODown) }

// OK reports whether the Sentinel is connected to the replica and does not consider it
// down, and the replica's link to its master is up.
func (r *Replica) OK() bool {
	return !r.Flags.Any(FlagSDown|FlagODown|FlagDisconnected) && r.MasterLinkUp
}

// CountReplicas counts the replicas for which something holds. A process that is listed
// twice is one, and none if it is the master.
func (m *Master) CountReplicas(is func(*Replica) bool) int64 {
	var n int64
	counted := make(map[string]bool)
	for i := range m.Replicas {
		r := &m.Replicas[i]
		if counted[r.RunID] || r.SameProcess(&m.Instance) || !is(r) {
			continue
		}
		if r.RunID != "" {
			counted[r.RunID] = true
		}
		n++
	}
	return n
}

// Follows reports whether the replica's master is m, or the node that m is advertised
// at: while a failover reconfigures the replicas both are right. It is absent if the
// replica says that it is a master, before its first INFO, and where it cannot be
// known.
func (r *Replica) Follows(m *Master) Optional[bool] {
	if r.RoleReported != RoleReplica || r.MasterHost == "" || r.MasterHost == "?" {
		return Optional[bool]{}
	}
	shown, advertised := r.follows(&m.Instance), r.follows(m.AdvertisedNode())
	switch {
	case shown.Value || advertised.Value:
		return Some(true)
	case shown.Present && advertised.Present:
		return Some(false)
	}
	for i := range m.Replicas {
		other := &m.Replicas[i].Instance
		if is := other.SameNode(&m.Instance); r.follows(other).Value && is.Present && !is.Value {
			return Some(false)
		}
	}
	return Optional[bool]{}
}

// follows looks at the port first, as Sentinel does: another port is another node,
// however the hosts are written.
func (r *Replica) follows(node *Instance) Optional[bool] {
	if r.MasterPort != node.Port {
		return Some(false)
	}
	return sameHost(r.MasterHost, node.Host)
}
