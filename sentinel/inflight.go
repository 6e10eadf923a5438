package sentinel

import (
	"context"
	"time"
)

// An inflight is a snapshot under way. Concurrent callers share it, so ten scrapes at once
// cost the Sentinel the commands of one. It may have begun before the call that shares it:
// to see the effect of a change, use a command such as Master instead.
type inflight struct {
	done     chan struct{} // closed when the fields below are set
	snapshot *Snapshot
	cut      bool // it was cut short because its leader's context ended
}

// Snapshot asks the Sentinel for all that it knows. It always returns a snapshot, at the
// latest when ctx ends.
func (c *Client) Snapshot(ctx context.Context) *Snapshot {
	started := time.Now()
	for {
		f, leads := c.join()
		if leads {
			f.snapshot = c.takeSnapshot(ctx, started)
			f.cut = hasEnded(ctx)
			c.land(f)
			return f.snapshot
		}
		select {
		case <-f.done:
			// If its leader had less time than this caller, ask again.
			if !f.cut || hasEnded(ctx) {
				return f.snapshot
			}
		case <-ctx.Done():
			return c.unanswered(ctx, started)
		}
	}
}

// hasEnded reports whether the context has ended or its deadline has passed. The connection
// has the same deadline, and may report it a moment before the context does.
func hasEnded(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return ctx.Err() != nil || limited && !time.Now().Before(deadline)
}

// join returns the snapshot under way, or starts one that the caller must take.
func (c *Client) join() (f *inflight, leads bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inflight != nil {
		return c.inflight, false
	}
	c.inflight = &inflight{done: make(chan struct{})}
	return c.inflight, true
}

// land ends the snapshot under way.
func (c *Client) land(f *inflight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inflight = nil
	close(f.done)
}
