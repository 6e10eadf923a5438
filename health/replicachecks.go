package health

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// replicasKnown is the outcome of a check on replicas before it looks at any: unknown if no
// Sentinel has listed them.
func (m *masterModel) replicasKnown() outcome {
	if slices.ContainsFunc(m.Views, func(v deployment.View) bool { return v.ReplicasErr == nil }) {
		return fine()
	}
	return cannotTell("no Sentinel answered REPLICAS")
}

func considersDown(s deployment.ReplicaView) bool {
	return s.Flags.Has(sentinel.FlagSDown) && !inTilt(s.By)
}

// witnesses returns the views of those Sentinels in which is holds for the replica.
func witnesses(group []deployment.ReplicaView, is func(deployment.ReplicaView) bool) []deployment.View {
	var who []deployment.View
	for _, s := range group {
		if is(s) {
			who = append(who, s.By)
		}
	}
	return who
}

// longest returns the greatest of the ages.
func longest(group []deployment.ReplicaView, age func(deployment.ReplicaView) time.Duration) time.Duration {
	var most time.Duration
	for _, s := range group {
		most = max(most, age(s))
	}
	return most
}

// eachReplica makes one finding for every replica for which is holds in any view. message
// gets these views, and the words that say which Sentinels they are of.
func (m *masterModel) eachReplica(severity Status, is func(deployment.ReplicaView) bool, message func([]deployment.ReplicaView, string) string, command ...string) outcome {
	o := m.replicasKnown()
	for _, group := range m.replicas {
		if who := witnesses(group, is); len(who) > 0 {
			seen := slices.DeleteFunc(slices.Clone(group), func(s deployment.ReplicaView) bool { return !is(s) })
			o.add(Finding{
				Severity: severity, Node: group[0].Addr, Message: message(seen, say(who, len(m.Views))),
				Look: []string{redisCLI(group[0].Addr, command...)},
			}, who...)
		}
	}
	return o
}

func replicaDown(m *masterModel) outcome {
	down := func(s deployment.ReplicaView) bool { return considersDown(s) && !refused(s) }
	o := m.eachReplica(Warning, down, func(seen []deployment.ReplicaView, who string) string {
		since := longest(seen, func(s deployment.ReplicaView) time.Duration { return s.SDownTime.Value })
		return fmt.Sprintf("the replica %s has been down for %s, %s", seen[0].Addr, Age(since), who)
	}, "PING")
	for i := range o.found {
		if to := m.movedTo(o.found[i].Node); to != "" {
			f := &o.found[i]
			f.Message += fmt.Sprintf("; its process answers at %s, where it is listed as well: it has moved", to)
			f.Hint = "Nothing is down: the Sentinels list the old address until a RESET, one Sentinel at a time, which the command reset does."
			f.Look, f.Commands = []string{redisCLI(to, "INFO", "replication")}, []string{resetOn(m.Name, m.Views)}
		}
	}
	for i := range o.found {
		m.explainUnreached(&o.found[i])
	}
	return o
}

// explainUnreached says of a replica that is down to Sentinels what its master knows better: that it replicates.
func (m *masterModel) explainUnreached(f *witnessedFinding) {
	group := m.replicas[slices.IndexFunc(m.replicas, func(g []deployment.ReplicaView) bool { return g[0].Addr == f.Node })]
	ago, runs := m.replicates(group)
	if !runs {
		return
	}
	f.Message += fmt.Sprintf("; but it runs: the master %s had word of it %s ago", group[0].By.Addr, Age(ago))
	f.Look = append(f.Look, redisCLI(group[0].By.Addr, "INFO", "replication"))
	if slices.ContainsFunc(group, func(s deployment.ReplicaView) bool { return s.Informed() }) {
		f.Hint = "It replicates, so nothing is to be started: see what keeps the Sentinels from it, such as a firewall, bind, protected-mode or its maxclients. Until then it cannot be promoted, and is not pointed to a new master."
		return
	}
	f.Message += ", and no Sentinel has had an answer at that address"
	f.Hint = "It replicates, so nothing is to be started: the master sees it at an address where nobody else reaches it, as behind the NAT of Docker, or where a network of Kubernetes or Swarm writes its own address into connections. Set replica-announce-ip and replica-announce-port there to what the Sentinels reach, CLIENT KILL TYPE master there for the master to learn it, and RESET for the Sentinels to forget the old one. RESET alone is in vain. Until then it cannot be promoted, and is not pointed to a new master."
}

// isKnownAs reports whether a Sentinel knows a replica by an address.
func isKnownAs(group []deployment.ReplicaView, addr string) bool {
	return slices.ContainsFunc(group, func(s deployment.ReplicaView) bool { return s.Addr == addr })
}

// replicates reports whether the master has had an acknowledgement of a replica while Sentinels have considered that down,
// and how long ago.
func (m *masterModel) replicates(group []deployment.ReplicaView) (ago time.Duration, ok bool) {
	_, info := m.masterInfo()
	if info == nil {
		return 0, false
	}
	down := longest(group, func(s deployment.ReplicaView) time.Duration { return s.SDownTime.Value })
	for _, r := range info.Attached {
		ago := info.Age.Value + r.Lag.Value
		// The lag is in whole seconds.
		if isKnownAs(group, r.Addr) && r.Online && r.Lag.Present && r.Lag.Value <= ackTime && ago+time.Second < down {
			return ago, true
		}
	}
	return 0, false
}

// movedTo is the address at which a Sentinel sees the process of a replica that is down;
// empty if none does.
func (m *masterModel) movedTo(addr string) string {
	for _, group := range m.replicas {
		for _, s := range group {
			if group[0].Addr == addr {
				if to := s.By.MovedTo(s.Replica); to != nil {
					return to.Addr
				}
			}
		}
	}
	return ""
}

// ghostReplicas regards a replica as gone when every Sentinel that knows it has considered
// it down for a long time.
func ghostReplicas(m *masterModel) outcome {
	o := m.replicasKnown()
	for _, group := range m.unfrozenReplicas() {
		gone := func(s deployment.ReplicaView) bool {
			return considersDown(s) && !refused(s) && s.SDownTime.Value > ghostTime(s.By)
		}
		who := witnesses(group, gone)
		if _, runs := m.replicates(group); runs || len(who) < len(group) {
			continue
		}
		since := longest(group, func(s deployment.ReplicaView) time.Duration { return s.SDownTime.Value })
		o.add(Finding{
			Severity: Warning, Node: group[0].Addr,
			Message: fmt.Sprintf("the replica %s has been down for %s, %s: the Sentinels will look for it until a RESET",
				group[0].Addr, Age(since), say(who, len(m.Views))),
			Commands: []string{resetOn(m.Name, who)},
		}, who...)
	}
	return o
}

// replicaLinkDown does not blame a replica while the master is down or loads its data, or
// while its link is being established.
func replicaLinkDown(m *masterModel) outcome {
	if m.failingNow || m.isDown() || m.masterLoads() {
		return m.replicasKnown()
	}
	cut := func(s deployment.ReplicaView) bool { return linkIsCut(s) && !loads(s) }
	o := m.eachReplica(Warning, cut, func(seen []deployment.ReplicaView, who string) string {
		since := longest(seen, func(s deployment.ReplicaView) time.Duration { return s.MasterLinkDownTime.Value })
		how := "has been down for " + Age(since)
		if since == 0 {
			how = "was never up"
		}
		return fmt.Sprintf("the link of the replica %s to its master %s, %s", seen[0].Addr, how, who)
	}, "INFO", "replication")
	for i := range o.found {
		o.found[i].Look = append(o.found[i].Look, redisCLI(m.believed().Advertised(), "INFO", "stats"))
	}
	return o
}

// linkIsCut reports whether a replica has been without its link for too long.
func linkIsCut(s deployment.ReplicaView) bool {
	if !s.Live() || s.MasterLinkUp || s.RoleReported == sentinel.RoleMaster || recentlyReset(s.By) {
		return false
	}
	if s.MasterLinkDownTime.Present {
		return s.MasterLinkDownTime.Value >= linkTime
	}
	return s.RoleReportedTime.Value >= linkTime
}

// replicaRoleMismatch waits, because Sentinel needs some time to turn a master that has come
// back into a replica, and warns as long as that takes writes. One that loads its data cannot
// be turned yet, and takes none.
func replicaRoleMismatch(m *masterModel) outcome {
	if m.failingNow {
		return m.replicasKnown()
	}
	wrong := func(s deployment.ReplicaView) bool { return staysMaster(s) && !loads(s) }
	back := func(s deployment.ReplicaView) bool { return hasComeBack(s) && !loads(s) }
	since := func(seen []deployment.ReplicaView) time.Duration {
		return longest(seen, func(s deployment.ReplicaView) time.Duration { return s.RoleReportedTime.Value })
	}
	o := m.eachReplica(Critical, wrong, func(seen []deployment.ReplicaView, who string) string {
		return fmt.Sprintf("the replica %s has said for %s that it is a master, beside the master %s, %s",
			seen[0].Addr, Age(since(seen)), seen[0].By.Addr, who)
	}, "ROLE")
	writable := m.eachReplica(Warning, back, func(seen []deployment.ReplicaView, who string) string {
		return fmt.Sprintf("%s has come back as a master beside the master %s, and takes writes, which will be lost, for about %.0f s more, %s",
			seen[0].Addr, seen[0].By.Addr, max(0, writableTime-since(seen)).Seconds(), who)
	}, "ROLE")
	for _, f := range writable.found {
		if !slices.ContainsFunc(o.found, func(other witnessedFinding) bool { return other.Node == f.Node }) {
			f.Hint = "The Sentinels make it a replica by themselves. Keep clients from it until then; min-replicas-to-write 1 on all nodes keeps it from taking writes."
			o.found = append(o.found, f)
		}
	}
	return o
}

// hasComeBack reports whether a node was started as a master long after the Sentinel knew
// another one, and has not been made a replica yet. After a failover by hand the old master is
// one as well for as long, which is how it is always. One that has just been promoted may be a
// replica to those who have not heard of it.
func hasComeBack(s deployment.ReplicaView) bool {
	since := s.RoleReportedTime.Value
	return s.Live() && s.RoleReported == sentinel.RoleMaster && since >= hearTime && since < writableTime+time.Second &&
		s.By.RoleReported == sentinel.RoleMaster && s.By.RoleReportedTime.Value-since > returnTime
}

// staysMaster reports whether a replica says for too long that it is a master.
func staysMaster(s deployment.ReplicaView) bool {
	return s.Live() && s.RoleReported == sentinel.RoleMaster && s.RoleReportedTime.Value >= convertTime
}

func replicaWrongMaster(m *masterModel) outcome {
	if m.failingNow {
		return m.replicasKnown()
	}
	wrong := func(s deployment.ReplicaView) bool { return s.Live() && !recentlyReset(s.By) && followsAnother(s) }
	o := m.eachReplica(Warning, wrong, func(seen []deployment.ReplicaView, who string) string {
		return fmt.Sprintf("the replica %s follows %s, and the master is %s, %s",
			seen[0].Addr, net.JoinHostPort(seen[0].MasterHost, seen[0].MasterPort), seen[0].By.Addr, who)
	}, "INFO", "replication")
	for i := range o.found {
		f := &o.found[i]
		master := f.witnesses[0]
		f.Commands = []string{redisCLI(f.Node, "REPLICAOF", master.Host, master.Port)}
		if followed := m.followedBy(f.Node); !m.isNode(followed) {
			f.Message += "; none of them knows that node"
			f.Hint = fmt.Sprintf("If somebody has moved the replica to another master, RESET makes these Sentinels forget it: until then they point it back. If nobody has, its address may have been that of a node of another deployment, whose Sentinels point it to %s each time: RESET that name there when that master does not list it.", followed)
			f.Commands = nil
			f.Look = append(f.Look, redisCLI(followed, "INFO", "replication"))
		}
	}
	return o
}

// followedBy is the node that a replica follows, according to a Sentinel that sees it follow another than the master.
func (m *masterModel) followedBy(addr string) string {
	for _, group := range m.replicas {
		for _, s := range group {
			if group[0].Addr == addr && followsAnother(s) {
				return net.JoinHostPort(s.MasterHost, s.MasterPort)
			}
		}
	}
	return ""
}

// followsAnother reports whether the replica certainly follows another node.
func followsAnother(s deployment.ReplicaView) bool {
	follows := s.Follows(s.By.Master)
	return follows.Present && !follows.Value
}

// lasting returns the master without what passes in a moment: s_down until o_down has lasted for
// a while, since with it Sentinel promotes only replicas whose INFO is at most 5 s old, and it asks
// for it as soon as the master is objectively down; and the loss of a connection to a replica that
// has just answered, since REPLICAOF disconnects Sentinels as well.
func lasting(v deployment.View) *sentinel.Master {
	i := slices.IndexFunc(v.Replicas, justDisconnected)
	if i < 0 && !v.Flags.Has(sentinel.FlagSDown) {
		return v.Master
	}
	m := *v.Master
	if m.ODownTime.Value < infoHasteTime {
		m.Flags &^= sentinel.FlagSDown
	}
	if i >= 0 {
		m.Replicas = slices.Clone(m.Replicas)
		for ; i < len(m.Replicas); i++ {
			if r := &m.Replicas[i]; justDisconnected(*r) {
				r.Flags &^= sentinel.FlagDisconnected
			}
		}
	}
	return &m
}

func justDisconnected(r sentinel.Replica) bool {
	return r.Flags.Has(sentinel.FlagDisconnected) && r.LastOKPingReply.Present && r.LastOKPingReply.Value < reconnectTime
}

func promotable(v deployment.View) int { return int(lasting(v).PromotableReplicas().Value) }

// lookingForReplicas reports whether the Sentinel may find a replica to promote at any
// moment: it has just begun to monitor the master, and some replica has sent no INFO yet, or
// not had the time to establish its link.
func lookingForReplicas(v deployment.View) bool {
	unready := slices.ContainsFunc(v.Replicas, func(r sentinel.Replica) bool { return !r.Informed() || !r.MasterLinkUp })
	return recentlyReset(v) && (unready || len(v.Replicas) == 0)
}

// noPromotableReplica is fine if one Sentinel could promote a replica. A Sentinel that knows
// none right after a start, a RESET or a switch does not count.
func noPromotableReplica(m *masterModel) outcome {
	o := m.replicasKnown()
	if m.failingNow || o.unknown != "" || m.promotable > 0 {
		return o
	}
	who := deployment.Where(m.Views, func(v deployment.View) bool { return v.ReplicasErr == nil && !lookingForReplicas(v) })
	if len(who) == 0 {
		return cannotTell("the Sentinels have just begun to look for its replicas")
	}
	if slices.ContainsFunc(m.Views, func(v deployment.View) bool { return v.HasHiddenReplicas() }) {
		return cannotTell("it has replicas that are not announced (replica-announced no), of which the Sentinels tell nothing")
	}
	if !slices.ContainsFunc(who, func(v deployment.View) bool { return len(v.Replicas) > 0 }) && len(m.withoutInfo()) == len(m.Views) {
		return cannotTell("the master has answered no Sentinel's INFO, which lists its replicas")
	}
	f := Finding{
		Severity: Critical, Message: "no failover could succeed: there is no replica at all",
		Hint: "No replica is connected to the master, which is how the Sentinels learn of them. Ask those that should be (INFO replication): one may follow an address that the master, or one before it, had earlier. REPLICAOF makes it follow this one, and throw away what it has: first compare their keys (INFO keyspace). If there is to be none, nothing can be failed over.",
		Look: []string{redisCLI(who[0].Addr, "INFO", "replication"), redisCLI(who[0].Addr, "INFO", "keyspace")},
	}
	if v := lasting(who[0]); len(v.Replicas) > 0 {
		why := make([]string, len(v.Replicas))
		for i := range v.Replicas {
			why[i] = v.Replicas[i].Addr + ": " + v.Unpromotable(&v.Replicas[i])
		}
		slices.Sort(why)
		f.Hint, f.Look = "", nil
		f.Message = fmt.Sprintf("no failover could succeed: none of %s can be promoted (%s)", count(len(why), "replica"), strings.Join(why, "; "))
	}
	f.Look = append(onEach(who[:1], "SENTINEL", "REPLICAS", m.Name), f.Look...)
	for _, group := range deployment.ByReplica(who[:1]) {
		if group[0].Priority.Present && group[0].Priority.Value == 0 {
			f.Commands = append(f.Commands, redisCLI(group[0].Addr, "CONFIG", "SET", "replica-priority", "100"))
		}
	}
	o.add(f, who...)
	return o
}
