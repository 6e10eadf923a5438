package faults

import (
	"context"
	"errors"
	"strings"
	"time"
)

// failOverAtNode sends FAILOVER to the master, whose replica hangs and has not all data: the
// master keeps those waiting who write.
func failOverAtNode(ctx context.Context, r *Rig) (Mend, error) {
	master, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	mend := func(ctx context.Context) error {
		_, _ = master.CLI(ctx, "FAILOVER", "ABORT") // who follows the hint has sent it
		return errors.Join(replicas[0].Resume(), r.WaitSettled(ctx))
	}
	if err := r.WaitSettled(ctx); err != nil {
		return nothing, err
	}
	if err := replicas[0].Hang(); err != nil {
		return nothing, err
	}
	if err := run(ctx, master, command("SET", "key", "value")); err != nil {
		return mend, err
	}
	heard := func() (bool, error) {
		cache, err := r.Sentinels[0].CLI(ctx, "SENTINEL", "INFO-CACHE", MasterName)
		return strings.Contains(cache, "master_failover_state:waiting-for-sync"), err
	}
	// A Sentinel hears of it by INFO, or its PUBLISH comes before and keeps it waiting: then
	// it hears of it when the replica is almost held to be down.
	for {
		if err := run(ctx, master, command("FAILOVER")); err != nil {
			return mend, err
		}
		soon, cancel := context.WithTimeout(ctx, time.Second)
		err := until(soon, "a Sentinel to hear of the failover", heard)
		cancel()
		if err == nil || ctx.Err() != nil {
			return mend, err
		}
		if err := run(ctx, master, command("FAILOVER", "ABORT")); err != nil {
			return mend, err
		}
	}
}
