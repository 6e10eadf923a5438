package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"redis_sentinel_exporter/internal/sentineltest"
)

// emptiedKeys is what a master has before it is emptied.
const emptiedKeys = 10

// emptyMaster restarts a master that saves nothing, before its Sentinels can take it for dead. It
// takes its time to begin the synchronization of its replicas, so that they keep their data.
func emptyMaster(ctx context.Context, r *Rig) (Mend, error) {
	master, _, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	wait := func(seconds string) error {
		return run(ctx, master, command("CONFIG", "SET", "repl-diskless-sync", "yes"),
			command("CONFIG", "SET", "repl-diskless-sync-delay", seconds), command("CONFIG", "REWRITE"))
	}
	mend := func(ctx context.Context) error {
		now, _, err := r.roles(ctx)
		if err != nil {
			return err
		}
		return errors.Join(wait("0"), fill(ctx, now), r.WaitSettled(ctx))
	}
	if err := errors.Join(r.WaitSettled(ctx), run(ctx, master, command("FLUSHALL")), fill(ctx, master)); err != nil { // other faults have left keys
		return mend, err
	}
	for _, s := range r.Sentinels {
		if err := until(ctx, s.Name()+" knows of the keys", func() (bool, error) { return r.knowsKeys(ctx, s) }); err != nil {
			return mend, err
		}
	}
	if err := wait("60"); err != nil {
		return mend, err
	}
	master.Kill()
	return mend, master.Restart(ctx)
}

func fill(ctx context.Context, n *sentineltest.Node) error {
	for i := range emptiedKeys {
		if err := run(ctx, n, command("SET", fmt.Sprint("key", i), "value")); err != nil {
			return err
		}
	}
	return nil
}

// knowsKeys reports whether a Sentinel has an INFO of each node with the keys in it.
func (r *Rig) knowsKeys(ctx context.Context, s *sentineltest.Sentinel) (bool, error) {
	cache, err := s.CLI(ctx, "SENTINEL", "INFO-CACHE", MasterName)
	return strings.Count(cache, fmt.Sprintf("db0:keys=%d,", emptiedKeys)) == len(r.Masters[0].DataNodes()), err
}
