package web

import (
	"fmt"
	"maps"
	"slices"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// A statusReplica is the row of one replica.
type statusReplica struct {
	Addr       string
	Promotable bool
	Why        []string
	Link       cell
	Priority   cell
	Offset     cell
	State      cell
}

// statusReplicas returns one row for each replica, from the Sentinel with the latest INFO.
func statusReplicas(views []deployment.View) []statusReplica {
	var list []statusReplica
	for _, group := range deployment.ByReplica(views) {
		why := map[string]int{}
		latest, down := group[0], 0
		for _, r := range group {
			if reason := r.By.Unpromotable(r.Replica); reason != "" {
				why[reason]++
			}
			if r.Flags.Has(sentinel.FlagSDown) {
				down++
			}
			if r.InfoRefresh.Value < latest.InfoRefresh.Value {
				latest = r
			}
		}
		v := statusReplica{
			Addr: latest.Addr, Promotable: len(why) == 0,
			State: replicaState(latest.Replica, down, len(group)), Link: replicaLink(latest.Replica),
			Priority: cell{Text: number(latest.Priority), Bad: latest.Priority.Present && latest.Priority.Value == 0},
			Offset:   cell{Text: number(latest.ReplOffset)},
		}
		for _, reason := range slices.Sorted(maps.Keys(why)) {
			v.Why = append(v.Why, fmt.Sprintf("%s (%d of %d Sentinels)", reason, why[reason], len(views)))
		}
		list = append(list, v)
	}
	return list
}

func replicaState(r *sentinel.Replica, down, of int) cell {
	switch {
	case down > 0:
		return cell{Text: fmt.Sprintf("down, according to %d of %d Sentinels", down, of), Bad: true}
	case r.RoleReported == sentinel.RoleMaster:
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
