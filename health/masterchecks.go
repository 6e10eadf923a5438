package health

import (
	"fmt"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// masterRoleMismatch waits until every Sentinel can have heard of a switch. An address that
// belongs to a Sentinel is reported at once: its INFO has no role, which Sentinel takes for
// that of a replica.
func masterRoleMismatch(m *masterModel) outcome {
	if m.failingNow {
		return fine()
	}
	var o outcome
	for _, v := range m.Views {
		if m.model.sentinels[v.Addr] {
			o.add(Finding{
				Severity: Critical, Sentinel: v.Snapshot.Sentinel, Node: v.Addr,
				Message:  fmt.Sprintf("%s, the master according to Sentinel %s, is the address of a Sentinel", v.Addr, v.Snapshot.Sentinel),
				Hint:     "REMOVE the name there, and MONITOR it at the address of the Redis node. Until then no down flag tells of the fault: a Sentinel answers PING as a master does.",
				Look:     []string{redisCLI(v.Addr, "INFO", "server")},
				Commands: []string{onSentinel(v.Snapshot, "SENTINEL", "REMOVE", m.Name)},
			}) // without a witness: it is true even if the Sentinel has just started
			continue
		}
		if v.RoleReported != sentinel.RoleReplica || v.RoleReportedTime.Value < settleTime {
			continue
		}
		o.add(Finding{
			Severity: Critical, Sentinel: v.Snapshot.Sentinel, Node: v.Addr,
			Message: fmt.Sprintf("%s, the master according to Sentinel %s, has said for %s that it is a replica",
				v.Addr, v.Snapshot.Sentinel, Age(v.RoleReportedTime.Value)),
			Look: []string{redisCLI(v.Addr, "ROLE")},
		}, v)
	}
	return o
}

func masterMissing(m *masterModel) outcome {
	if len(m.missingAt) == 0 {
		return fine()
	}
	var o outcome
	known, do, then := m.believed(), "do", ""
	if len(m.Views) == 1 {
		do = "does"
	}
	if left := m.margin(); left.Present && left.Value < 0 {
		then = ": no failover can happen"
	}
	for _, s := range m.missingAt {
		o.add(Finding{
			Severity: Critical, Sentinel: s.Sentinel,
			Message:  fmt.Sprintf("Sentinel %s does not monitor it, %d of %s %s%s", s.Sentinel, len(m.Views), count(len(m.model.up), "Sentinel"), do, then),
			Commands: monitorAt(s, known),
		})
	}
	return o
}

// withoutInfo returns the Sentinels that the master answers, but that have had no INFO from
// it since they began to monitor it. They have no run id of it; the age of the last INFO
// would not show it, since that survives a RESET.
func (m *masterModel) withoutInfo() []deployment.View {
	return deployment.Where(m.settled(), func(v deployment.View) bool {
		answers := !v.Flags.Any(sentinel.FlagSDown) && v.LastOKPingReply.Present && v.LastOKPingReply.Value < answerTime
		return v.RunID == "" && answers
	})
}

func masterInfoMissing(m *masterModel) outcome {
	who := m.withoutInfo()
	if len(who) == 0 || m.failingNow {
		return fine()
	}
	f := Finding{Severity: Warning, Node: who[0].Addr, Look: []string{redisCLI(who[0].Addr, "ACL", "LOG"), onSentinel(who[0].Snapshot, "SENTINEL", "MASTER", m.Name)}}
	f.Message = fmt.Sprintf("the master %s answers PING and has never answered INFO, %s: from there they learn of its replicas",
		list(distinct(addrsOf(who))), say(who, len(m.Views)))
	if len(who) == len(m.Views) {
		f.Severity = Critical
		f.Message += ", and without them no failover can succeed"
	}
	var o outcome
	o.add(f, who...)
	return o
}
