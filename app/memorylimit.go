package app

import (
	"fmt"
	"math"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

const (
	// memoryPerReply is how much memory the collection of garbage aims at, for a byte that
	// replies may take. Without an aim there may be as much garbage as there are replies.
	memoryPerReply = 2
	// groupShare is the part of the memory of the control group that it aims at, at most.
	groupShare = 0.9
)

// limitMemory sets the limit at which Go collects garbage more often, in bytes: from what
// replies may take, and below that of the control group, which a container has.
// $GOMEMLIMIT overrides it.
func limitMemory(replies int64) error {
	if _, err := memlimit.Set(memlimit.WithRatio(1), memlimit.WithProvider(memoryLimit(replies, memlimit.FromCgroup))); err != nil {
		return fmt.Errorf("the limit of memory: %w", err)
	}
	return nil
}

// memoryLimit returns the limit. A control group that cannot be read has none, as on
// systems without them.
func memoryLimit(replies int64, group memlimit.Provider) memlimit.Provider {
	return func() (uint64, error) {
		own := uint64(memoryPerReply * replies) //nolint:gosec // a flag that is checked
		limit, err := memlimit.ApplyRatio(group, groupShare)()
		if err != nil {
			limit = math.MaxUint64
		}
		return min(own, limit), nil
	}
}
