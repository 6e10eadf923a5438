package sentinel

import (
	"context"
	"slices"
)

// A flight is a snapshot under way, which all share who ask for one meanwhile:
// ten scrapes at once cost the Sentinel the commands of one. Nothing outlives
// it, so a snapshot is never older than the call that got it.
type flight struct {
	done     chan struct{} // closed when what is below is there
	snapshot *Snapshot
	cut      bool // it ended because its leader had no more time
}

// Snapshot asks the Sentinel for all that it knows and always returns an answer,
// by the end of the context at the latest.
func (c *Client) Snapshot(ctx context.Context) *Snapshot {
	for {
		f, leads := c.join()
		if leads {
			f.snapshot = c.takeSnapshot(ctx)
			f.cut = f.snapshot.timedOut()
			c.land(f)
			return f.snapshot
		}
		select {
		case <-f.done:
			// Its leader may have had less time than we: then we ask ourselves.
			if !f.cut || ctx.Err() != nil {
				return f.snapshot
			}
		case <-ctx.Done():
			return c.unanswered(ctx)
		}
	}
}

// timedOut tells whether the deadline cut the snapshot short. There is no other
// deadline than the context's, which may notice a moment after the connection.
func (s *Snapshot) timedOut() bool {
	return slices.ContainsFunc(s.Failures, func(f Failure) bool { return f.Err.Reason == ReasonTimeout })
}

// join returns the flight under way, or starts one which the caller leads.
func (c *Client) join() (f *flight, leads bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight != nil {
		return c.flight, false
	}
	c.flight = &flight{done: make(chan struct{})}
	return c.flight, true
}

// land ends the flight.
func (c *Client) land(f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flight = nil
	close(f.done)
}
