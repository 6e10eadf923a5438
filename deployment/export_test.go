package deployment

import (
	"context"
	"slices"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// EventsWith is Events with options, whose streams may be quicker than those of a
// program.
func (d *Deployment) EventsWith(ctx context.Context, o sentinel.EventOptions, handle func(*sentinel.StreamUpdate)) {
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
