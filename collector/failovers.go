package collector

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"redis_sentinel_exporter/sentinel"
)

// The results of a failover.
const (
	resultEnded   = "ended"
	resultAborted = "aborted"
)

// keptAttempts is how many finished attempts are kept for each master, to recognise those
// that belong to the same failover.
const keptAttempts = 8

// failovers follows the failovers of all masters. It observes one duration for each
// failover, or none if a part of it was not seen.
type failovers struct {
	epochs    map[string]sentinel.Number // by Sentinel, if its last event was +new-epoch
	open      map[source]*attempt
	ending    map[source]*attempt  // those that have ended, and the Sentinel has not switched yet
	over      map[string][]attempt // by master, the newest last
	durations map[durationKey]prometheus.Histogram
	none      *dto.Histogram // for a master that had no failover
}

// An attempt is the attempt of one Sentinel to fail a master over, from +try-failover
// on. Several Sentinels may try at the same time; at most one is elected.
type attempt struct {
	epoch      sentinel.Number
	elected    bool
	start, end time.Time
	from       string // where the master was when it ended
}

// A durationKey is the master and the result of the failovers in a histogram.
type durationKey struct{ master, result string }

func newFailovers() failovers {
	var none dto.Metric
	if err := newDurations().Write(&none); err != nil {
		panic(err) // it has no labels that could be wrong
	}
	none.Histogram.Bucket = nil // but +Inf, which every histogram has
	return failovers{
		epochs:    make(map[string]sentinel.Number),
		open:      make(map[source]*attempt),
		ending:    make(map[source]*attempt),
		over:      make(map[string][]attempt),
		durations: make(map[durationKey]prometheus.Histogram),
		none:      none.Histogram,
	}
}

func newDurations() prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:                            "failover_duration_seconds",
		Buckets:                         []float64{1, 2, 3, 5, 10, 20, 30, 60, 120, 180, 300, 600},
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	})
}

// event processes an event, which may be a step of a failover. master is empty if the event
// is about none, or about one that is not counted by name.
func (f *failovers) event(n *sentinel.StreamUpdate, master string) {
	epoch := f.epochs[n.Sentinel]
	delete(f.epochs, n.Sentinel)
	if n.Event.Name == sentinel.EventNewEpoch {
		f.epochs[n.Sentinel] = n.Event.Epoch
	}
	if master == "" {
		return
	}
	key := source{n.Sentinel, master}
	f.switched(key, n)
	switch n.Event.Name {
	case sentinel.EventTryFailover:
		// The epoch of an attempt is published just before it.
		f.open[key] = &attempt{epoch: epoch, start: n.Time}
	case sentinel.EventElectedLeader:
		if a := f.open[key]; a != nil {
			a.elected = true
		}
	case sentinel.EventFailoverEnd:
		if a := f.open[key]; a != nil {
			delete(f.open, key)
			a.from = n.Event.MasterAddress
			f.ending[key] = a
		}
	case sentinel.EventAbortNotElected, sentinel.EventAbortNoGoodSlave,
		sentinel.EventAbortSlaveTimeout, sentinel.EventAbortMasterTimeout:
		if a := f.open[key]; a != nil {
			delete(f.open, key)
			f.close(key, a, n.Time, resultAborted)
		}
	case sentinel.EventSwitchMaster, sentinel.EventResetMaster, sentinel.EventMonitor, sentinel.EventUnmonitor:
		delete(f.open, key) // Sentinel drops its attempt without an event, such as when another one has ended the failover
	}
}

// switched observes the end of an attempt when the Sentinel has the master elsewhere. That is
// at once, but where the name of the promoted node does not resolve: then it publishes
// +switch-master again and again until it does.
func (f *failovers) switched(key source, n *sentinel.StreamUpdate) {
	a := f.ending[key]
	if a == nil || n.Event.Name == sentinel.EventSwitchMaster || n.Event.MasterAddress == a.from {
		return
	}
	delete(f.ending, key)
	f.close(key, a, n.Time, resultEnded)
}

// gap drops the open attempts of a Sentinel whose events may be missing.
func (f *failovers) gap(address string) {
	delete(f.epochs, address)
	by := func(key source, _ *attempt) bool { return key.sentinel == address }
	maps.DeleteFunc(f.open, by)
	maps.DeleteFunc(f.ending, by)
}

// close observes the duration of an attempt, unless another attempt counts for the same
// failover.
func (f *failovers) close(key source, a *attempt, end time.Time, result string) {
	a.end = end
	if f.counted(key, a) {
		return
	}
	kept := append(f.over[key.master], *a)
	f.over[key.master] = slices.Clone(kept[max(0, len(kept)-keptAttempts):])
	o := durationKey{key.master, result}
	if f.durations[o] == nil {
		f.durations[o] = newDurations()
	}
	f.durations[o].Observe(a.end.Sub(a.start).Seconds())
}

// counted reports whether another attempt counts for the same failover. An epoch has one
// leader, so two overlapping attempts elected in one epoch are the same, seen at two
// addresses. An attempt that was not elected belongs to the overlapping one that was, or to
// another one in the same election without a winner.
func (f *failovers) counted(key source, a *attempt) bool {
	for _, b := range f.over[key.master] {
		sameEpoch := a.epoch.Present && a.epoch == b.epoch
		if a.start.Before(b.end) && b.start.Before(a.end) && (a.elected && b.elected && sameEpoch || !a.elected && (b.elected || sameEpoch)) {
			return true
		}
	}
	if a.elected {
		return false
	}
	for _, attempts := range []map[source]*attempt{f.open, f.ending} {
		for other, b := range attempts {
			if other.master == key.master && b.elected {
				return true
			}
		}
	}
	return false
}

// forget drops everything about a master.
func (f *failovers) forget(master string) {
	delete(f.over, master)
	delete(f.durations, durationKey{master, resultEnded})
	delete(f.durations, durationKey{master, resultAborted})
	of := func(key source, _ *attempt) bool { return key.master == master }
	maps.DeleteFunc(f.open, of)
	maps.DeleteFunc(f.ending, of)
}

// appendRows appends the durations of a master, with empty histograms if it had no failover.
func (f *failovers) appendRows(rows []failoverRow, master string) []failoverRow {
	for _, result := range []string{resultAborted, resultEnded} {
		row := failoverRow{durationKey{master, result}, f.none}
		if durations := f.durations[row.durationKey]; durations != nil {
			var m dto.Metric
			if err := durations.Write(&m); err != nil {
				continue // it has no labels that could be wrong
			}
			row.durations = m.Histogram
		}
		rows = append(rows, row)
	}
	return rows
}
