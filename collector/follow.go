package collector

import (
	"context"
	"sync"
	"time"

	"redis_sentinel_exporter/deployment"
)

// lookEvery is the least time between two looks at the Sentinels that the history wants.
const lookEvery = time.Second

// Follow takes in the events of a deployment's Sentinels until ctx ends, and snapshots of them when the
// history wants some: when a master goes down, or a failover begins. They may take as long as
// timeout.
func (e *Events) Follow(ctx context.Context, d *deployment.Deployment, timeout time.Duration) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { d.Events(ctx, e.Handle) })
	for {
		select {
		case <-e.history.Wanted():
		case <-ctx.Done():
			return
		}
		e.look(ctx, d, timeout)
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return
		}
	}
}

func (e *Events) look(ctx context.Context, d *deployment.Deployment, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	e.Observe(d.Snapshots(ctx))
}
