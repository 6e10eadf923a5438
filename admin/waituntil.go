package admin

import (
	"context"
	"time"
)

// pollEvery is how often waitUntil asks.
const pollEvery = 100 * time.Millisecond

// waitUntil calls ask until it is done. If ctx ends first, it returns the last error that was
// not caused by that.
func waitUntil(ctx context.Context, ask func() (done bool, err error)) error {
	return waitUntilWoken(ctx, nil, ask)
}

// waitUntilWoken is waitUntil, and asks at once when there is news.
func waitUntilWoken(ctx context.Context, news <-chan struct{}, ask func() (done bool, err error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var last error
	for {
		done, err := ask()
		if done {
			return err
		}
		if last == nil || !isOver(ctx) { // an error of a call that was cut short says nothing
			last = err
		}
		select {
		case <-tick.C:
		case <-news:
		case <-ctx.Done():
			return last
		}
	}
}

// isOver reports whether the context has ended or its deadline has passed: a connection with
// the same deadline may report it a moment before the context does.
func isOver(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}
