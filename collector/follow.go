package collector

import (
	"context"
	"sync"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// lookEvery is the least time between two looks at the Sentinels that the history wants.
const lookEvery = time.Second

// Follow takes in the events of a deployment's Sentinels until ctx ends, and snapshots of them when the
// history wants some: when a master goes down, or a failover begins. They may take as long as
// timeout. The events go to also, too. At the end the history stores what has not been stored yet.
func (e *Events) Follow(ctx context.Context, d *deployment.Deployment, timeout time.Duration, also ...func(*sentinel.StreamUpdate)) {
	defer e.history.Close()
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		d.Events(ctx, func(u *sentinel.StreamUpdate) {
			e.Handle(u)
			for _, handle := range also {
				handle(u)
			}
		})
	})
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
	snapshots := d.Snapshots(ctx)
	e.Observe(snapshots)
	for _, s := range snapshots {
		s.Release()
	}
}
