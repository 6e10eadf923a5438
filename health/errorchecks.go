package health

import (
	"fmt"
	"slices"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// answersErrors reports whether a node answers PING with errors: it is running, however long
// Sentinel has considered it down. If a node is dead, its last reply and its last good
// reply are both old.
func answersErrors(in *sentinel.Instance) bool {
	return in.LastOKPingReply.Present && in.LastPingReply.Present &&
		in.LastPingReply.Value < answerTime && in.LastOKPingReply.Value-in.LastPingReply.Value >= errorsTime
}

// replies says how old the last replies of a node are, according to the Sentinel that has
// waited longest for a good one.
func replies(nodes []*sentinel.Instance) string {
	oldest := slices.MaxFunc(nodes, func(a, b *sentinel.Instance) int { return int(a.LastOKPingReply.Value - b.LastOKPingReply.Value) })
	return fmt.Sprintf("its last reply to PING is %s old, the last good one %s", Age(oldest.LastPingReply.Value), Age(oldest.LastOKPingReply.Value))
}

// A refusedPing says why a node may answer PING with errors, as far as the Sentinels know.
type refusedPing struct {
	cause    string // appended to the message; empty if nothing is known
	hint     string // empty for the check's own
	look     []string
	commands []string // may end the fault
}

// whyErrors looks for the reason why a node answers the Sentinels that see it as nodes with
// errors. all says that it answers every Sentinel so.
func whyErrors(addr string, nodes []*sentinel.Instance, infoAges []sentinel.Duration, all bool) refusedPing {
	ping := redisCLI(addr, "PING")
	if slices.ContainsFunc(nodes, func(in *sentinel.Instance) bool { return in.Flags.Has(sentinel.FlagScriptKillSent) }) {
		return refusedPing{
			"; it runs a script or function that does not end (BUSY), and SCRIPT KILL was sent to it",
			"Find the client that runs it. A script that has written cannot be killed: only SHUTDOWN NOSAVE ends it, and what was written since the last save is lost with it.",
			[]string{ping}, nil,
		}
	}
	for i, in := range nodes {
		if since := in.LastOKPingReply.Value - errorsTime; infoAges[i].Present && infoAges[i].Value > 0 && infoAges[i].Value < since {
			return refusedPing{
				"; it has answered INFO since: so it is not the password",
				"See what it answers: MISCONF means that it cannot write to its disk, and refuses writes until it can; NOPERM that the Sentinels' user may not PING.",
				[]string{ping, redisCLI(addr, "INFO", "persistence"), redisCLI(addr, "ACL", "LOG")}, nil,
			}
		}
	}
	if all && len(nodes) > 1 {
		return refusedPing{
			"; all see the same, so look at the node first",
			"See what it answers when you authenticate as the Sentinels do (auth-user, auth-pass): WRONGPASS or NOAUTH if its password was changed, which the Sentinels then need (SENTINEL SET NAME auth-pass); BUSY while a script or function runs.",
			[]string{ping}, nil,
		}
	}
	return refusedPing{look: []string{ping}}
}

func masterAnswersErrors(m *masterModel) outcome {
	var o outcome
	for _, who := range byAddr(deployment.Where(m.Views, func(v deployment.View) bool { return answersErrors(&v.Instance) })) {
		nodes, ages := make([]*sentinel.Instance, len(who)), make([]sentinel.Duration, len(who))
		for i, v := range who {
			nodes[i], ages[i] = &v.Instance, v.InfoRefresh
		}
		why := whyErrors(who[0].Addr, nodes, ages, len(who) == len(m.Views))
		f := Finding{
			Severity: Critical, Sentinel: onlyOne(who), Node: who[0].Addr, Hint: why.hint, Look: why.look, Commands: why.commands,
			Message: fmt.Sprintf("the master %s answers %s with errors: %s%s", who[0].Addr, whom(who), replies(nodes), why.cause),
		}
		if why.hint == "" {
			f.Commands = onEach(who, "SENTINEL", "SET", m.Name, "auth-pass", "PASSWORD")
		}
		o.add(f, who...)
	}
	return o
}

// refused reports whether a replica answers a Sentinel with errors.
func refused(s deployment.ReplicaView) bool { return answersErrors(&s.Instance) }

func replicaAnswersErrors(m *masterModel) outcome {
	o := m.replicasKnown()
	for _, group := range m.replicas {
		var nodes []*sentinel.Instance
		var ages []sentinel.Duration
		who := witnesses(group, func(s deployment.ReplicaView) bool {
			if !refused(s) {
				return false
			}
			nodes, ages = append(nodes, &s.Instance), append(ages, s.InfoRefresh)
			return true
		})
		if len(who) == 0 {
			continue
		}
		why := whyErrors(group[0].Addr, nodes, ages, len(who) == len(group))
		if m.isForeign(group) {
			why.cause = "; and its master does not list it"
			why.hint = "If it is the replica, it has another password than the master, or other ACL users: give it the same, for masterauth as well. If the address belongs to something else now, as an address of Kubernetes that was given again, that needs nothing of this: RESET, one Sentinel at a time, which the command reset does, makes the Sentinels forget it. Do that soon: a server there without a password they would make a replica of this master, without its data."
			why.look = []string{redisCLI(group[0].Addr, "PING"), redisCLI(group[0].By.Addr, "INFO", "replication")}
		}
		text := fmt.Sprintf("the replica %s runs and answers with errors, %s: %s%s; it cannot be promoted",
			group[0].Addr, say(who, len(m.Views)), replies(nodes), why.cause)
		o.add(Finding{Severity: Warning, Node: group[0].Addr, Message: text, Hint: why.hint, Look: why.look, Commands: why.commands}, who...)
	}
	return o
}

// isForeign reports whether what answers with errors may be no replica of the master: that has been up for long enough, and
// does not list it. One that runs a script is known to be it.
func (m *masterModel) isForeign(group []deployment.ReplicaView) bool {
	_, info := m.masterInfo()
	if info == nil || info.Uptime.Value < attachTime {
		return false
	}
	answersInfo := func(s deployment.ReplicaView) bool {
		return s.Flags.Has(sentinel.FlagScriptKillSent) || s.Informed() && s.InfoRefresh.Value < s.LastOKPingReply.Value-errorsTime
	}
	listed := func(r sentinel.AttachedReplica) bool { return r.Addr == group[0].Addr }
	return !slices.ContainsFunc(group, answersInfo) && !slices.ContainsFunc(info.Attached, listed)
}

// answerTime is how old the last reply of a node that answers can be. Sentinels send PING
// every second.
const answerTime = 5 * time.Second
