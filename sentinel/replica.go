package sentinel

import (
	"net/netip"
	"strings"
)

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

// SameProcess reports whether two entries are surely of one process, which may be known at
// several addresses. The run id tells: each process has one of its own.
func (in *Instance) SameProcess(other *Instance) bool {
	return in.RunID != "" && in.RunID == other.RunID
}

// ListedTwice returns the entries of each process that the master and its replicas hold
// more than once, and that is not down: one with two addresses, by IPv4 and IPv6, or by
// IP address and host name. Sentinel takes them for several nodes.
func (m *Master) ListedTwice() [][]*Instance {
	byRunID := make(map[string][]*Instance, 1+len(m.Replicas))
	var runIDs []string
	add := func(in *Instance) {
		if in.RunID == "" {
			return
		}
		if byRunID[in.RunID] == nil {
			runIDs = append(runIDs, in.RunID)
		}
		byRunID[in.RunID] = append(byRunID[in.RunID], in)
	}
	add(&m.Instance)
	for i := range m.Replicas {
		if r := &m.Replicas[i]; r.Live() {
			add(&r.Instance)
		}
	}
	var twice [][]*Instance
	for _, id := range runIDs {
		if entries := byRunID[id]; len(entries) > 1 {
			twice = append(twice, entries)
		}
	}
	return twice
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
	return Optional[bool]{}
}

// follows looks at the port first, as Sentinel does: another port is another node,
// however the hosts are written.
func (r *Replica) follows(node *Instance) Optional[bool] {
	if r.MasterPort != node.Port {
		return Some(false)
	}
	if node.Host == "" {
		return Optional[bool]{}
	}
	same, known := SameHost(r.MasterHost, node.Host)
	return Optional[bool]{Value: same, Present: known}
}

// SameHost reports whether two hosts are one. That a name and an IP address are the same
// host cannot be known without asking a name server.
func SameHost(a, b string) (same, known bool) {
	if strings.EqualFold(a, b) {
		return true, true
	}
	ipA, errA := netip.ParseAddr(a)
	ipB, errB := netip.ParseAddr(b)
	names, ips := errA != nil && errB != nil, errA == nil && errB == nil
	return ips && ipA.Unmap() == ipB.Unmap(), ips || names
}
