package sentineltest

import (
	"context"
	"fmt"
	"time"
)

// The pause between two looks at a condition: twice as long as the look took, within these bounds. To start redis-cli
// takes 20 ms of a processor, and many tests wait at once.
const (
	leastPause = 25 * time.Millisecond
	mostPause  = 100 * time.Millisecond
)

// poll tries until try returns nil. When the context ends first, the error says why the last try had failed.
func poll(ctx context.Context, try func(context.Context) error) error {
	var last error
	for {
		began := time.Now()
		err := try(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil { // a try that the context cut short knows nothing
			last = err
		}
		select {
		case <-time.After(min(max(2*time.Since(began), leastPause), mostPause)):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), last)
		}
	}
}
