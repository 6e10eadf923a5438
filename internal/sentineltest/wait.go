package sentineltest

import (
	"context"
	"fmt"
	"time"
)

// pollEvery is how often a condition is looked at. Asking costs a process or two, so not much more often than this.
const pollEvery = 25 * time.Millisecond

// poll tries until try returns nil. When the context ends first, the error says why the last try had failed.
func poll(ctx context.Context, try func(context.Context) error) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var last error
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil { // a try that the context cut short knows nothing
			last = err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), last)
		}
	}
}
