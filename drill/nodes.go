package drill

import (
	"context"
	"fmt"
	"sync"
	"time"

	"redis_sentinel_exporter/internal/pause"
	"redis_sentinel_exporter/sentinel"
)

const (
	// lookEvery is how often the nodes are looked at.
	lookEvery = 100 * time.Millisecond
	// backPatience is how long the replicas may take to come back after the failover.
	backPatience = time.Minute
	// cleanPatience is how long the key may take to disappear from the replicas.
	cleanPatience = 30 * time.Second
)

// each calls do for each node at once, with a connection and a timeout, and returns what came of it, in their order.
func each[T any](ctx context.Context, d *drill, do func(ctx context.Context, addr string) T) []T {
	results := make([]T, len(d.nodes))
	var wg sync.WaitGroup
	for i, addr := range d.nodes {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, d.Timeout)
			defer cancel()
			results[i] = do(ctx, addr)
		})
	}
	wg.Wait()
	return results
}

// waitBack waits until one node is the master, another one than before, and all others have it. It returns when that was;
// zero if ctx has ended first.
func (d *drill) waitBack(ctx context.Context, before string) time.Time {
	for {
		back := each(ctx, d, func(ctx context.Context, addr string) (role string) {
			conn := d.connect(addr)
			defer conn.Close()
			link, err := conn.Link(ctx)
			switch {
			case err != nil, link.Replica && !link.Up:
				return "away"
			case link.Replica:
				return "replica"
			case sentinel.SameAddress(addr, before).Value:
				return "old master"
			}
			return "master"
		})
		counts := make(map[string]int)
		for _, role := range back {
			counts[role]++
		}
		if counts["master"] == 1 && counts["replica"] == len(back)-1 {
			return time.Now()
		}
		if !pause.For(ctx, lookEvery) {
			return time.Time{}
		}
	}
}

// clean deletes the key wherever it is, and waits until no node has it. It returns the nodes on which it may remain.
// A node that is a replica now may have it from its master, and one that is about to be promoted as well.
func (d *drill) clean(ctx context.Context, key string) (remains []string) {
	ctx, cancel := context.WithTimeout(ctx, cleanPatience)
	defer cancel()
	for {
		left := each(ctx, d, func(ctx context.Context, addr string) string {
			conn := d.connect(addr)
			defer conn.Close()
			switch has, err := conn.Delete(ctx, key); {
			case err != nil:
				return fmt.Sprintf("%s: %v", addr, err)
			case has:
				return addr + " has it still"
			}
			return ""
		})
		remains = []string{}
		for _, why := range left {
			if why != "" {
				remains = append(remains, why)
			}
		}
		if len(remains) == 0 || !pause.For(ctx, lookEvery) {
			return remains
		}
	}
}
