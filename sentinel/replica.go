package sentinel

// Informed reports whether the Sentinel has had an INFO of the master.
func (m *Master) Informed() bool { return m.informed(m.InfoRefresh) }

// Informed reports whether the Sentinel has had an INFO of the replica.
func (r *Replica) Informed() bool { return r.informed(r.InfoRefresh) }

// informed looks at the run id as well, because the age of the INFO is 0 both before the
// first INFO and right after any.
func (in *Instance) informed(refresh Duration) bool { return refresh.Value != 0 || in.RunID != "" }

// Live reports whether what Sentinel shows from the last INFO of the replica is current. It
// shows the last INFO of a dead replica for ever.
func (r *Replica) Live() bool { return r.Informed() && !r.Flags.Any(FlagSDown|FlagODown) }

// OK reports whether the Sentinel is connected to the replica and does not consider it
// down, and the replica's link to its master is up.
func (r *Replica) OK() bool {
	return !r.Flags.Any(FlagSDown|FlagODown|FlagDisconnected) && r.MasterLinkUp
}

// CountReplicas counts the replicas for which is returns true. A process that is listed
// twice counts once, and the master itself does not count.
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

// Follows reports whether the replica follows m, or the node that is advertised for m: while
// a failover reconfigures the replicas, both are right. It is absent if the replica reports
// that it is a master, before its first INFO, and if the hosts cannot be compared.
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

// follows compares the ports first: with another port it is another node, however the hosts
// are written.
func (r *Replica) follows(node *Instance) Optional[bool] {
	if r.MasterPort != node.Port {
		return Some(false)
	}
	return sameHost(r.MasterHost, node.Host)
}
