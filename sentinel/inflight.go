package sentinel

import (
	"context"
	"time"
)

// An inflight is a snapshot under way, which all share who ask for one meanwhile:
// ten scrapes at once cost the Sentinel the commands of one. It may have begun
// before the call that shares it: who must see the effect of a change asks by a
// command of its own.
type inflight struct {
	done     chan struct{} // closed when what is below is there
	snapshot *Snapshot
	cut      bool // it ended because its leader's context had
}

// Snapshot asks the Sentinel for all that it knows and always returns an answer,
// by the end of the context at the latest.
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
			// Its leader may have had less time than we: then we ask ourselves.
			if !f.cut || hasEnded(ctx) {
				return f.snapshot
			}
		case <-ctx.Done():
			return c.unanswered(ctx, started)
		}
	}
}

// hasEnded reports whether the context's time is up. Its own timer may be a moment
// later than the deadline of the connection, which is the same.
func hasEnded(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return ctx.Err() != nil || limited && !time.Now().Before(deadline)
}

// join returns the snapshot under way, or starts one which the caller leads.
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
