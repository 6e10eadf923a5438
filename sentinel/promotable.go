package sentinel

import (
	"fmt"
	"time"
)

// The periods of Sentinel's own timers (src/sentinel.c). SENTINEL DEBUG can
// change them, for tests; no reply tells.
const (
	pingPeriod = time.Second
	infoPeriod = 10 * time.Second
)

// Unpromotable says why Sentinel would not promote the replica in a failover of
// the master, or why that would be no failover; it is empty when neither is so. The rules are those of
// sentinelSelectSlave in src/sentinel.c, with their unreadable parts (a stamp
// that the reply leaves out) taken as met.
func (m *Master) Unpromotable(r *Replica) string {
	switch {
	case r.SameProcess(&m.Instance):
		return "it is the master itself, at another address"
	case r.Flags.Any(FlagSDown | FlagODown):
		return "it is down"
	case r.Flags.Has(FlagDisconnected):
		return "the Sentinel has no connection to it"
	case r.LastOKPingReply.Value > 5*pingPeriod:
		return fmt.Sprintf("its last good reply to PING is %s old", r.LastOKPingReply.Value)
	case r.Priority.Present && r.Priority.Value == 0:
		return "its replica-priority is 0"
	case !r.Informed():
		return "the Sentinel has had no INFO from it yet"
	case r.InfoRefresh.Value > m.infoValidity():
		return fmt.Sprintf("its last INFO is %s old", r.InfoRefresh.Value)
	case r.downSince1970:
		return "its link to the master was never up"
	case r.MasterLinkDownTime.Value > m.maxLinkDown():
		return fmt.Sprintf("its link to the master has been down for %s", r.MasterLinkDownTime.Value)
	}
	return ""
}

// infoValidity is how old a replica's INFO may be. While the master is down
// Sentinel asks each second.
func (m *Master) infoValidity() time.Duration {
	if m.Flags.Has(FlagSDown) {
		return 5 * pingPeriod
	}
	return 3 * infoPeriod
}

// maxLinkDown is how long a replica may have been cut off from the master.
func (m *Master) maxLinkDown() time.Duration { return m.SDownTime.Value + 10*m.DownAfter.Value }

// HasHiddenReplicas reports whether the master has replicas that REPLICAS leaves out:
// those with replica-announced no. A failover can promote them all the same.
func (m *Master) HasHiddenReplicas() bool {
	return m.ReplicasErr == nil && m.NumReplicas.Value > int64(len(m.Replicas))
}

// PromotableReplicas counts the replicas that a failover could promote, one with two
// addresses once; absent
// when the replicas are not known, and when only hidden ones could be promoted.
func (m *Master) PromotableReplicas() Number {
	if m.ReplicasErr != nil {
		return Number{}
	}
	n := m.CountReplicas(func(r *Replica) bool { return m.Unpromotable(r) == "" })
	if n == 0 && m.HasHiddenReplicas() {
		return Number{}
	}
	return Some(n)
}
