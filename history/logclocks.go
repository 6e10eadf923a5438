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

// maxAlike is how many marks of one key are compared, the last ones: the same switch can come again and again.
const maxAlike = 100

// marksOf looks for the marks in a log: epochs and votes, and switches. All others log a switch when a
// message of the leader comes, which it sends just after it has told the first replica to follow; its own comes late.
func marksOf(l *logOf) []mark {
	var marks []mark
	promoted := make(map[string]string) // by master, the switch that its leader is about to tell of
	for _, line := range l.lines {
		e, is := eventIn(line.message)
		if !is {
			continue
		}
		switch e.Name {
		case sentinel.EventNewEpoch, sentinel.EventVoteForLeader:
			marks = append(marks, mark{e.Name + e.Details, line.at})
		case sentinel.EventPromotedSlave:
			promoted[e.Master] = e.Master + " " + e.MasterAddress + " " + e.Address
		case sentinel.EventReconfSent:
			if key := promoted[e.Master]; key != "" {
				marks = append(marks, mark{key, line.at})
				promoted[e.Master] = ""
			}
		case sentinel.EventFailoverEnd:
			promoted[e.Master] = "-" // the switch that follows is the leader's own
		case sentinel.EventSwitchMaster:
			if promoted[e.Master] == "-" {
				delete(promoted, e.Master)
				continue
			}
			marks = append(marks, mark{strings.Join([]string{e.Master, e.MasterAddress, e.NewAddress}, " "), line.at})
		}
	}
	return marks
}

// compareClocks estimates how far the clock of each log is ahead of that of the first one, from what they have in
// common, also by way of a third one.
func compareClocks(logs []*logOf) {
	all := make([][]mark, len(logs))
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
				if ahead, off, ok := compareMarks(all[i], all[j]); ok {
					set(l, known.offset+ahead, off+time.Duration(known.ErrorSeconds*float64(time.Second)))
					again = true
				}
			}
		}
	}
}

// compareMarks estimates how far the clock of b is ahead of that of a, and how far off that may be. A Sentinel can hear of
// anything late: of an epoch some seconds if it has no vote, of all if it hung or was cut off. But where two marks say
// nearly the same, neither was late. If none do so, clocks that may be equal are taken to be.
func compareMarks(a, b []mark) (ahead, off time.Duration, ok bool) {
	const (
		alike  = 250 * time.Millisecond
		late   = 10 * time.Second // the most that is taken for lateness rather than for a clock
		finest = 5 * time.Millisecond
	)
	all := differences(a, b)
	if len(all) == 0 {
		return 0, 0, false
	}
	slices.Sort(all)
	var best []time.Duration // the most that are alike; of as many, those of the clocks that are nearest
	for first, last := 0, 0; last < len(all); last++ {
		for all[last]-all[first] > alike {
			first++
		}
		if some := all[first : last+1]; len(some) > len(best) || len(some) == len(best) && median(some).Abs() < median(best).Abs() {
			best = some
		}
	}
	ahead = median(best)
	switch {
	case len(best) > 1:
		off = max(ahead-best[0], best[len(best)-1]-ahead)
	case ahead.Abs() < late:
		ahead, off = 0, ahead.Abs()
	default:
		off = late
	}
	return ahead, max(off, finest), true
}

// differences returns by how much the marks that both have are later in b.
func differences(a, b []mark) []time.Duration {
	at := make(map[string][]time.Time)
	for _, m := range a {
		at[m.key] = append(at[m.key], m.at)
	}
	for key, times := range at {
		at[key] = times[max(0, len(times)-maxAlike):]
	}
	var all []time.Duration
	for _, m := range b {
		for _, other := range at[m.key] {
			all = append(all, m.at.Sub(other))
		}
	}
	return all
}

// median returns the one in the middle of a sorted list.
func median(sorted []time.Duration) time.Duration { return sorted[len(sorted)/2] }
