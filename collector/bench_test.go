package collector

import (
	"bytes"
	"fmt"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"redis_sentinel_exporter/sentinel"
)

// deployment is three healthy Sentinels that watch so many masters.
func deployment(masters int) []*sentinel.Snapshot {
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

func BenchmarkFamilies(b *testing.B) {
	benchmark(b, func([]*dto.MetricFamily) {})
}

// The text encoder reads all that Families made, and so shows what a scrape
// costs without the network.
func BenchmarkFamiliesToText(b *testing.B) {
	var buffer bytes.Buffer
	benchmark(b, func(families []*dto.MetricFamily) {
		buffer.Reset()
		writeText(b, &buffer, families)
	})
}

func benchmark(b *testing.B, use func([]*dto.MetricFamily)) {
	for _, masters := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("masters=%d", masters), func(b *testing.B) {
			c := New(Options{Replicas: true, Peers: true})
			snapshots := deployment(masters)
			samples := 0
			for _, f := range families(c, snapshots) {
				samples += len(f.Metric)
			}
			b.ReportAllocs()
			for b.Loop() {
				use(families(c, snapshots))
			}
			b.ReportMetric(float64(samples), "samples")
		})
	}
}
