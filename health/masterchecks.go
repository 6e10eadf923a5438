package health

import (
	"fmt"
	"slices"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

func masterODown(m *masterModel) outcome {
	return m.down(sentinel.FlagODown, Critical, "objectively down (o_down)")
}
func masterSDown(m *masterModel) outcome { return m.down(sentinel.FlagSDown, Warning, "down (s_down)") }

// down finds Sentinels that have set one of the down flags. One that is in TILT does not
// update them.
func (m *masterModel) down(flag sentinel.Flags, severity Status, words string) outcome {
	down := slices.DeleteFunc(m.unfrozen(), func(v deployment.View) bool { return !v.Flags.Has(flag) || onlyByHand(v) })
	if len(down) == 0 {
		return m.notDown()
	}
	var o outcome
	for _, who := range byAddr(down) {
		var longest time.Duration
		for _, v := range who {
			longest = max(longest, v.SDownTime.Value)
		}
		o.add(Finding{
			Severity: severity, Node: who[0].Addr,
			Message: fmt.Sprintf("the master %s has been %s for %s, %s", who[0].Addr, words, Age(longest), say(who, len(m.Views))),
			Look:    append([]string{redisCLI(who[0].Addr, "PING")}, onEach(who[:1], "SENTINEL", "MASTER", m.Name)...),
		}, who...)
	}
	return o
}

// addrsOf returns the addresses at which Sentinels monitor the master.
func addrsOf(views []deployment.View) []string {
	addrs := make([]string, len(views))
	for i, v := range views {
		addrs[i] = v.Addr
	}
	return addrs
}

// notDown is the outcome if nobody considers the master down: fine only if some Sentinel
// would have noticed.
func (m *masterModel) notDown() outcome {
	switch {
	case slices.ContainsFunc(m.Views, hasReachedMaster):
		return fine()
	case !slices.ContainsFunc(m.Views, func(v deployment.View) bool { return !inTilt(v) }):
		return cannotTell("every Sentinel that monitors it is in TILT, and sees nothing go down")
	}
	return cannotTell("the Sentinels have just started and have not reached it yet")
}

// agreementMissing finds a master that most Sentinels consider down while none of them gets
// the agreement of the others.
func agreementMissing(m *masterModel) outcome {
	if !m.isDown() {
		return m.notDown()
	}
	var who []deployment.View
	for _, v := range m.unfrozen() {
		if v.Flags.Has(sentinel.FlagODown) || failingOver(v) {
			return fine()
		}
		if v.LacksAgreement() {
			who = append(who, v)
		}
	}
	if !m.isMost(who) {
		return fine()
	}
	longest := who[0].SDownTime.Value
	for _, v := range who {
		longest = max(longest, v.SDownTime.Value)
	}
	f := Finding{Severity: Critical, Node: who[0].Addr}
	var cause string
	cause, f.Look, f.Commands = m.withoutAgreement(who)
	f.Look = append([]string{redisCLI(who[0].Addr, "PING")}, f.Look...)
	if len(m.byNode()) == 1 { // failover refuses otherwise
		f.Commands = append([]string{failoverOn(m.Name, who)}, f.Commands...)
	}
	f.Message = fmt.Sprintf("the master %s has been down for %s, %s, and no failover starts, since they do not agree on that (o_down): %s",
		list(distinct(addrsOf(who))), Age(longest), say(who, len(m.Views)), cause)
	var o outcome
	o.add(f, who...)
	return o
}

// isMost reports whether these Sentinels are a majority; or all that answer, if none of them
// sees a quorum, because then it does not matter what the others think of the master.
func (m *masterModel) isMost(who []deployment.View) bool {
	if len(who) == 0 {
		return false
	}
	voters := len(m.model.asked)
	for _, v := range m.Views {
		voters = max(voters, int(m.sentinels(v)))
	}
	hasQuorum := slices.ContainsFunc(who, func(v deployment.View) bool { return v.CKQuorum == nil || v.CKQuorum.OK() })
	return 2*len(who) > voters || len(who) == len(m.Views) && !hasQuorum
}

// withoutAgreement says what keeps Sentinels that consider the master down from agreeing on
// it, and returns the commands that show the cause and those that end it.
func (m *masterModel) withoutAgreement(who []deployment.View) (cause string, look, commands []string) {
	quorum := who[0].Quorum.Value
	for _, v := range who {
		quorum = min(quorum, v.Quorum.Value)
	}
	known := m.sentinels(who[0])
	if at := distinct(addrsOf(who)); len(at) > 1 {
		return "each answers only for the address at which it monitors the master, and these differ", onEach(who, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", m.Name), nil
	}
	if quorum > known {
		return fmt.Sprintf("the quorum is %d, and there %s", quorum, areOnly(int(known))), nil,
			onEach(who, "SENTINEL", "SET", m.Name, "quorum", fmt.Sprint(max(2, known/2+1)))
	}
	for _, v := range who {
		if v.CKQuorum != nil && !v.CKQuorum.QuorumReachable {
			return fmt.Sprintf("%d must, and Sentinel %s sees %s", v.Quorum.Value, v.Snapshot.Sentinel, count(int(v.CKQuorum.Usable), "usable Sentinel")),
				[]string{onSentinel(v.Snapshot, "SENTINEL", "SENTINELS", m.Name)}, nil
		}
	}
	if int64(len(who)) < quorum {
		return fmt.Sprintf("the quorum is %d", quorum), onEach(who[:1], "SENTINEL", "MASTER", m.Name), nil
	}
	return "they answer each other's PING, and not the question whether it is down (SENTINEL IS-MASTER-DOWN-BY-ADDR)", onEach(who, "ACL", "LOG"), nil
}

// masterRoleMismatch waits until every Sentinel can have heard of a switch. An address that
// belongs to a Sentinel is reported at once: its INFO has no role, which Sentinel takes for
// that of a replica.
func masterRoleMismatch(m *masterModel) outcome {
	if m.failingNow {
		return fine()
	}
	var o outcome
	for _, v := range m.Views {
		if m.model.isSentinel(v.Addr) {
			o.add(Finding{
				Severity: Critical, Sentinel: v.Snapshot.Sentinel, Node: v.Addr,
				Message:  fmt.Sprintf("%s, the master according to Sentinel %s, is the address of a Sentinel", v.Addr, v.Snapshot.Sentinel),
				Hint:     "REMOVE the name there, and MONITOR it at the address of the Redis node. Until then no down flag tells of the fault: a Sentinel answers PING as a master does.",
				Look:     []string{redisCLI(v.Addr, "INFO", "server")},
				Commands: []string{onSentinel(v.Snapshot, "SENTINEL", "REMOVE", m.Name)},
			}) // without a witness: it is true even if the Sentinel has just started
			continue
		}
		if v.RoleReported != "slave" || v.RoleReportedTime.Value < settleTime {
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

// isSentinel reports whether an address is that of a Sentinel that was asked, or of a peer
// of one.
func (d *model) isSentinel(addr string) bool {
	return slices.ContainsFunc(d.asked, func(s *sentinel.Snapshot) bool {
		return s.Sentinel == addr || slices.ContainsFunc(s.Masters, func(m sentinel.Master) bool {
			return slices.ContainsFunc(m.Peers, func(p sentinel.Peer) bool { return p.Addr == addr })
		})
	})
}

func masterMissing(m *masterModel) outcome {
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
	return slices.DeleteFunc(slices.Clone(m.settled()), func(v deployment.View) bool {
		answers := !v.Flags.Any(sentinel.FlagSDown) && v.LastOKPingReply.Present && v.LastOKPingReply.Value < answerTime
		return v.RunID != "" || !answers
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

// failoverStuck goes by how long the master has been down, or its successor promoted:
// Sentinel does not report when a failover started.
func failoverStuck(m *masterModel) outcome {
	stuck := slices.DeleteFunc(m.unfrozen(), func(v deployment.View) bool {
		since, _ := failingFor(v)
		return !v.FailoverTimeout.Present || since <= v.FailoverTimeout.Value || cannotSwitch(v) || promotedDown(v) != nil
	})
	o := m.switchUndone()
	m.addPromotedDown(&o)
	for _, who := range byAddr(stuck) {
		var longest time.Duration
		what := ""
		states := make([]string, len(who))
		for i, v := range who {
			since, text := failingFor(v)
			if since > longest {
				longest, what = since, text
			}
			states[i] = v.FailoverState.String()
		}
		because, hint := whyStuck(who)
		o.add(Finding{
			Severity: Critical, Sentinel: onlyOne(who), Node: who[0].Addr, Hint: hint,
			Message: fmt.Sprintf("%s %s, longer than failover-timeout (%s), and there is no new master, %s; failover state: %s%s",
				what, Age(longest), Age(who[0].FailoverTimeout.Value), say(who, len(m.Views)), list(distinct(states)), because),
			Look: append(onEach(who[:1], "SENTINEL", "MASTER", m.Name), onEach(who[:1], "SENTINEL", "CKQUORUM", m.Name)...),
		}, who...)
	}
	return o
}

// cannotSwitch reports whether the Sentinel is in the last step of a failover. It takes that and
// forgets the failover in one go: whoever is seen there could not take it.
func cannotSwitch(v deployment.View) bool {
	return failingOver(v) && v.FailoverState == sentinel.FailoverUpdateConfig
}

// switchUndone finds a Sentinel that has promoted a replica and does not get the switch to it
// done: it tries again and again, as long as that takes.
func (m *masterModel) switchUndone() outcome {
	var o outcome
	for _, v := range m.unfrozen() {
		if !cannotSwitch(v) {
			continue
		}
		f := Finding{
			Severity: Critical, Sentinel: v.Snapshot.Sentinel, Node: v.Advertised(),
			Message: fmt.Sprintf("Sentinel %s has promoted %s and cannot switch to it, which it tries for as long as it takes (failover state: %s): it does not resolve the name of that node",
				v.Snapshot.Sentinel, v.Advertised(), v.FailoverState),
			Hint: "Make the name resolve again on the machine of that Sentinel; it then switches within a second. Until then clients are given the new master by it and the old one by those that do not resolve the name either, and these make the new one a replica again. See afterwards whether all agree. If resolve-hostnames is no there, set it to yes.",
			Look: []string{onSentinel(v.Snapshot, "SENTINEL", "MASTER", m.Name), onSentinel(v.Snapshot, "SENTINEL", "CONFIG", "GET", "resolve-hostnames"), redisCLI(v.Advertised(), "ROLE")},
		}
		if again := v.Published(sentinel.EventSwitchMaster); again != nil && again.Count > 1 {
			f.Message += fmt.Sprintf("; it has published +switch-master %d times in %s", again.Count, Age(again.First))
		}
		o.add(f, v)
	}
	return o
}

// promotedDown returns the node that the Sentinel has promoted if that one is down now; nil
// otherwise. As long as it is, the Sentinel neither ends that failover nor begins another,
// and does not agree with the others that the new master is down.
func promotedDown(v deployment.View) *sentinel.Replica {
	if p := v.Promoted(); p != nil && p.Flags.Has(sentinel.FlagSDown) {
		return p
	}
	return nil
}

// addPromotedDown does not wait for failover-timeout, which does not end such a failover.
func (m *masterModel) addPromotedDown(o *outcome) {
	for _, v := range m.unfrozen() {
		p := promotedDown(v)
		if p == nil {
			continue
		}
		o.add(Finding{
			Severity: Critical, Sentinel: v.Snapshot.Sentinel, Node: p.Addr,
			Message: fmt.Sprintf("Sentinel %s leads a failover to %s, which has died since it was promoted (down for %s): while that node is down it neither ends this failover nor begins another (failover state: %s)",
				v.Snapshot.Sentinel, p.Addr, Age(p.SDownTime.Value), v.FailoverState),
			Hint: "Start that node again: the failover then ends. The other Sentinels promote another replica by themselves if they are a majority without this one. If they are not and the node is lost, REMOVE the master on this Sentinel and MONITOR it at the address of the node that died: it then agrees that this one is down, and another replica is promoted. RESET does not help.",
			Look: append(onEach([]deployment.View{v}, "SENTINEL", "MASTER", m.Name), redisCLI(p.Addr, "PING")),
		}, v)
	}
}

// whyStuck explains a failover for which nothing is missing: a Sentinel that has the
// agreement, a majority and a replica must have tried in vain. Only its events show an
// attempt that is over.
func whyStuck(who []deployment.View) (because, hint string) {
	able := func(v deployment.View) bool {
		return v.FailoverOverdue() && v.CKQuorum != nil && v.CKQuorum.OK() && promotable(v) > 0
	}
	if !slices.ContainsFunc(who, able) {
		return "", ""
	}
	because = "; neither a majority nor a replica to promote is missing: the replica refuses to become the master, or the Sentinels do not vote for each other"
	for _, v := range who {
		i := slices.IndexFunc(v.Replicas, func(r sentinel.Replica) bool { return r.Flags.Has(sentinel.FlagPromoted) })
		if i >= 0 && v.FailoverState == sentinel.FailoverWaitPromotion {
			because = fmt.Sprintf("; the replica %s was told to become the master, and does not", v.Replicas[i].Addr)
		}
	}
	return because, "See which event the Sentinels log. -failover-abort-slave-timeout: the replica refuses what they send it in one MULTI (SLAVEOF NO ONE, CONFIG REWRITE, CLIENT KILL, EXEC), because the ACL of auth-user lacks one of these, because rename-command renames one and the Sentinels are not told (SENTINEL SET NAME rename-command), or because it is a node of a cluster. -failover-abort-not-elected: the Sentinels refuse each other's request for a vote."
}

func failingFor(v deployment.View) (time.Duration, string) {
	if v.Flags.Has(sentinel.FlagODown) {
		return v.ODownTime.Value, "the master " + v.Addr + " has been objectively down for"
	}
	for i := range v.Replicas {
		r := &v.Replicas[i]
		if failingOver(v) && r.Flags.Has(sentinel.FlagPromoted) && r.RoleReported == "master" {
			return r.RoleReportedTime.Value, "the replica " + r.Addr + " has been promoted for"
		}
	}
	return 0, ""
}
