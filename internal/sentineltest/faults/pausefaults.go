package faults

import (
	"context"
	"errors"
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
	return mend, run(ctx, master, command("SET", "key", "value"), command("FAILOVER"))
}
