package health

import (
	"fmt"
	"slices"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// freshInfo returns the INFO that the Sentinel has of a node that it considers up; nil when
// it has none of late. Those who need one find nothing without it.
func freshInfo(v deployment.View, in *sentinel.Instance) *sentinel.CachedInfo {
	c := v.CachedInfo(in)
	if c == nil || c.Age.Value > infoTime || in.Flags.Any(sentinel.FlagSDown|sentinel.FlagODown) {
		return nil
	}
	return c
}

// masterInfo is the newest INFO of the node that is believed to be the master, with the
// view that it is from; nil when there is none.
func (m *masterModel) masterInfo() (deployment.View, *sentinel.CachedInfo) {
	return newestInfo(m.decisive, func(v deployment.View) *sentinel.CachedInfo {
		if c := freshInfo(v, &v.Instance); c != nil && c.Role == sentinel.RoleMaster {
			return c
		}
		return nil
	})
}

// newestInfo is the newest of the INFOs of one node, with the view that it is from; nil when
// no Sentinel has one.
func newestInfo(views []deployment.View, infoOf func(deployment.View) *sentinel.CachedInfo) (deployment.View, *sentinel.CachedInfo) {
	var newest *sentinel.CachedInfo
	var by deployment.View
	var made time.Time
	for _, v := range views {
		c := infoOf(v)
		if c == nil {
			continue
		}
		if at := v.Snapshot.Started.Add(-c.Age.Value); newest == nil || at.After(made) {
			newest, by, made = c, v, at
		}
	}
	return by, newest
}

// masterLoads reports whether the master loads its data: then it serves neither clients nor
// replicas.
func (m *masterModel) masterLoads() bool {
	_, info := m.masterInfo()
	return info != nil && info.Loading
}

// masterRefusesWrites goes by the newest INFO of the master, so that what is over is soon not
// told any more. It gives a new master, and its replicas, the time to find each other.
func masterRefusesWrites(m *masterModel) outcome {
	v, info := m.masterInfo()
	if info == nil || m.failingNow {
		return fine()
	}
	f := Finding{Severity: Critical, Node: v.Addr}
	age := Age(info.Age.Value)
	switch {
	case info.Loading && info.Uptime.Value >= max(settleTime, v.DownAfter.Value):
		f.Message = fmt.Sprintf("the master %s has been loading its data for %s%s, and answers LOADING to its clients and replicas, according to its INFO of %s ago", v.Addr, Age(info.Uptime.Value), progress(info), age)
		f.Look = []string{redisCLI(v.Addr, "INFO", "persistence")}
	case !info.Loading && info.GoodReplicas.Present && info.GoodReplicas.Value == 0 && info.Uptime.Value >= attachTime && !recentlyReset(v):
		f.Message = fmt.Sprintf("the master %s refuses all writes (NOREPLICAS): it wants replicas that are in step (min-replicas-to-write) and has none, according to its INFO of %s ago", v.Addr, age)
		f.Look = []string{redisCLI(v.Addr, "CONFIG", "GET", "min-replicas-*"), redisCLI(v.Addr, "INFO", "replication")}
		f.Commands = []string{redisCLI(v.Addr, "CONFIG", "SET", "min-replicas-to-write", "0")}
	case !info.Loading && info.Full():
		f.Message = fmt.Sprintf("the master %s refuses writes for want of memory (OOM): it uses %s of the %s that it may (maxmemory), and evicts nothing (maxmemory-policy %s), according to its INFO of %s ago",
			v.Addr, size(info.UsedMemory.Value), size(info.MaxMemory.Value), info.MaxMemoryPolicy, age)
		f.Hint = "Do not fail over: the replicas have the same data, and mostly the same maxmemory. If the machine has memory, CONFIG SET maxmemory to more, on the replicas as well; otherwise delete what is not needed (DEL is not refused), or CONFIG SET maxmemory-policy where it is a cache. Then write it to the configuration files."
		f.Look = []string{redisCLI(v.Addr, "INFO", "memory"), redisCLI(v.Addr, "INFO", "keyspace")}
	default:
		return fine()
	}
	var o outcome
	o.add(f, v)
	return o
}

// progress is how far a node has come that loads its data.
func progress(info *sentinel.CachedInfo) string {
	if !info.LoadedPercent.Present {
		return ""
	}
	return fmt.Sprintf(" (%.0f %%)", info.LoadedPercent.Value)
}

// loads reports whether a replica loads its data.
func loads(s deployment.ReplicaView) bool {
	info := freshInfo(s.By, &s.Instance)
	return info != nil && info.Loading
}

// replicaLoading takes what would otherwise be a replica without its link, or one that says
// that it is a master, and waits as long as the checks on these.
func replicaLoading(m *masterModel) outcome {
	if m.failingNow {
		return m.replicasKnown()
	}
	slow := func(s deployment.ReplicaView) bool { return (linkIsCut(s) || staysMaster(s)) && loads(s) }
	return m.eachReplica(Warning, slow, func(seen []deployment.ReplicaView, who string) string {
		what := "the replica"
		if staysMaster(seen[0]) {
			what = "the old master"
		}
		return fmt.Sprintf("%s %s loads its data%s and answers LOADING to all else, %s", what, seen[0].Addr, progress(freshInfo(seen[0].By, &seen[0].Instance)), who)
	}, "INFO", "persistence")
}

// replicasOverlooked compares the replicas that the master lists with those that Sentinels
// know. A connection that has broken stays in the list for some time, beside the one that
// has taken its place: it acknowledges nothing.
func replicasOverlooked(m *masterModel) outcome {
	o := m.replicasKnown()
	v, info := m.masterInfo()
	if info == nil || m.failingNow || recentlyReset(v) || v.ReplicasErr != nil {
		return o
	}
	var attached []string
	for _, r := range info.Attached {
		if r.Online && r.Lag.Present && r.Lag.Value <= ackTime {
			attached = append(attached, r.Addr)
		}
	}
	if int64(len(attached)) <= v.NumReplicas.Value {
		return o
	}
	why := "the master lists " + few(distinct(attached))
	if shared := repeated(attached); len(shared) > 0 {
		why = "some announce one address, " + list(shared)
	}
	o.add(Finding{
		Severity: Warning, Node: v.Addr,
		Message: fmt.Sprintf("the master %s has %s and Sentinel %s knows %d: %s", v.Addr, count(len(attached), "replica"), v.Snapshot.Sentinel, v.NumReplicas.Value, why),
		Look:    []string{redisCLI(v.Addr, "INFO", "replication"), onSentinel(v.Snapshot, "SENTINEL", "REPLICAS", m.Name)},
	}, v)
	return o
}

// repeated returns the words that come more than once.
func repeated(words []string) []string {
	sorted := slices.Sorted(slices.Values(words))
	var twice []string
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			twice = append(twice, sorted[i])
		}
	}
	return distinct(twice)
}
