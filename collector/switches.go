package collector

import (
	"slices"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// A report is compared with the last switches of its master, as many as are kept and
// not older than lateReport: a Sentinel that was cut off hears of a switch only when it
// is back. A report that comes later than that is of another switch, which nobody else
// has been heard to report.
const (
	keptSwitches = 4
	lateReport   = 15 * time.Minute
)

// switches are the last switches of each master, the newest last.
type switches map[string][]masterSwitch

// A masterSwitch is one switch, which each Sentinel reports for itself: the
// leader at the end of the failover, the others when they hear of it.
type masterSwitch struct {
	address   string
	at        time.Time // of the first report
	reporters []string
}

// event takes in a +switch-master and reports whether it is the first report of
// the switch. A further one is of a Sentinel that has not reported it yet; the
// same Sentinel tells of the same address only after another switch, which may
// have been missed.
func (s switches) event(n *sentinel.StreamUpdate) bool {
	kept := s[n.Event.Master]
	for i := len(kept) - 1; i >= 0; i-- {
		if kept[i].address == n.Event.NewAddress && n.Time.Sub(kept[i].at) < lateReport && !slices.Contains(kept[i].reporters, n.Sentinel) {
			kept[i].reporters = append(kept[i].reporters, n.Sentinel)
			return false
		}
	}
	kept = append(kept, masterSwitch{address: n.Event.NewAddress, at: n.Time, reporters: []string{n.Sentinel}})
	s[n.Event.Master] = slices.Clone(kept[max(0, len(kept)-keptSwitches):])
	return true
}
