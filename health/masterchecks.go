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

// down looks at one of the flags. A Sentinel in TILT does not update them, and
// one that has just started has not had the time.
func (m *masterModel) down(flag sentinel.Flags, severity Status, words string) outcome {
	down := slices.DeleteFunc(m.unfrozen(), func(v deployment.View) bool { return !v.Flags.Has(flag) || onlyByHand(v) })
	if len(down) == 0 {
		return m.notDown()
	}
	var o outcome
	for _, who := range byNode(down) {
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

// notDown is the outcome when nobody considers the master down: whether
// anybody would know.
func (m *masterModel) notDown() outcome {
	switch {
	case slices.ContainsFunc(m.Views, hasReachedMaster):
		return fine()
	case !slices.ContainsFunc(m.Views, func(v deployment.View) bool { return !inTilt(v) }):
		return cannotTell("every Sentinel that monitors it is in TILT, and sees nothing go down")
	}
	return cannotTell("the Sentinels have just started and have not reached it yet")
}

// masterRoleMismatch gives a switch the time to be heard of by all. A Sentinel in the place
// of a master is held to be one for ever: only its INFO, which has no role, counts as that
// of a replica.
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
			}) // whoever says so, and since when
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

// isSentinel reports whether an address is that of a Sentinel that was asked, or that one
// of them knows.
func (d *model) isSentinel(addr string) bool {
	return slices.ContainsFunc(d.asked, func(s *sentinel.Snapshot) bool {
		return s.Sentinel == addr || slices.ContainsFunc(s.Masters, func(m sentinel.Master) bool {
			return slices.ContainsFunc(m.Peers, func(p sentinel.Peer) bool { return p.Addr == addr })
		})
	})
}

func masterMissing(m *masterModel) outcome {
	var o outcome
	known, then := m.believed(), ""
	if left := m.margin(); left.Present && left.Value < 0 {
		then = ": no failover can happen"
	}
	for _, s := range m.missingAt {
		o.add(Finding{
			Severity: Critical, Sentinel: s.Sentinel,
			Message:  fmt.Sprintf("Sentinel %s does not monitor it, %d of %s do%s", s.Sentinel, len(m.Views), count(len(m.model.up), "Sentinel"), then),
			Commands: monitorAt(s, known),
		})
	}
	return o
}

// failoverStuck knows no start of a failover, since Sentinel tells none. It goes
// by how long the master has been down, or its successor promoted.
func failoverStuck(m *masterModel) outcome {
	stuck := slices.DeleteFunc(m.unfrozen(), func(v deployment.View) bool {
		since, _ := failingFor(v)
		return !v.FailoverTimeout.Present || since <= v.FailoverTimeout.Value
	})
	var o outcome
	for _, who := range byNode(stuck) {
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
		o.add(Finding{
			Severity: Critical, Sentinel: onlyOne(who), Node: who[0].Addr,
			Message: fmt.Sprintf("%s %s, longer than failover-timeout (%s), and there is no new master, %s; failover state: %s",
				what, Age(longest), Age(who[0].FailoverTimeout.Value), say(who, len(m.Views)), list(distinct(states))),
			Look: append(onEach(who[:1], "SENTINEL", "MASTER", m.Name), onEach(who[:1], "SENTINEL", "CKQUORUM", m.Name)...),
		}, who...)
	}
	return o
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
