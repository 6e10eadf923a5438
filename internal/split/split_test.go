package split_test

import (
	"sync"
	"testing"

	"redis_sentinel_exporter/internal/split"
)

// TestRun: each item once, and no part that is not worth a goroutine.
func TestRun(t *testing.T) {
	t.Parallel()
	const least = 8
	for n := range 100 {
		var mu sync.Mutex
		done := make([]int, n)
		split.Run(n, least, func(from, to int) {
			mu.Lock()
			defer mu.Unlock()
			if to-from < min(n, least) {
				t.Errorf("of %d a part from %d to %d", n, from, to)
			}
			for i := from; i < to; i++ {
				done[i]++
			}
		})
		for i, times := range done {
			if times != 1 {
				t.Errorf("of %d item %d was done %d times", n, i, times)
			}
		}
	}
}
