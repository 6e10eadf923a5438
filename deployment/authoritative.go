package deployment

import (
	"math"
	"slices"
)

// Authoritative returns the views that decide where a master and its replicas are. These have
// the highest config-epoch; of those, Sentinels in TILT count only if there are no others;
// and of the rest, the views that name the node that most of them name.
func Authoritative(views []View) []View {
	return agreed(located(outOfTilt(newest(views))))
}

// epoch returns the version of the master's configuration that the Sentinel has; -1 if absent.
func (v View) epoch() int64 { return v.ConfigEpoch.Or(-1) }

// newestEpoch returns the highest epoch, of whatever a Sentinel may say: one with a lower one has missed a failover.
func newestEpoch(views []View) int64 {
	newest := int64(math.MinInt64)
	for _, v := range views {
		newest = max(newest, v.epoch())
	}
	return newest
}

// newest returns the views of the Sentinels that have not missed a failover.
func newest(views []View) []View {
	epoch := newestEpoch(views)
	return Where(views, func(v View) bool { return v.epoch() == epoch })
}

// outOfTilt returns the views of the Sentinels that are not in TILT, where a Sentinel does
// not notice what goes down; all views if there are none.
func outOfTilt(views []View) []View {
	if awake := Where(views, func(v View) bool { return !v.Snapshot.Tilt() }); len(awake) > 0 {
		return awake
	}
	return views
}

// located returns the views in which the address for clients is known; all views if there
// are none.
func located(views []View) []View {
	if known := Where(views, func(v View) bool { return v.AdvertisedNode().HasAddr() }); len(known) > 0 {
		return known
	}
	return views
}

// agreed returns the views that name the node that most of them name, at whatever address; on a
// tie, the one that comes first.
func agreed(views []View) []View {
	same := func(v View) func(View) bool {
		return func(w View) bool {
			return v.Advertised() == w.Advertised() || v.AdvertisedNode().SameNode(w.AdvertisedNode()).Value
		}
	}
	var most []View
	for _, v := range views {
		if named := Where(views, same(v)); len(named) > len(most) {
			most = named
		}
		if 2*len(most) >= len(views) {
			break // no others are more
		}
	}
	return most
}

// majorityHasAnswered reports whether the views are of a majority of all Sentinels: of those
// that any of them knows, and of those that were asked.
func majorityHasAnswered(views []View, asked int) bool {
	voters := int64(asked)
	for _, v := range views {
		voters = max(voters, v.Voters().Value)
	}
	who := make(map[string]bool)
	for _, v := range views {
		if v.Snapshot.ID == "" {
			who[v.Snapshot.Sentinel] = true
		} else {
			who[v.Snapshot.ID] = true
		}
	}
	return int64(len(who)) > voters/2
}

// Where returns the views that keep wants. In health these are all of them, and then it returns
// the views themselves: no caller may change what it gets.
func Where(views []View, keep func(View) bool) []View {
	first := slices.IndexFunc(views, func(v View) bool { return !keep(v) })
	if first < 0 {
		return slices.Clip(views)
	}
	kept := slices.Clone(views[:first])
	for _, v := range views[first+1:] {
		if keep(v) {
			kept = append(kept, v)
		}
	}
	return kept
}
