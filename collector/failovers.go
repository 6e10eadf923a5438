package collector

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"redis_sentinel_exporter/history"
)

// The results of a failover.
const (
	resultEnded   = "ended"
	resultAborted = "aborted"
)

// failoverDurations are the durations of the failovers of all masters.
type failoverDurations struct {
	of   map[durationKey]prometheus.Histogram
	none *dto.Histogram // for a master that had no failover
}

// A durationKey is the master and the result of the failovers in a histogram.
type durationKey struct{ master, result string }

func newFailoverDurations() failoverDurations {
	var none dto.Metric
	if err := newDurations().Write(&none); err != nil {
		panic(err) // it has no labels that could be wrong
	}
	none.Histogram.Bucket = nil // but +Inf, which every histogram has
	return failoverDurations{of: make(map[durationKey]prometheus.Histogram), none: none.Histogram}
}

// newDurations has classic buckets alone. Of a histogram with both kinds Prometheus 3.5 keeps the native ones where it
// scrapes native histograms, so that no query answers for it as elsewhere; where it asks for protobuf for another
// reason it keeps nothing. What it asks for is the same.
func newDurations() prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "failover_duration_seconds",
		Buckets: []float64{1, 2, 3, 5, 10, 20, 30, 60, 120, 180, 300, 600},
	})
}

// ended takes in a failover that has ended.
func (f *failoverDurations) ended(master string, e *history.Ended) {
	key := durationKey{master, resultEnded}
	if e.Outcome == history.OutcomeAborted {
		key.result = resultAborted
	}
	if f.of[key] == nil {
		f.of[key] = newDurations()
	}
	f.of[key].Observe(e.Seconds)
}

// forget drops everything about a master.
func (f *failoverDurations) forget(master string) {
	delete(f.of, durationKey{master, resultEnded})
	delete(f.of, durationKey{master, resultAborted})
}

// appendRows appends the durations of a master, with empty histograms if it had no failover.
func (f *failoverDurations) appendRows(rows []failoverRow, master string) []failoverRow {
	for _, result := range []string{resultAborted, resultEnded} {
		row := failoverRow{durationKey{master, result}, f.none}
		if durations := f.of[row.durationKey]; durations != nil {
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
