package deployment

import (
	"context"
	"slices"
	"sync"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// Events calls handle with the updates of all Sentinels, one at a time, until ctx ends; see
// [sentinel.Client.Events]. If peers are followed, their streams come and go with them.
func (d *Deployment) Events(ctx context.Context, handle func(*sentinel.StreamUpdate)) {
	d.events(ctx, sentinel.EventOptions{}, handle)
}

func (d *Deployment) events(ctx context.Context, o sentinel.EventOptions, handle func(*sentinel.StreamUpdate)) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	defer wg.Wait()
	one := func(n *sentinel.StreamUpdate) {
		mu.Lock()
		defer mu.Unlock()
		handle(n)
	}
	streams := make(map[*sentinel.Client]context.CancelFunc)
	defer func() {
		for _, stop := range streams {
			stop()
		}
	}()
	for ctx.Err() == nil {
		clients, changed := d.current()
		for client, stop := range streams {
			if !slices.Contains(clients, client) {
				stop()
				delete(streams, client)
			}
		}
		for _, client := range clients {
			if streams[client] != nil {
				continue
			}
			streaming, stop := context.WithCancel(ctx)
			streams[client] = stop
			wg.Go(func() {
				client.Events(streaming, o, one)
				if ctx.Err() == nil {
					one(&sentinel.StreamUpdate{Sentinel: client.Address(), Time: time.Now(), Kind: sentinel.StreamEnded})
				}
			})
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}
