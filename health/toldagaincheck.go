package health

import (
	"fmt"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// toldSlack is how far the age of an event may be from that of the INFO which led to it.
const toldSlack = time.Second

// replicaToldAgain goes by events, since no reply shows it. A Sentinel that tells a replica to
// follow the master (+fix-slave-config) does so when it has its INFO. Once is enough to know that
// something is wrong, if that INFO says that the replica follows the master.
func replicaToldAgain(m *masterModel) outcome {
	o := m.replicasKnown()
	if m.failingNow {
		return o
	}
	for _, group := range m.replicas {
		var who []deployment.View
		takesNoNames := true
		for _, s := range group {
			if isToldInVain(s) {
				who = append(who, s.By)
				takesNoNames = takesNoNames && !s.By.Snapshot.ResolveHostnames.Or(true)
			}
		}
		if len(who) == 0 {
			continue
		}
		master := who[0].Addr
		f := Finding{Severity: Warning, Node: group[0].Addr, Look: []string{redisCLI(group[0].Addr, "INFO", "replication")}}
		f.Message = fmt.Sprintf("the replica %s is told again and again to follow %s, which it does, and its clients are disconnected each time, every 10 s, %s", group[0].Addr, master, say(who, len(m.Views)))
		if !takesNoNames {
			f.Hint = "The name of the master has another address than when the Sentinels connected to it. Cut their connections to it, with the command, which disconnects nobody else: they look the name up again. If the node does not have the old address any more and still answers there, something forwards it."
			f.Commands = []string{cutSentinels(master)}
		}
		o.add(f, who...)
	}
	return o
}

// isToldInVain reports whether the Sentinel has told the replica to follow the master, after an
// INFO that says that it does.
func isToldInVain(s deployment.ReplicaView) bool {
	follows := s.Follows(s.By.Master)
	if !follows.Present || !follows.Value || !s.Live() {
		return false
	}
	for i := range s.By.Recent {
		e := &s.By.Recent[i]
		if e.Name == sentinel.EventFixReplicaConfig && e.Address == s.Addr {
			return (e.Last - s.InfoRefresh.Value).Abs() <= toldSlack
		}
	}
	return false
}

// cutSentinels is the line for a shell that closes the connections of Sentinels to a node: they
// give them a name.
func cutSentinels(addr string) string {
	cli := redisCLI(addr)
	return cli + ` CLIENT LIST | sed -n 's/^id=\([0-9]*\) .* name=sentinel-.*/\1/p' | xargs -n 1 ` + cli + " CLIENT KILL ID"
}
