package sentinel

// A Replica is what one Sentinel knows about one replica.
type Replica struct {
	Instance

	InfoRefresh      Duration // since the last INFO; 0 also if there was none
	RoleReported     string
	RoleReportedTime Duration
	// MasterLinkDownTime is 0 if the link is up. It is absent for a replica
	// whose link was never up, for which Sentinel sends -1000 (6.2 and later) or
	// about 1.7e12 (before).
	MasterLinkDownTime Duration
	MasterLinkUp       bool   // from the last INFO: stale for a dead replica, false before the first
	MasterHost         string // "?" until an INFO with role:slave
	MasterPort         string
	Priority           Number // 0 is never promoted
	ReplOffset         Number // bytes; from the last INFO

	// downSince1970 is true for a link that was never up, if the Sentinel is older than
	// 6.2. For such a Sentinel the link has been down for too long to promote the replica;
	// later ones promote it.
	downSince1970 bool
}

// Informed reports whether the Sentinel has had an INFO of the replica.
func (r *Replica) Informed() bool { return r.informed(r.InfoRefresh) }

// Live reports whether what Sentinel shows from the last INFO of the replica is current. It
// shows the last INFO of a dead replica for ever.
func (r *Replica) Live() bool { return r.Informed() && !r.Flags.Any(FlagSDown|FlagODown) }

// OK reports whether the Sentinel is connected to the replica and does not consider it
// down, and the replica's link to its master is up.
func (r *Replica) OK() bool {
	return !r.Flags.Any(FlagSDown|FlagODown|FlagDisconnected) && r.MasterLinkUp
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
