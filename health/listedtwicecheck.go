package health

import (
	"fmt"
	"slices"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// A doubled is a process that Sentinels list at several addresses.
type doubled struct {
	entries []*sentinel.Instance // of the first Sentinel in who
	who     []deployment.View
}

func nodeListedTwice(m *masterModel) outcome {
	o := m.replicasKnown()
	var all []*doubled
	byRunID := make(map[string]*doubled)
	for _, v := range m.Views {
		for _, entries := range v.ListedTwice() {
			d := byRunID[entries[0].RunID]
			if d == nil {
				d = &doubled{entries: entries}
				byRunID[entries[0].RunID] = d
				all = append(all, d)
			}
			d.who = append(d.who, v)
		}
	}
	for _, d := range all {
		o.add(d.finding(m), d.who...)
	}
	return o
}

func (d *doubled) finding(m *masterModel) Finding {
	var addrs []string
	what := "the replica"
	for _, e := range d.entries {
		addrs = append(addrs, e.Addr)
		if e == &d.who[0].Instance {
			what = "the master"
		}
	}
	// After a change of announce-hostnames both entries show one address; the name of each
	// entry is still the address under which it was found.
	if slices.Sort(addrs); addrs[0] == addrs[len(addrs)-1] {
		for i, e := range d.entries {
			addrs[i] = e.Name
		}
		slices.Sort(addrs)
	}
	f := Finding{
		Severity: Critical,
		Message: fmt.Sprintf("%s is listed at %d addresses, %s, which are one process (run id %.8s), %s: a failover would make it a replica of itself",
			what, len(addrs), list(addrs), d.entries[0].RunID, say(d.who, len(m.Views))),
	}
	for _, addr := range addrs {
		f.Look = append(f.Look, redisCLI(addr, "CONFIG", "GET", "replica-announce-ip"))
	}
	f.Commands = []string{resetOn(m.Name, m.Views)} // the other Sentinels will hear of both addresses, too
	return f
}
