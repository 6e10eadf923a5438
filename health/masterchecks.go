package health

import (
	"fmt"
	"net"
	"slices"

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
		f := Finding{
			Severity: Critical, Sentinel: v.Snapshot.Sentinel, Node: v.Addr,
			Message: fmt.Sprintf("%s, the master according to Sentinel %s, has said for %s that it is a replica",
				v.Addr, v.Snapshot.Sentinel, Age(v.RoleReportedTime.Value)),
			Look: []string{redisCLI(v.Addr, "ROLE")},
		}
		m.taken(&f, v)
		o.add(f, v)
	}
	return o
}

// taken adds to the finding on a master that follows another node whom it follows, if that is none that the Sentinels know.
func (m *masterModel) taken(f *Finding, v deployment.View) {
	info := v.CachedInfo(v.AdvertisedNode())
	if info == nil || info.Age.Value > infoTime || info.Role != sentinel.RoleReplica || info.MasterAddr == "" || m.isNode(info.MasterAddr) {
		return
	}
	f.Message += fmt.Sprintf("; it follows %s, which none of them knows", info.MasterAddr)
	f.Hint = fmt.Sprintf("Something from elsewhere has made it a replica, and will again: mostly Sentinels of another deployment, of which a node had this address before, or else an operator or a person. Its data are replaced by those of %s, and then its replicas' as well: where one still has them (INFO keyspace), REPLICAOF NO ONE there keeps them. Make whoever it is forget this address: on the Sentinels of %s RESET that name when that node no longer lists this one. Then make the node with the data the master, or load the last backup.", info.MasterAddr, info.MasterAddr)
	f.Look = append(f.Look, redisCLI(v.Advertised(), "INFO", "replication"), redisCLI(info.MasterAddr, "INFO", "replication"))
	for _, group := range m.replicas {
		f.Look = append(f.Look, redisCLI(group[0].Addr, "INFO", "keyspace"))
	}
}

// isNode reports whether an address is one of a master or of a replica of the deployment, according to any Sentinel. A name may be one.
func (m *masterModel) isNode(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err != nil || net.ParseIP(host) == nil || slices.ContainsFunc(m.model.masters, func(other *masterModel) bool {
		return slices.ContainsFunc(other.Views, func(v deployment.View) bool { return v.Addr == addr || v.Advertised() == addr }) ||
			slices.ContainsFunc(other.replicas, func(g []deployment.ReplicaView) bool { return g[0].Addr == addr })
	})
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
		f := Finding{
			Severity: Critical, Sentinel: s.Sentinel,
			Message:  fmt.Sprintf("Sentinel %s does not monitor it, %d of %s %s%s", s.Sentinel, len(m.Views), count(len(m.model.up), "Sentinel"), do, then),
			Commands: monitorAt(s, known),
		}
		if m.nothingInCommon(s) {
			f.Message += "; it has no master in common with these"
			f.Hint = "See whether it belongs to another deployment: its address may be one that a Sentinel of this one had before. Then give it to the exporter as one of that, and RESET this name on the Sentinels that still count it. To MONITOR the master there would merge the two. Only if it belongs here, MONITOR it there, with the settings of the others."
			f.Commands, f.Look = nil, []string{onSentinel(s, "SENTINEL", "MASTERS")}
		}
		o.add(f)
	}
	return o
}

// nothingInCommon reports whether a Sentinel monitors masters, and none that those of this one do.
func (m *masterModel) nothingInCommon(s *sentinel.Snapshot) bool {
	return len(s.Masters) > 0 && !slices.ContainsFunc(m.Views, func(v deployment.View) bool {
		return slices.ContainsFunc(s.Masters, func(other sentinel.Master) bool { return v.Snapshot.Master(other.Name) != nil })
	})
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
