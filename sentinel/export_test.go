package sentinel

import (
	"context"
	"slices"
	"time"
)

// EventOptions let a test have streams that are quicker than those of a program.
type EventOptions = eventOptions

// EventsWith is Events with options.
func (c *Client) EventsWith(ctx context.Context, o EventOptions, handle func(*Notice)) {
	c.events(ctx, o, handle)
}

// EventsWith is Events with options.
func (d *Deployment) EventsWith(ctx context.Context, o EventOptions, handle func(*Notice)) {
	d.events(ctx, o, handle)
}

// Preferred returns the addresses of the Sentinels whose answers discovery has used,
// the last one first.
func (d *Deployment) Preferred() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.preferred)
}

// AgePeers lets the peers have been named that much longer ago.
func (d *Deployment) AgePeers(age time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range d.found {
		m.named = m.named.Add(-age)
	}
}
