package admin

import (
	"context"
	"time"
)

// pollEvery is how often a Sentinel is asked how far it has come.
const pollEvery = 100 * time.Millisecond

// poll asks until it is done. When the context ends first, the error is the one of
// the last time.
func poll(ctx context.Context, ask func() (done bool, err error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var last error
	for {
		done, err := ask()
		if done {
			return err
		}
		if !over(ctx) || last == nil { // what the context has cut short tells nothing
			last = err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return last
		}
	}
}

// over tells whether a context has ended, or is about to: a connection with the same
// deadline can give up a moment before the context says that it is over.
func over(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return ctx.Err() != nil || limited && !time.Now().Before(deadline)
}
