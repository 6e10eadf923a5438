package sentinel

import "time"

// agreementTime is how long after s_down the others have been heard, if they agree:
// a Sentinel asks them each second, and believes an answer for 5 s.
const agreementTime = 10 * time.Second

// LacksAgreement reports whether the Sentinel has considered the master down for longer
// than it takes to hear that the others do, and has not heard it of enough of them:
// it starts no failover. Either they consider the master up, or they are not asked,
// or do not answer.
func (m *Master) LacksAgreement() bool {
	return m.Flags.Has(FlagSDown) && !m.Flags.Any(FlagODown|FlagFailoverInProgress) && m.SDownTime.Value > agreementTime
}

// Advertised is the address that GET-MASTER-ADDR-BY-NAME answers. While the
// Sentinel that leads a failover reconfigures the replicas it already names the
// promoted one, though MASTERS still shows the old master
// (sentinelGetCurrentMasterAddress in src/sentinel.c).
func (m *Master) Advertised() string { return m.AdvertisedNode().Addr }

// AdvertisedNode is the node at that address.
func (m *Master) AdvertisedNode() *Instance {
	if p := m.Promoted(); p != nil {
		return &p.Instance
	}
	return &m.Instance
}

// Promoted is the replica that a failover has made the master, as long as MASTERS
// still shows the old one; nil otherwise.
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

// Majority is the number of voters that must authorize a failover.
func (m *Master) Majority() Number {
	voters := m.Voters()
	if !voters.Present {
		return Number{}
	}
	return Some(voters.Value/2 + 1)
}

// Margin is how many more Sentinels can fail before no failover can happen
// any more: the usable ones less the larger of quorum and majority. It is
// negative when it has come to that.
func (m *Master) Margin() Number {
	if m.CKQuorum == nil || !m.Quorum.Present || !m.NumOtherSentinels.Present {
		return Number{}
	}
	return Some(m.CKQuorum.Usable - max(m.Quorum.Value, m.Majority().Value))
}
