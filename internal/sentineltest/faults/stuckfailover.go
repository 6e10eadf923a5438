package faults

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"redis_sentinel_exporter/internal/sentineltest"
)

// killPromoted kills the master, and then the replica that a Sentinel promotes in
// its place, before all is done: the other replica refuses to follow it. Sentinel
// ends no failover whose promoted replica is down, not even after
// failover-timeout; and there is no other to promote.
func killPromoted(ctx context.Context, r *Rig) (Mend, error) {
	master, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	heir, other := replicas[0], replicas[1]
	mend := func(ctx context.Context) error {
		return errors.Join(
			heir.Restart(ctx), master.Restart(ctx),
			run(ctx, other, command("CONFIG", "SET", "replica-priority", "100"), command("ACL", "SETUSER", "default", "+@all")))
	}
	if err := run(ctx, other,
		command("CONFIG", "SET", "replica-priority", "0"),
		command("ACL", "SETUSER", "default", "-slaveof", "-replicaof")); err != nil {
		return mend, err
	}
	for _, s := range r.Sentinels {
		if err := until(ctx, s.Name()+" knows the priority", func() (bool, error) {
			row, err := replicaRow(ctx, s, other)
			return row.Get("slave-priority") == "0", err
		}); err != nil {
			return mend, err
		}
	}
	master.Kill()
	if err := until(ctx, "the replica is promoted", func() (bool, error) { return r.hasPromoted(ctx, heir) }); err != nil {
		return mend, err
	}
	heir.Kill()
	return mend, until(ctx, "its Sentinel holds it to be down", func() (bool, error) { return r.hasPromoted(ctx, heir, "s_down") })
}

// hasPromoted reports whether a Sentinel has promoted a replica, which has these
// flags, and is about to make the others follow it.
func (r *Rig) hasPromoted(ctx context.Context, n *sentineltest.Node, flags ...string) (bool, error) {
	for _, s := range r.Sentinels {
		master, err := s.Row(ctx, "SENTINEL", "MASTER", MasterName)
		if err != nil {
			return false, err
		}
		if master.Get("failover-state") != "reconf_slaves" {
			continue
		}
		row, err := replicaRow(ctx, s, n)
		has := strings.Split(row.Get("flags"), ",")
		return !slices.ContainsFunc(append(flags, "promoted"), func(f string) bool { return !slices.Contains(has, f) }), err
	}
	return false, nil
}

// replicaRow is what a Sentinel says of a replica; nil if it does not know it.
func replicaRow(ctx context.Context, s *sentineltest.Sentinel, n *sentineltest.Node) (sentineltest.Row, error) {
	rows, err := s.Rows(ctx, "SENTINEL", "REPLICAS", MasterName)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if net.JoinHostPort(row.Get("ip"), row.Get("port")) == n.Addr() {
			return row, nil
		}
	}
	return nil, nil
}
