package admin

import (
	"context"
	"time"
)

// pollEvery is how often a Sentinel is asked how far it has come.
const pollEvery = 100 * time.Millisecond

// waitUntil asks until it is done. When the context ends first, the error is the one of
// the last time.
func waitUntil(ctx context.Context, ask func() (done bool, err error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var last error
	for {
		done, err := ask()
		if done {
			return err
		}
		if last == nil || !isOver(ctx) { // what the end has cut short tells nothing
			last = err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return last
		}
	}
}

// isOver goes by the clock: a connection that has the context's deadline can be told
// of it before the context is.
func isOver(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}
