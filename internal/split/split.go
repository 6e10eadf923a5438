// Package split does work on many items with all processors.
package split

import (
	"runtime"
	"sync"
)

// Run calls do for parts of the items from 0 to n, which do not overlap and are all of them, and returns when all
// calls have. Each part has at least so many items, unless there are fewer; calls run at the same time.
func Run(n, least int, do func(from, to int)) {
	parts := max(1, min(runtime.GOMAXPROCS(0), n/least))
	var wg sync.WaitGroup
	for i := 1; i < parts; i++ {
		wg.Go(func() { do(n*i/parts, n*(i+1)/parts) })
	}
	do(0, n/parts)
	wg.Wait()
}
