package faults

import (
	"context"
	"fmt"
	"slices"

	"redis_sentinel_exporter/internal/sentineltest"
)

// The machines of the group that has several. The first one has two of the Sentinels.
const (
	crowded = "127.82.0.1"
	second  = "127.82.0.2"
	third   = "127.82.0.3"
)

// onMachines places the nodes so that each machine can be lost while the master is on the second.
func onMachines(node string) string {
	return map[string]string{
		"master-0": second, "master-0-replica-0": crowded, "master-0-replica-1": third,
		"sentinel-0": crowded, "sentinel-1": crowded, "sentinel-2": second,
	}[node]
}

// failOverTo makes the replica on the machine with two of the Sentinels the master.
func failOverTo(ctx context.Context, r *Rig) (mend Mend, err error) {
	master, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	i := slices.IndexFunc(replicas, func(n *sentineltest.Node) bool { return n.Host() == crowded })
	if i < 0 {
		return nothing, fmt.Errorf("the master %s is there already", master.Addr())
	}
	heir := replicas[i]
	mend = func(ctx context.Context) error {
		if err := run(ctx, heir, command("CONFIG", "SET", "replica-priority", "100")); err != nil {
			return err
		}
		now, err := r.MasterNode(ctx, MasterName)
		if err != nil || now.Host() != crowded {
			return err // whoever did what is advised has mended it
		}
		return r.leave(ctx)
	}
	if err := run(ctx, heir, command("CONFIG", "SET", "replica-priority", "1")); err != nil {
		return mend, err
	}
	if err := r.seeReplicas(ctx, []*sentineltest.Node{heir}, func(row sentineltest.Row) bool { return row.Get("slave-priority") == "1" }); err != nil {
		return mend, err
	}
	return mend, r.leave(ctx)
}

// leave fails over, and waits until all follow.
func (r *Rig) leave(ctx context.Context) error {
	if _, err := r.Failover(ctx, MasterName); err != nil {
		return err
	}
	return r.WaitSettled(ctx)
}
