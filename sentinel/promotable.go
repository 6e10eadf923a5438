package sentinel

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The periods of Sentinel's timers (src/sentinel.c). SENTINEL DEBUG can change them, for
// tests, but no reply shows them.
const (
	pingPeriod = time.Second
	infoPeriod = 10 * time.Second
)

// IsDown is what Unpromotable says of a replica that is down.
const IsDown = "it is down"

// Unpromotable returns why Sentinel would not promote the replica in a failover of the master,
// or why promoting it would not help; empty if it can be promoted. The rules are those of
// sentinelSelectSlave in src/sentinel.c. Conditions that depend on a field that the reply
// leaves out count as met.
func (m *Master) Unpromotable(r *Replica) string {
	switch {
	case r.SameProcess(&m.Instance):
		return "it is the master itself, at another address"
	case r.Flags.Any(FlagSDown | FlagODown):
		return IsDown
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

// NeverSynchronized reports whether the replica has had no link to its master since it
// was started or told to follow it, and has no offset from an earlier time either. So it is
// empty, or its data is not its master's. Sentinel before 6.2 does not promote such a
// replica; later ones do.
func (r *Replica) NeverSynchronized() bool {
	const noOffset = 1 // the offset of a replica that has never had a master
	return r.Informed() && r.RoleReported == RoleReplica && !r.MasterLinkUp && !r.MasterLinkDownTime.Present &&
		r.ReplOffset.Present && r.ReplOffset.Value <= noOffset
}

// Heirs returns the replicas that Sentinel could promote in a failover of the master, its
// first choice first. Sentinel may prefer a replica that REPLICAS leaves out.
func (m *Master) Heirs() []*Replica {
	heirs := make([]*Replica, 0, len(m.Replicas))
	for i := range m.Replicas {
		if r := &m.Replicas[i]; m.Unpromotable(r) == "" {
			heirs = append(heirs, r)
		}
	}
	slices.SortStableFunc(heirs, func(a, b *Replica) int {
		switch {
		case comesBefore(a, b):
			return -1
		case comesBefore(b, a):
			return 1
		}
		return 0
	})
	return heirs
}

// Heir returns the replica that Sentinel would promote, or nil.
func (m *Master) Heir() *Replica {
	var first *Replica
	for i := range m.Replicas {
		if r := &m.Replicas[i]; m.Unpromotable(r) == "" && (first == nil || comesBefore(r, first)) {
			first = r
		}
	}
	return first
}

// A Rule is one by which Sentinel prefers one replica to another, in the order in which they count.
type Rule int

// The rules.
const (
	RulePriority Rule = iota // a lower replica-priority
	RuleOffset               // more data
	RuleRunID                // a run id that is known, then the one that sorts first
)

// String names what is compared.
func (r Rule) String() string {
	switch r {
	case RulePriority:
		return "replica-priority"
	case RuleOffset:
		return "replication offset"
	default:
		return "run id"
	}
}

// Against says why a replica is not preferred to the one that is, by the rule.
func (r Rule) Against(replica, preferred *Replica) string {
	switch r {
	case RulePriority:
		return fmt.Sprintf("its replica-priority is %d, that of the chosen one %d", replica.Priority.Value, preferred.Priority.Value)
	case RuleOffset:
		return fmt.Sprintf("its replication offset is %d, that of the chosen one %d", replica.ReplOffset.Value, preferred.ReplOffset.Value)
	default:
		return "its run id sorts after that of the chosen one"
	}
}

// Preference returns the rule that decides between two replicas.
func Preference(a, b *Replica) Rule {
	switch {
	case a.Priority.Value != b.Priority.Value:
		return RulePriority
	case a.ReplOffset.Value != b.ReplOffset.Value:
		return RuleOffset
	}
	return RuleRunID
}

// comesBefore reports whether Sentinel would promote a rather than b
// (compareSlavesForPromotion in src/sentinel.c).
func comesBefore(a, b *Replica) bool {
	switch Preference(a, b) {
	case RulePriority:
		return a.Priority.Value < b.Priority.Value
	case RuleOffset:
		return a.ReplOffset.Value > b.ReplOffset.Value
	}
	if a.RunID == "" || b.RunID == "" {
		return a.RunID != ""
	}
	return strings.ToLower(a.RunID) < strings.ToLower(b.RunID)
}

// infoValidity returns how old a replica's INFO may be. While the master is down, Sentinel
// asks for it every second.
func (m *Master) infoValidity() time.Duration {
	if m.Flags.Has(FlagSDown) {
		return 5 * pingPeriod
	}
	return 3 * infoPeriod
}

// maxLinkDown returns how long the link of a replica to the master may have been down.
func (m *Master) maxLinkDown() time.Duration { return m.SDownTime.Value + 10*m.DownAfter.Value }

// HasHiddenReplicas reports whether the master has replicas that REPLICAS leaves out:
// those with replica-announced no. A failover can promote them all the same.
func (m *Master) HasHiddenReplicas() bool { return m.HiddenReplicas() > 0 }

// HiddenReplicas counts them.
func (m *Master) HiddenReplicas() int64 {
	if m.ReplicasErr != nil {
		return 0
	}
	return max(0, m.NumReplicas.Value-int64(len(m.Replicas)))
}

// PromotableReplicas counts the replicas that a failover could promote; one with two
// addresses counts once. It is absent if the replicas are not known, or if only hidden ones
// might be promoted.
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
