package sentinel_test

import (
	"context"
	"fmt"
	"testing"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// BenchmarkSnapshot takes snapshots of a fake Sentinel in this process, whose own
// work and memory are part of the figures.
func BenchmarkSnapshot(b *testing.B) {
	for _, masters := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("masters=%d", masters), func(b *testing.B) {
			fake := sentineltest.RunFake(b, sentineltest.FakeConfig{Masters: masters, Replicas: 2, Peers: 2})
			c := sentinel.NewClient(sentinel.Options{Address: fake.Addr()})
			defer c.Close()
			if s := c.Snapshot(context.Background()); !s.Up() || len(s.Masters) != masters {
				b.Fatal(s.Err)
			}
			b.ReportAllocs()
			for b.Loop() {
				c.Snapshot(context.Background())
			}
		})
	}
}
