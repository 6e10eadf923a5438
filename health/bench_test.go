package health

import (
	"fmt"
	"testing"

	"redis_sentinel_exporter/sentinel"
)

// BenchmarkAssess shows what the checks add to a scrape.
func BenchmarkAssess(b *testing.B) {
	for _, masters := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("masters=%d", masters), func(b *testing.B) {
			snapshots := manyMasters(masters)
			b.ReportAllocs()
			for b.Loop() {
				if r := Assess(snapshots); len(r.Masters) != masters {
					b.Fatalf("%d masters, want %d", len(r.Masters), masters)
				}
			}
		})
	}
}

// manyMasters is three healthy Sentinels with so many masters, each with nodes of
// its own.
func manyMasters(masters int) []*sentinel.Snapshot {
	snapshots := healthy()
	for _, s := range snapshots {
		one := s.Masters[0]
		s.Masters = nil
		for i := range masters {
			m := one
			m.Name = fmt.Sprintf("master-%04d", i)
			m.Addr = fmt.Sprintf("10.1.%d.%d:6379", i/250, i%250)
			m.Replicas = append([]sentinel.Replica(nil), one.Replicas...)
			for k := range m.Replicas {
				m.Replicas[k].Addr = fmt.Sprintf("10.%d.%d.%d:6379", 2+k, i/250, i%250)
			}
			s.Masters = append(s.Masters, m)
		}
	}
	return snapshots
}
