package health

import (
	"fmt"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

const (
	// resetTimes is how often in a row a Sentinel is told to forget a master if nobody does so by hand.
	resetTimes = 3
	// resetPause is how long after the last time it counts as over.
	resetPause = 30 * time.Second
)

// replicasForgotten finds a dead master of which the Sentinels know nothing but the address. They
// learn of its replicas from its INFO, and of each other at the nodes that they know.
func replicasForgotten(m *masterModel) outcome {
	var o outcome
	who := deployment.Where(m.unfrozen(), func(v deployment.View) bool {
		return v.Flags.Has(sentinel.FlagSDown) && v.RunID == "" && v.ReplicasErr == nil && len(v.Replicas) == 0 && !answersErrors(&v.Instance) // that one is up
	})
	if len(who) == 0 || len(who) < len(m.Views) { // another one may lead, or tell the others
		return o
	}
	o.add(Finding{
		Severity: Critical, Node: who[0].Addr,
		Message: fmt.Sprintf("the master %s is down, and the Sentinels know no replica of it: only the master could tell them, and it has not answered since they were RESET or began to monitor it: no failover will happen, %s",
			who[0].Addr, say(who, len(m.Views))),
		Look: onEach(who[:1], "SENTINEL", "REPLICAS", m.Name),
	}, who...)
	return o
}

// masterResetAgain goes by events: a snapshot shows only that the Sentinel has just begun.
func masterResetAgain(m *masterModel) outcome {
	var o outcome
	var who []deployment.View
	var first *sentinel.RecentEvent // of the first of them
	f := Finding{Severity: Warning}
	for _, v := range m.Views {
		e := resetRun(v)
		if e == nil {
			continue
		}
		if who = append(who, v); first == nil {
			first = e
		}
		if e.Pause <= v.DownAfter.Value {
			f.Severity = Critical
		}
	}
	if len(who) == 0 {
		return o
	}
	f.Sentinel = onlyOne(who)
	f.Message = fmt.Sprintf("%s %s told again and again to forget what is known of %s, %d times in %s and at most %s apart (%s), and %s no replica and no other Sentinel for some seconds each time",
		whom(who), are(len(who)), m.Name, first.Count, Age(first.First), Age(first.Pause), first.Name, verb(len(who), "know"))
	if f.Severity == Critical {
		f.Message += ". That is more often than down-after: it is never found that the master is down, and no failover can start"
	}
	f.Look = onEach(who, "CLIENT", "LIST")
	o.add(f, who...)
	return o
}

// resetRun returns the run of events of a Sentinel that is told to forget the master again and again; nil if it is not.
func resetRun(v deployment.View) *sentinel.RecentEvent {
	for i := range v.Recent {
		e := &v.Recent[i]
		if (e.Name == sentinel.EventResetMaster || e.Name == sentinel.EventMonitor) && e.Count >= resetTimes && e.Last <= resetPause {
			return e
		}
	}
	return nil
}
