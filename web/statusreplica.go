package web

import (
	"fmt"
	"maps"
	"slices"

	"redis_sentinel_exporter/sentinel"
)

// A statusReplica is one replica as the Sentinels see it.
type statusReplica struct {
	Addr       string
	Promotable bool
	Why        []string
	Link       cell
	Priority   cell
	Offset     cell
	State      cell
}

// statusReplicas returns the replicas by address, each as the Sentinel sees it that has
// asked it last.
func statusReplicas(views []seen) []statusReplica {
	type sight struct {
		*sentinel.Replica
		by seen
	}
	groups := map[string][]sight{}
	var addrs []string
	for _, v := range views {
		for i := range v.Replicas {
			r := &v.Replicas[i]
			if groups[r.Addr] == nil {
				addrs = append(addrs, r.Addr)
			}
			groups[r.Addr] = append(groups[r.Addr], sight{r, v})
		}
	}
	slices.Sort(addrs)
	list := make([]statusReplica, len(addrs))
	for i, addr := range addrs {
		group := groups[addr]
		why := map[string]int{}
		latest, downFor := group[0], 0
		for _, s := range group {
			if reason := s.by.Unpromotable(s.Replica); reason != "" {
				why[reason]++
			}
			if s.Flags.Has(sentinel.FlagSDown) {
				downFor++
			}
			if s.InfoRefresh.Value < latest.InfoRefresh.Value {
				latest = s
			}
		}
		v := statusReplica{Addr: addr, Promotable: len(why) == 0}
		for _, reason := range slices.Sorted(maps.Keys(why)) {
			v.Why = append(v.Why, fmt.Sprintf("%s (%d of %d Sentinels)", reason, why[reason], len(views)))
		}
		v.State, v.Link = replicaState(latest.Replica, downFor, len(group)), replicaLink(latest.Replica)
		v.Priority = cell{Text: number(latest.Priority), Bad: latest.Priority.Present && latest.Priority.Value == 0}
		v.Offset = cell{Text: number(latest.ReplOffset)}
		list[i] = v
	}
	return list
}

func replicaState(r *sentinel.Replica, down, of int) cell {
	switch {
	case down > 0:
		return cell{Text: fmt.Sprintf("down, according to %d of %d Sentinels", down, of), Bad: true}
	case r.RoleReported == "master":
		return cell{Text: "up, reports that it is a master", Bad: true}
	case r.Flags.Has(sentinel.FlagDisconnected):
		return cell{Text: "not connected"}
	}
	return cell{Text: "up"}
}

func replicaLink(r *sentinel.Replica) cell {
	switch {
	case r.Flags.Has(sentinel.FlagSDown), r.RunID == "":
		return cell{Text: "unknown"}
	case r.MasterLinkUp:
		return cell{Text: "up"}
	case r.MasterLinkDownTime.Present:
		return cell{Text: "down " + age(r.MasterLinkDownTime), Bad: true}
	}
	return cell{Text: "never up", Bad: true}
}
