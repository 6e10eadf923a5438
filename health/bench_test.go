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
				if r := Assess(snapshots, nil); len(r.Masters) != masters {
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
			own := func(in *sentinel.Instance, k int) {
				in.Host = fmt.Sprintf("10.%d.%d.%d", 1+k, i/250, i%250)
				in.Addr, in.RunID = in.Host+":6379", fmt.Sprintf("%040x", 10*i+k)
			}
			own(&m.Instance, 0)
			m.Replicas = append([]sentinel.Replica(nil), one.Replicas...)
			for k := range m.Replicas {
				own(&m.Replicas[k].Instance, 1+k)
				m.Replicas[k].MasterHost = m.Host
			}
			s.Masters = append(s.Masters, m)
		}
	}
	return snapshots
}
