package faults

import (
	"context"
	"errors"
	"net"
	"strings"

	"redis_sentinel_exporter/internal/sentineltest"
)

// twoLeaders lets two people start a failover at two Sentinels, which do not hear of each
// other before both are done: otherwise a matter of 0.1 s, here nobody may say hello until
// then. Neither asks for a vote, so both lead, with one epoch, and promote different
// replicas. Each makes the other's a replica of its own; the first is done too early for
// that here, so that this one command is sent in its place.
func twoLeaders(ctx context.Context, r *Rig) (Mend, error) {
	hello := func(ctx context.Context, rule string) error {
		var errs []error
		for _, n := range r.Nodes() { // Sentinels send it to each other as well
			errs = append(errs, run(ctx, n, command("ACL", "SETUSER", "default", rule)))
		}
		return errors.Join(errs...)
	}
	mend := func(ctx context.Context) error {
		return errors.Join(hello(ctx, "+publish"), r.priorities(ctx, "100"), r.oneMaster(ctx))
	}
	if err := r.WaitSettled(ctx); err != nil {
		return nothing, err
	}
	if err := hello(ctx, "-publish"); err != nil {
		return mend, err
	}
	var promoted []*sentineltest.Node
	for _, s := range r.Sentinels[:2] {
		n, err := r.failOverAlone(ctx, s)
		if err != nil {
			return mend, err
		}
		promoted = append(promoted, n)
	}
	if err := follow(ctx, promoted[1], promoted[0]); err != nil {
		return mend, err
	}
	return mend, hello(ctx, "+publish")
}

// failOverAlone waits until a Sentinel has failed over, which nobody else does, and returns
// the node that it names then. That node is not to be promoted again.
func (r *Rig) failOverAlone(ctx context.Context, s *sentineltest.Sentinel) (*sentineltest.Node, error) {
	for _, n := range r.Masters[0].DataNodes() {
		if err := until(ctx, s.Name()+" knows the priority", func() (bool, error) {
			want, err := n.CLI(ctx, "CONFIG", "GET", "replica-priority")
			if err != nil {
				return false, err
			}
			row, err := replicaRow(ctx, s, n)
			return row == nil || strings.HasSuffix(strings.TrimSpace(want), "\n"+row.Get("slave-priority")), err
		}); err != nil {
			return nil, err
		}
	}
	before, err := s.Row(ctx, "SENTINEL", "MASTER", MasterName)
	if err != nil {
		return nil, err
	}
	if err := run(ctx, s.Node, command("SENTINEL", "FAILOVER", MasterName)); err != nil {
		return nil, err
	}
	var addr string
	if err := until(ctx, s.Name()+" has switched", func() (bool, error) {
		row, err := s.Row(ctx, "SENTINEL", "MASTER", MasterName)
		addr = net.JoinHostPort(row.Get("ip"), row.Get("port"))
		return err == nil && row.Get("port") != before.Get("port"), err
	}); err != nil {
		return nil, err
	}
	n := r.NodeAt(addr)
	return n, run(ctx, n, command("CONFIG", "SET", "replica-priority", "0"))
}

// oneMaster makes the node that the first Sentinel names a master, and all the others
// monitor it, whatever they think.
func (r *Rig) oneMaster(ctx context.Context) error {
	row, err := r.sentinel(0).Row(ctx, "SENTINEL", "MASTER", MasterName)
	if err != nil {
		return err
	}
	named := r.NodeAt(net.JoinHostPort(row.Get("ip"), row.Get("port")))
	errs := []error{run(ctx, named, command("REPLICAOF", "NO", "ONE"))}
	for _, n := range r.Masters[0].DataNodes() {
		if n != named {
			errs = append(errs, follow(ctx, n, named))
		}
	}
	for i, s := range r.Sentinels {
		own, err := s.Row(ctx, "SENTINEL", "MASTER", MasterName)
		if err != nil || own.Get("port") == row.Get("port") {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, run(ctx, s.Node, command("SENTINEL", "REMOVE", MasterName)), r.MonitorAs(ctx, i, row))
	}
	return errors.Join(append(errs, r.WaitSettled(ctx))...)
}
