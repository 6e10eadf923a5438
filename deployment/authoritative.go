package deployment

// Authoritative returns the views that say where a master and its replicas are: they have
// the highest config-epoch, are from Sentinels in TILT only when all of those are, and
// name the address that most of those name.
func Authoritative(views []View) []View {
	return agreed(located(outOfTilt(newest(views))))
}

// epoch is the version of the master's configuration that the Sentinel has.
func (v View) epoch() int64 { return v.ConfigEpoch.Or(-1) }

// newestEpoch is the version that the best informed Sentinel has: one with less
// has missed a failover.
func newestEpoch(views []View) int64 {
	newest := int64(-1)
	for _, v := range views {
		newest = max(newest, v.epoch())
	}
	return newest
}

// newest are the views of those who have not missed a failover.
func newest(views []View) []View {
	epoch := newestEpoch(views)
	return filter(views, func(v View) bool { return v.epoch() == epoch })
}

// outOfTilt are the views of those who are not in TILT, in which nothing is judged
// to be down or up; all of them when there is no such.
func outOfTilt(views []View) []View {
	if awake := filter(views, func(v View) bool { return !v.Snapshot.Tilt() }); len(awake) > 0 {
		return awake
	}
	return views
}

// located are the views of those who know the address that they give to clients;
// all of them when there is no such.
func located(views []View) []View {
	if known := filter(views, func(v View) bool { return v.AdvertisedNode().HasAddr() }); len(known) > 0 {
		return known
	}
	return views
}

// agreed are those views that have the master at the address that most of them
// name; on a tie, at the one named first.
func agreed(views []View) []View {
	votes := make(map[string]int)
	for _, v := range views {
		votes[v.Advertised()]++
	}
	winner := ""
	for _, v := range views {
		if addr := v.Advertised(); winner == "" || votes[addr] > votes[winner] {
			winner = addr
		}
	}
	return filter(views, func(v View) bool { return v.Advertised() == winner })
}

// majorityHasAnswered reports whether the views are those of a majority of all
// Sentinels: of as many as any of them knows, and of as many as were asked.
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

func filter(views []View, keep func(View) bool) []View {
	var kept []View
	for _, v := range views {
		if keep(v) {
			kept = append(kept, v)
		}
	}
	return kept
}
