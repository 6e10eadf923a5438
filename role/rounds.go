package role

import (
	"context"
	"sync"
	"time"

	"redis_sentinel_exporter/sentinel"
)

const (
	// eventInterval is the least time between rounds if the Sentinels publish events.
	eventInterval = 100 * time.Millisecond
	// eventShare is how many times as long as the last round took is left between two of them:
	// when a thousand masters fail, the Sentinels have other things to do.
	eventShare = 5
)

// Run asks the Sentinels every second, and at once when they publish something, as long as
// checks come in, until ctx ends. A Sentinel that hangs delays no round. In the end what was heard
// is forgotten.
func (k *Keeper) Run(ctx context.Context) {
	defer k.forget()
	var wg sync.WaitGroup
	defer wg.Wait()
	var began time.Time
	took := make(chan time.Duration, 1)
	var last time.Duration
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case last = <-took:
		case <-k.wake:
		case <-timer.C:
		}
		due, wanted := k.due(began, max(eventInterval, eventShare*last))
		switch wait := time.Until(due); {
		case !wanted:
		case wait > 0:
			timer.Reset(wait)
		default:
			began = time.Now()
			wg.Go(func() {
				start := time.Now()
				k.round(ctx)
				select {
				case took <- time.Since(start):
				case <-ctx.Done():
				}
			})
			timer.Reset(interval)
		}
	}
}

// forget gives back what the snapshots have of the budget.
func (k *Keeper) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.heard {
		s.Release()
	}
	clear(k.heard)
	k.version++
}

// due returns when the next round is to begin, and whether there is to be one.
func (k *Keeper) due(began time.Time, afterEvent time.Duration) (at time.Time, wanted bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.idle(time.Now()) {
		return time.Time{}, false
	}
	if k.eventful {
		return began.Add(min(interval, afterEvent)), true
	}
	return began.Add(interval), true
}

// round asks all Sentinels once.
func (k *Keeper) round(ctx context.Context) {
	k.mu.Lock()
	k.eventful = false
	k.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, min(k.opts.Timeout, freshFor))
	defer cancel()
	all := k.source.SnapshotsAsTheyCome(ctx, k.hear)
	k.mu.Lock()
	defer k.mu.Unlock()
	asked := make(map[string]bool, len(all))
	for _, s := range all {
		asked[s.Sentinel] = true
	}
	for address, s := range k.heard {
		if !asked[address] {
			delete(k.heard, address)
			s.Release()
		}
	}
	k.version++
	k.opened()
}

// hear takes in the snapshot of one Sentinel.
func (k *Keeper) hear(s *sentinel.Snapshot) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if before := k.heard[s.Sentinel]; before != nil {
		if !s.Started.After(before.Started) {
			return
		}
		before.Release()
	}
	k.heard[s.Sentinel] = s
	k.version++
}

// opened lets go on who waits for the first round. The caller holds the lock.
func (k *Keeper) opened() {
	select {
	case <-k.first:
	default:
		close(k.first)
	}
}
