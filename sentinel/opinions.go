package sentinel

// An opinion is what one Sentinel that has answered says of one master.
type opinion struct {
	*Snapshot
	master *Master
}

// opinionsOf are those of the Sentinels that monitor the master, in the order of
// the snapshots.
func opinionsOf(snapshots []*Snapshot, name string) []opinion {
	var all []opinion
	for _, s := range snapshots {
		if !s.Up() {
			continue
		}
		if m := s.Master(name); m != nil {
			all = append(all, opinion{s, m})
		}
	}
	return all
}

// epoch is the version of the master's configuration that the Sentinel has.
func (o opinion) epoch() int64 { return o.master.ConfigEpoch.Or(-1) }

// newestEpoch is the version that the best informed Sentinel has: one with less
// has missed a failover.
func newestEpoch(opinions []opinion) int64 {
	newest := int64(-1)
	for _, o := range opinions {
		newest = max(newest, o.epoch())
	}
	return newest
}

// newest are the opinions of those who have not missed a failover.
func newest(opinions []opinion) []opinion {
	epoch := newestEpoch(opinions)
	return filter(opinions, func(o opinion) bool { return o.epoch() == epoch })
}

// alert are the opinions of those who are not in TILT, in which nothing is judged
// to be down or up; all of them when there is no such.
func alert(opinions []opinion) []opinion {
	if awake := filter(opinions, func(o opinion) bool { return !o.Tilt() }); len(awake) > 0 {
		return awake
	}
	return opinions
}

// located are the opinions of those who know the address that they give to clients;
// all of them when there is no such.
func located(opinions []opinion) []opinion {
	if known := filter(opinions, func(o opinion) bool { return o.master.advertised().HasAddr() }); len(known) > 0 {
		return known
	}
	return opinions
}

// agreed are those opinions that have the master at the address that most of them
// name, and of those as many name, the one that comes first.
func agreed(opinions []opinion) []opinion {
	votes := make(map[string]int)
	for _, o := range opinions {
		votes[o.master.Advertised()]++
	}
	winner := ""
	for _, o := range opinions {
		if addr := o.master.Advertised(); winner == "" || votes[addr] > votes[winner] {
			winner = addr
		}
	}
	return filter(opinions, func(o opinion) bool { return o.master.Advertised() == winner })
}

// majorityHasAnswered tells whether the opinions are those of a majority of all
// Sentinels: of as many as any of them knows, and of as many as were asked.
func majorityHasAnswered(opinions []opinion, asked int) bool {
	voters := int64(asked)
	for _, o := range opinions {
		voters = max(voters, o.master.Voters().Value)
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

func filter(opinions []opinion, keep func(opinion) bool) []opinion {
	var kept []opinion
	for _, o := range opinions {
		if keep(o) {
			kept = append(kept, o)
		}
	}
	return kept
}
