package health

import (
	"fmt"
	"slices"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// failoverStuck goes by how long the master has been down, or its successor promoted:
// Sentinel does not report when a failover started.
func failoverStuck(m *masterModel) outcome {
	stuck := deployment.Where(m.unfrozen(), func(v deployment.View) bool {
		since, _ := failingFor(v)
		return v.FailoverTimeout.Present && since > v.FailoverTimeout.Value && !cannotSwitch(v) && promotedDown(v) == nil
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
		return v.FailoverOverdue() && v.CKQuorum != nil && v.CKQuorum.OK() && v.Margin().Value >= 0 && promotable(v) > 0
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
		if failingOver(v) && r.Flags.Has(sentinel.FlagPromoted) && r.RoleReported == sentinel.RoleMaster {
			return r.RoleReportedTime.Value, "the replica " + r.Addr + " has been promoted for"
		}
	}
	return 0, ""
}
