package health

import (
	"fmt"
	"slices"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// emptiedTime is how long after the restart it is told that the data are gone: they do not come
// back by themselves, and who has none to load does not want to be told for ever.
const emptiedTime = time.Hour

// masterEmptied finds a master that was restarted without its data. To Sentinel nothing has
// failed: nothing was down for long enough. That it was a restart tells it from a master
// which somebody has emptied, and what it had before from one that has always been empty.
func masterEmptied(m *masterModel) outcome {
	master, now := m.masterInfo()
	if now == nil || now.Loading || m.failingNow || processAge(now) > emptiedTime {
		return fine()
	}
	var restart *sentinel.Restart
	var who []deployment.View
	for _, v := range m.Views {
		if v.Restart == nil || v.Addr != master.Addr || !v.Restart.Lost(now.Keys) {
			continue
		}
		who = append(who, v)
		if restart == nil || v.Restart.KeysBefore > restart.KeysBefore {
			restart = v.Restart
		}
	}
	if restart == nil {
		return fine()
	}
	f := Finding{Severity: Critical, Node: master.Addr}
	f.Message = fmt.Sprintf("the master %s was restarted %s ago without its data: it has %s, and had %d before",
		master.Addr, Age(processAge(now)), count(int(now.Keys), "key"), restart.KeysBefore)
	f.Look = []string{redisCLI(master.Addr, "INFO", "keyspace")}
	full, age := m.stillFull(now, restart)
	if len(full) == 0 {
		f.Message += "; no replica has them any more"
		f.Hint = "Stop what writes, and load the last backup. What the replicas had saved to their disks is overwritten as well: look there before anything else is restarted."
	} else {
		f.Message += fmt.Sprintf("; %s still had them %s ago, and will throw them away to synchronize, within seconds", list(full), Age(age))
		f.Hint = "Fail over at once: the replica that is promoted before it has synchronized keeps its data."
		f.Commands = []string{failoverOn(m.Name, m.Views)}
		for _, addr := range full {
			f.Look = append(f.Look, redisCLI(addr, "INFO", "keyspace"))
		}
	}
	var o outcome
	o.add(f, who...)
	return o
}

// processAge is how long ago the process of a node was started.
func processAge(c *sentinel.CachedInfo) time.Duration { return c.Uptime.Value + c.Age.Value }

// stillFull lists the replicas that have not synchronized with the master since the restart,
// and how old the oldest INFO is that says so.
func (m *masterModel) stillFull(master *sentinel.CachedInfo, restart *sentinel.Restart) (full []string, age time.Duration) {
	for _, group := range m.replicas {
		var newest *sentinel.CachedInfo
		for _, s := range group {
			if c := freshInfo(s.By, &s.Instance); c != nil && (newest == nil || c.Age.Value < newest.Age.Value) {
				newest = c
			}
		}
		if newest != nil && newest.NotSynchronizedWith(master) && !restart.Lost(newest.Keys) {
			full, age = append(full, group[0].Addr), max(age, newest.Age.Value)
		}
	}
	slices.Sort(full)
	return full, age
}
