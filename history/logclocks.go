package history

import (
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// A mark is something that several Sentinels log at nearly the same time.
type mark struct {
	key string
	at  time.Time
}

// Two kinds of marks. The epochs are unique, but a Sentinel can hear of one up to two seconds late. The switches
// come from one message of the leader, so that all others log them within some milliseconds, just after
// the leader has told the first replica to follow; but the same switch can come again.
type marks struct{ epochs, votes, switches []mark }

// marksOf looks for the marks in a log.
func marksOf(l *logOf) marks {
	var m marks
	promoted := make(map[string]string) // by master, the switch that its leader is about to tell of
	for _, line := range l.lines {
		e, is := eventIn(line.message)
		if !is {
			continue
		}
		switch e.Name {
		case sentinel.EventNewEpoch:
			m.epochs = append(m.epochs, mark{e.Details, line.at})
		case sentinel.EventVoteForLeader:
			m.votes = append(m.votes, mark{e.Details, line.at})
		case sentinel.EventPromotedSlave:
			promoted[e.Master] = e.Master + " " + e.MasterAddress + " " + e.Address
		case sentinel.EventReconfSent:
			if key := promoted[e.Master]; key != "" {
				m.switches = append(m.switches, mark{key, line.at})
				promoted[e.Master] = ""
			}
		case sentinel.EventFailoverEnd:
			promoted[e.Master] = "-" // the switch that follows is the leader's own, and late
		case sentinel.EventSwitchMaster:
			if promoted[e.Master] == "-" {
				delete(promoted, e.Master)
				continue
			}
			m.switches = append(m.switches, mark{strings.Join([]string{e.Master, e.MasterAddress, e.NewAddress}, " "), line.at})
		}
	}
	return m
}

// compareClocks estimates how far the clock of each log is ahead of that of the first one, from what they have in
// common, also by way of a third one.
func compareClocks(logs []*logOf) {
	all := make([]marks, len(logs))
	for i, l := range logs {
		all[i] = marksOf(l)
	}
	set := func(l *logOf, offset, off time.Duration) {
		seconds := offset.Seconds()
		l.offset, l.compare, l.OffsetSeconds, l.ErrorSeconds = offset, true, &seconds, off.Seconds()
	}
	set(logs[0], 0, 0)
	for again := true; again; {
		again = false
		for i, known := range logs {
			for j, l := range logs {
				if !known.compare || l.compare {
					continue
				}
				if ahead, off, ok := compareMarks(&all[i], &all[j]); ok {
					set(l, known.offset+ahead, off+time.Duration(known.ErrorSeconds*float64(time.Second)))
					again = true
				}
			}
		}
	}
}

// compareMarks estimates how far the clock of b is ahead of that of a, and how far off that may be.
func compareMarks(a, b *marks) (ahead, off time.Duration, ok bool) {
	const (
		hello  = 5 * time.Second // the most that a Sentinel may hear late of an epoch, with some reserve
		finest = 5 * time.Millisecond
	)
	votes := differences(a.votes, b.votes, 0, 0)
	rough := slices.Concat(votes, differences(a.epochs, b.epochs, 0, 0))
	if len(rough) == 0 {
		return 0, 0, false
	}
	coarse := median(votes)
	if len(votes) == 0 {
		coarse = median(rough)
	}
	best := differences(a.switches, b.switches, coarse, hello)
	if len(best) == 0 {
		best = votes
	}
	if len(best) == 0 {
		best = rough
	}
	ahead = median(best)
	for _, d := range best {
		off = max(off, (d - ahead).Abs())
	}
	return ahead, max(off, finest), true
}

// differences returns by how much the marks that both have are later in b. With a limit, only those that are
// near the expected difference: a mark may come again.
func differences(a, b []mark, expected, limit time.Duration) []time.Duration {
	at := make(map[string][]time.Time)
	for _, m := range a {
		at[m.key] = append(at[m.key], m.at)
	}
	var all []time.Duration
	for _, m := range b {
		for _, other := range at[m.key] {
			if d := m.at.Sub(other); limit == 0 || (d-expected).Abs() < limit {
				all = append(all, d)
			}
		}
	}
	return all
}

func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
