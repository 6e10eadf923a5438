package sentinel

import "time"

// A Master is what one Sentinel knows about one master.
type Master struct {
	Instance

	ODownTime          Duration // absent if not o_down
	FailoverState      FailoverState
	InfoRefresh        Duration // since the last INFO; 0 also if there was none
	RoleReported       string   // RoleMaster or RoleReplica, from the node's INFO
	RoleReportedTime   Duration
	ConfigEpoch        Number
	NumReplicas        Number // known ones, including dead and unannounced ones
	NumOtherSentinels  Number // known ones, including dead ones
	Quorum             Number
	FailoverTimeout    Duration
	ParallelSyncs      Number
	NotificationScript string // empty if not set
	ReconfigScript     string // client-reconfig-script; empty if not set

	// Replicas, Peers and CKQuorum are nil if the command failed; then the error says why.
	Replicas    []Replica
	ReplicasErr error
	Peers       []Peer
	PeersErr    error
	CKQuorum    *CKQuorum
	CKQuorumErr error
	// Cache has the cached INFO of the master and its replicas; nil without
	// Options.InfoCache.
	Cache []CachedInfo
	// Recent is what the Sentinel has published of the master and its nodes in the last 15
	// minutes, as far as a check asks for it, the newest first; nil where nobody listens ([Client.Events]). It is
	// for what no reply tells, and says nothing about the state of anything.
	Recent []RecentEvent
	// Restart is the one after which the master has less than half of its data; nil
	// if there was none, or it was not seen for want of INFO-CACHE. It is remembered by the client.
	Restart *Restart
}

// agreementTime is how long after s_down a Sentinel has certainly heard from the others if
// they agree: it asks them every second, and an answer is valid for 5 s.
const agreementTime = 10 * time.Second

// LacksAgreement reports whether the Sentinel considers the master down but starts no
// failover, because too few others have agreed, although they have had enough time. They
// consider the master up, are not asked, or do not answer.
func (m *Master) LacksAgreement() bool {
	return m.Flags.Has(FlagSDown) && !m.Flags.Any(FlagODown|FlagFailoverInProgress) && m.SDownTime.Value > agreementTime
}

// Advertised returns the address that GET-MASTER-ADDR-BY-NAME answers. While the Sentinel
// that leads a failover reconfigures the replicas, that is already the promoted replica's,
// although MASTERS still shows the old master (sentinelGetCurrentMasterAddress in
// src/sentinel.c).
func (m *Master) Advertised() string { return m.AdvertisedNode().Addr }

// AdvertisedNode returns the node at that address.
func (m *Master) AdvertisedNode() *Instance {
	if p := m.Promoted(); p != nil {
		return &p.Instance
	}
	return &m.Instance
}

// Promoted returns the replica that a failover has made the master, while MASTERS still shows
// the old one; otherwise nil.
func (m *Master) Promoted() *Replica {
	if !m.Flags.Has(FlagFailoverInProgress) || m.FailoverState < FailoverReconfReplicas {
		return nil
	}
	for i := range m.Replicas {
		if m.Replicas[i].Flags.Has(FlagPromoted) {
			return &m.Replicas[i]
		}
	}
	return nil
}

// Voters counts the Sentinels whose majority must authorize a failover: all
// that this one knows, the dead ones included, and itself.
func (m *Master) Voters() Number {
	if !m.NumOtherSentinels.Present {
		return Number{}
	}
	return Some(m.NumOtherSentinels.Value + 1)
}

// Majority returns the number of voters that must authorize a failover.
func (m *Master) Majority() Number {
	voters := m.Voters()
	if !voters.Present {
		return Number{}
	}
	return Some(voters.Value/2 + 1)
}

// Margin returns how many more Sentinels can fail while a failover is still possible: the
// usable ones, without those that are mute, minus the larger of quorum and majority. It is
// negative if no failover is possible already.
func (m *Master) Margin() Number {
	if m.CKQuorum == nil || !m.Quorum.Present || !m.NumOtherSentinels.Present {
		return Number{}
	}
	usable := m.CKQuorum.Usable
	for i := range m.Peers {
		if m.Peers[i].Mute() {
			usable--
		}
	}
	return Some(usable - max(m.Quorum.Value, m.Majority().Value))
}

// Informed reports whether the Sentinel has had an INFO of the master.
func (m *Master) Informed() bool { return m.informed(m.InfoRefresh) }

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

// FailoverOverdue reports whether the master has been objectively down for longer than
// failover-timeout, the time that one attempt to replace it may take.
func (m *Master) FailoverOverdue() bool {
	return m.Flags.Has(FlagODown) && m.FailoverTimeout.Present && m.ODownTime.Value > m.FailoverTimeout.Value
}
