package deployment

import "redis_sentinel_exporter/sentinel"

// An Opinion is what one Sentinel that has answered says of one master.
type Opinion struct {
	*sentinel.Snapshot
	Master *sentinel.Master
}

// Believed are the opinions to believe of where a master and its replicas are: they
// have the highest config-epoch, are from Sentinels in TILT only when all of those are,
// and name the address that most of those name.
func Believed(opinions []Opinion) []Opinion {
	return agreed(located(outOfTilt(newest(opinions))))
}

// opinionsOf are those of the Sentinels that monitor the master, in the order of
// the snapshots.
func opinionsOf(snapshots []*sentinel.Snapshot, name string) []Opinion {
	var all []Opinion
	for _, s := range snapshots {
		if !s.Up() {
			continue
		}
		if m := s.Master(name); m != nil {
			all = append(all, Opinion{s, m})
		}
	}
	return all
}

// epoch is the version of the master's configuration that the Sentinel has.
func (o Opinion) epoch() int64 { return o.Master.ConfigEpoch.Or(-1) }

// newestEpoch is the version that the best informed Sentinel has: one with less
// has missed a failover.
func newestEpoch(opinions []Opinion) int64 {
	newest := int64(-1)
	for _, o := range opinions {
		newest = max(newest, o.epoch())
	}
	return newest
}

// newest are the opinions of those who have not missed a failover.
func newest(opinions []Opinion) []Opinion {
	epoch := newestEpoch(opinions)
	return filter(opinions, func(o Opinion) bool { return o.epoch() == epoch })
}

// outOfTilt are the opinions of those who are not in TILT, in which nothing is judged
// to be down or up; all of them when there is no such.
func outOfTilt(opinions []Opinion) []Opinion {
	if awake := filter(opinions, func(o Opinion) bool { return !o.Tilt() }); len(awake) > 0 {
		return awake
	}
	return opinions
}

// located are the opinions of those who know the address that they give to clients;
// all of them when there is no such.
func located(opinions []Opinion) []Opinion {
	if known := filter(opinions, func(o Opinion) bool { return o.Master.AdvertisedNode().HasAddr() }); len(known) > 0 {
		return known
	}
	return opinions
}

// agreed are those opinions that have the master at the address that most of them
// name; on a tie, at the one named first.
func agreed(opinions []Opinion) []Opinion {
	votes := make(map[string]int)
	for _, o := range opinions {
		votes[o.Master.Advertised()]++
	}
	winner := ""
	for _, o := range opinions {
		if addr := o.Master.Advertised(); winner == "" || votes[addr] > votes[winner] {
			winner = addr
		}
	}
	return filter(opinions, func(o Opinion) bool { return o.Master.Advertised() == winner })
}

// majorityHasAnswered tells whether the opinions are those of a majority of all
// Sentinels: of as many as any of them knows, and of as many as were asked.
func majorityHasAnswered(opinions []Opinion, asked int) bool {
	voters := int64(asked)
	for _, o := range opinions {
		voters = max(voters, o.Master.Voters().Value)
	}
	who := make(map[string]bool)
	for _, o := range opinions {
		if o.ID == "" {
			who[o.Sentinel] = true
		} else {
			who[o.ID] = true
		}
	}
	return int64(len(who)) > voters/2
}

func filter(opinions []Opinion, keep func(Opinion) bool) []Opinion {
	var kept []Opinion
	for _, o := range opinions {
		if keep(o) {
			kept = append(kept, o)
		}
	}
	return kept
}
