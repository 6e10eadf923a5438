package collector

import (
	"fmt"
	"io"
	"testing"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// watching is three healthy Sentinels that watch so many masters.
func watching(masters int) []*sentinel.Snapshot {
	names := make([]string, masters)
	for i := range names {
		names[i] = fmt.Sprintf("master-%04d", i*7919%masters) // in no order, as Sentinel lists them
	}
	var snapshots []*sentinel.Snapshot
	for i := range 3 {
		snapshots = append(snapshots, at(fmt.Sprintf("10.0.0.%d:26379", i+1), named(names...)))
	}
	return snapshots
}

// BenchmarkWriteText shows what a scrape costs without the Sentinels, the checks
// and the network.
func BenchmarkWriteText(b *testing.B) {
	for _, masters := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("masters=%d", masters), func(b *testing.B) {
			c := New(Options{Replicas: true, Peers: true})
			snapshots := watching(masters)
			report := health.Assess(snapshots, nil)
			samples := len(samples(text(b, c, snapshots), nil))
			b.ReportAllocs()
			for b.Loop() {
				if err := c.WriteText(io.Discard, Page{Snapshots: snapshots, Report: &report}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(samples), "samples")
		})
	}
}
