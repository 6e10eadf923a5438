package faults

import (
	"context"
	"fmt"
	"slices"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// MasterName is the name of the master that every topology of the table has.
const MasterName = "mymaster"

// OtherName is the second name of the same nodes, in the fault that is about that.
const OtherName = "other"

// A Group is a topology with the faults that can be made on it, one after the
// other.
type Group struct {
	Name   string
	Config sentineltest.Config
	Faults []Fault
	// Aged is added to the time that anything has been down, for checks that would
	// otherwise wait for minutes.
	Aged time.Duration
}

// A Fault is one thing that can go wrong.
type Fault struct {
	Name string
	// Make breaks the topology. It returns the function that repairs it, which must be
	// called even if Make failed.
	Make func(context.Context, *Rig) (mend Mend, err error)
	// Findings are all findings that the checks must report in the end.
	Findings []Finding
	// Ask returns the addresses at which to ask the Sentinels during the fault; nil means
	// the usual ones.
	Ask func(*Rig) ([]string, error)
}

// Moves reports whether a Sentinel promotes another node during the fault. health.TestFaults sees to it that
// this is true of those that do.
func (f *Fault) Moves() bool {
	return slices.Contains([]string{
		"old master that loads", "failed over to most of the Sentinels", "failover that never ends",
		"missed one", "missed two", "promoted replica killed", "two leaders",
	}, f.Name)
}

// Mend repairs a fault.
type Mend func(context.Context) error

// A Finding is one that a fault must lead to.
type Finding struct {
	Check    string
	Severity string
	// Cause is the check of the finding that it follows from; empty if there is none.
	Cause string
}

// A Rig is a running topology.
type Rig struct {
	*sentineltest.Topology
}

func (r *Rig) sentinel(i int) *sentineltest.Sentinel { return r.Sentinels[i] }

// roles returns the master and its replicas as they are now.
func (r *Rig) roles(ctx context.Context) (master *sentineltest.Node, replicas []*sentineltest.Node, err error) {
	master, err = r.MasterNode(ctx, MasterName)
	if err != nil {
		return nil, nil, err
	}
	for _, n := range r.Masters[0].DataNodes() {
		if n != master {
			replicas = append(replicas, n)
		}
	}
	return master, replicas, nil
}

// each runs one command on all Sentinels.
func (r *Rig) each(ctx context.Context, args ...string) error {
	for _, s := range r.Sentinels {
		if _, err := s.CLI(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// run sends commands to one node, one after the other.
func run(ctx context.Context, n *sentineltest.Node, commands ...[]string) error {
	for _, c := range commands {
		if _, err := n.CLI(ctx, c...); err != nil {
			return err
		}
	}
	return nil
}

// until waits for a condition.
func until(ctx context.Context, what string, ok func() (bool, error)) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		done, err := ok()
		if done {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w (%w)", what, ctx.Err(), err)
		}
	}
}

// nothing is there to mend.
func nothing(context.Context) error { return nil }

func warning(checks ...string) []Finding  { return findings("warning", checks) }
func critical(checks ...string) []Finding { return findings("critical", checks) }

func findings(severity string, checks []string) []Finding {
	list := make([]Finding, len(checks))
	for i, c := range checks {
		list[i] = Finding{Check: c, Severity: severity}
	}
	return list
}

// withCause makes findings follow from the one of the first list.
func withCause(cause []Finding, lists ...[]Finding) []Finding {
	consequences := slices.Concat(lists...)
	for i := range consequences {
		consequences[i].Cause = cause[0].Check
	}
	return append(cause, consequences...)
}

// command splits one with plain words.
func command(words ...string) []string { return words }
