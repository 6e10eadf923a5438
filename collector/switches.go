package collector

import (
	"slices"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// A report is compared with the last keptSwitches switches of its master that are not
// older than lateReport: a Sentinel that was cut off hears of a switch only when it is
// back. A later report counts as a switch of its own.
const (
	keptSwitches = 4
	lateReport   = 15 * time.Minute
	// repeatWithin is how soon a Sentinel reports a switch again that it cannot complete:
	// some twelve times a second while the name of the promoted node does not resolve. The
	// next real switch takes longer.
	repeatWithin = 10 * time.Second
)

// switches are the last switches of each master, the newest last.
type switches map[string][]masterSwitch

// A masterSwitch is one switch, which each Sentinel reports for itself: the
// leader at the end of the failover, the others when they hear of it. It has happened when one
// of them has the master at the new address.
type masterSwitch struct {
	from, address string
	at            time.Time            // of the first report
	reported      map[string]time.Time // by Sentinel: its last report
	happened      bool
}

// repeats reports whether the same Sentinel has just reported this switch.
func (m *masterSwitch) repeats(n *sentinel.StreamUpdate) bool {
	last, known := m.reported[n.Sentinel]
	return known && m.from == n.Event.MasterAddress && m.address == n.Event.NewAddress && n.Time.Sub(last) < repeatWithin
}

// event processes a +switch-master. Each other Sentinel reports the switch once more. If the same Sentinel reports the
// same address again, there was another switch in between, which may have been missed;
// except for the repeats of a switch that it cannot complete.
func (s switches) event(n *sentinel.StreamUpdate) {
	kept := s[n.Event.Master]
	if len(kept) > 0 && kept[len(kept)-1].repeats(n) {
		kept[len(kept)-1].reported[n.Sentinel] = n.Time
		return
	}
	for i := range slices.Backward(kept) {
		_, known := kept[i].reported[n.Sentinel]
		if kept[i].address == n.Event.NewAddress && n.Time.Sub(kept[i].at) < lateReport && !known {
			kept[i].reported[n.Sentinel] = n.Time
			return
		}
	}
	kept = append(kept, masterSwitch{
		from: n.Event.MasterAddress, address: n.Event.NewAddress, at: n.Time,
		reported: map[string]time.Time{n.Sentinel: n.Time},
	})
	s[n.Event.Master] = slices.Clone(kept[max(0, len(kept)-keptSwitches):])
}

// seenAt takes in that a Sentinel has a master at an address, and returns the switch that has
// happened by that; nil if there is none, or it had before. After a switch a Sentinel
// publishes its replicas anew, with that address of their master.
func (s switches) seenAt(addr, master, address string) *masterSwitch {
	kept := s[master]
	for i := range slices.Backward(kept) {
		if _, reported := kept[i].reported[addr]; reported && kept[i].address == address {
			if kept[i].happened {
				return nil
			}
			kept[i].happened = true
			return &kept[i]
		}
	}
	return nil
}

// last is the last switch of a master that has happened.
func (s switches) last(master string) (at time.Time, ok bool) {
	for _, m := range slices.Backward(s[master]) {
		if m.happened {
			return m.at, true
		}
	}
	return time.Time{}, false
}
