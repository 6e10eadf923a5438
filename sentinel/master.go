package sentinel

import "time"

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
// usable ones minus the larger of quorum and majority. It is negative if no failover is
// possible already.
func (m *Master) Margin() Number {
	if m.CKQuorum == nil || !m.Quorum.Present || !m.NumOtherSentinels.Present {
		return Number{}
	}
	return Some(m.CKQuorum.Usable - max(m.Quorum.Value, m.Majority().Value))
}
