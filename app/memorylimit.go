package app

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

const (
	// memoryPerReply is how much memory the collection of garbage aims at, for a byte that
	// replies may take. Without an aim there may be as much garbage as there are replies.
	memoryPerReply = 2
	// memoryPerSentinel is the same for a Sentinel whose connection and stream are kept, in bytes. With an aim
	// below what is kept the collection never stops (docs/scale.md).
	memoryPerSentinel = 64 << 10
	// groupShare is the part of the memory of the control group that it aims at, at most.
	groupShare = 0.9
	// limitMemoryEvery is how often the aim follows the number of Sentinels.
	limitMemoryEvery = 5 * time.Second
)

// garbagePercent is how much garbage there may be before it is collected, in percent of what is in use. Go's usual
// 100 takes a twentieth more memory with thousands of masters, and an eighth less processor time with one (docs/performance.md).
const garbagePercent = 80

// limitGarbage sets that, unless $GOGC does.
func limitGarbage() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
}

// limitMemory sets the limit at which Go collects garbage more often, in bytes: from what
// replies may take and how many Sentinels there are, and below that of the control group, which a
// container has. It follows both until ctx ends. $GOMEMLIMIT overrides it.
func limitMemory(ctx context.Context, replies int64, sentinels func() int) error {
	provider := memoryLimit(replies, sentinels, memlimit.FromCgroup)
	if _, err := memlimit.Set(memlimit.WithRatio(1), memlimit.WithProvider(provider), memlimit.WithRefreshInterval(ctx, limitMemoryEvery)); err != nil {
		return fmt.Errorf("the limit of memory: %w", err)
	}
	return nil
}

// memoryLimit returns the limit. A control group that cannot be read has none, as on
// systems without them.
func memoryLimit(replies int64, sentinels func() int, group memlimit.Provider) memlimit.Provider {
	return func() (uint64, error) {
		own := uint64(memoryPerReply*replies) + memoryPerSentinel*uint64(sentinels()) //nolint:gosec // a flag that is checked, and a number of things
		limit, err := memlimit.ApplyRatio(group, groupShare)()
		if err != nil {
			limit = math.MaxUint64
		}
		return min(own, limit), nil
	}
}
