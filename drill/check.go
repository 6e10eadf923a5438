package drill

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/preflight"
	"redis_sentinel_exporter/sentinel"
)

// beforehand looks whether the drill can be done, and returns why it cannot.
func (d *drill) beforehand(ctx context.Context) (reasons []string, err error) {
	reasons, err = d.check(ctx)
	if err == nil && d.Back {
		reasons = append(reasons, d.noWayBack(ctx)...)
	}
	return reasons, err
}

// noWayBack says why nobody would promote the node that is the master now, once it is a replica. The Sentinels do not know
// the replica-priority of a master. The replica with the lowest is promoted in its place; any other with a lower one than
// the master's comes before it then.
func (d *drill) noWayBack(ctx context.Context) (reasons []string) {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	master, err := d.discover(ctx)
	if err != nil {
		return nil // check has said so
	}
	conn := d.connect(master)
	defer conn.Close()
	priority, err := conn.PriorityAsReplica(ctx)
	switch {
	case err != nil:
		return []string{fmt.Sprintf("whether the Sentinels would fail back to %s cannot be told: %v", master, err)}
	case priority.Present && priority.Value == 0:
		return []string{fmt.Sprintf("the Sentinels would not fail back to %s: its replica-priority is 0, so that it is never promoted once it is a replica", master)}
	case !priority.Present:
		return nil
	}
	before, err := d.preferred(ctx, master, priority.Value)
	switch {
	case err != nil:
		return []string{fmt.Sprintf("whether the Sentinels would fail back to %s cannot be told: %v", master, err)}
	case len(before) > 1:
		return []string{fmt.Sprintf("the Sentinels would not fail back to %s: its replica-priority is %d, and a lower one have %s, of which only one is promoted first: give that node the lowest",
			master, priority.Value, strings.Join(before, " and "))}
	}
	return nil
}

// preferred asks the other nodes, and returns those with a lower replica-priority than one, other than 0.
func (d *drill) preferred(ctx context.Context, master string, priority int64) (nodes []string, err error) {
	type answer struct {
		node string
		err  error
	}
	for _, a := range each(ctx, d, func(ctx context.Context, addr string) (a answer) {
		if sentinel.SameAddress(addr, master).Value {
			return a
		}
		conn := d.connect(addr)
		defer conn.Close()
		own, err := conn.PriorityAsReplica(ctx)
		switch {
		case err != nil:
			a.err = fmt.Errorf("%s: %w", addr, err)
		case own.Present && own.Value > 0 && own.Value < priority:
			a.node = fmt.Sprintf("%s (%d)", addr, own.Value)
		}
		return a
	}) {
		if a.node != "" {
			nodes = append(nodes, a.node)
		}
		err = errors.Join(err, a.err)
	}
	return nodes, err
}

// check looks whether the failover can be rehearsed, and returns why it cannot. It takes note of the nodes.
func (d *drill) check(ctx context.Context) (reasons []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*d.Timeout) // the Sentinels, then the nodes
	defer cancel()
	snapshots := d.snapshots(ctx)
	report := preflight.Assess(ctx, snapshots, d.Master, d.Preflight)
	if report == nil {
		return nil, fmt.Errorf("no Sentinel of the %d that were asked monitors a master named %q", len(snapshots), d.Master)
	}
	d.nodes = nil
	for _, n := range report.Nodes {
		d.nodes = append(d.nodes, n.Address)
	}
	reasons = append(unfit(report), d.guarded(ctx)...)
	master, err := d.discover(ctx)
	if err != nil {
		return append(reasons, fmt.Sprintf("where the master is cannot be told: %v", err)), nil
	}
	answer, err := canstop.NewLayout(snapshots, d.HostMap).Ask(machineOf(master, d.HostMap))
	if err != nil {
		return nil, err
	}
	for _, m := range answer.Masters {
		if m.Name == report.Master && m.Verdict != canstop.Yes {
			reasons = append(reasons, fmt.Sprintf("can-stop says %s: %s", m.Verdict, m.Reason))
		}
	}
	return reasons, nil
}

// guarded returns what the guards of the failover have against it.
func (d *drill) guarded(ctx context.Context) (reasons []string) {
	op := d.operation()
	op.DryRun = true
	_, err := d.operator().Do(ctx, op, nil)
	guarded, is := errors.AsType[*admin.GuardedError](err)
	if err != nil && !is {
		return []string{err.Error()}
	}
	if is {
		for _, f := range guarded.Findings {
			reasons = append(reasons, fmt.Sprintf("%s: %s", f.Check, f.Message))
		}
	}
	return reasons
}

func (d *drill) operation() admin.Operation {
	return admin.Operation{Action: admin.Failover, Master: d.Master, Way: d.Way}
}

func (d *drill) operator() *admin.Operator {
	o := admin.New(d.deployment, d.Timeout)
	o.UseNodes(d.Preflight.Nodes)
	return o
}

func (d *drill) snapshots(ctx context.Context) []*sentinel.Snapshot {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	return d.deployment.Snapshots(ctx)
}

// unfit returns what preflight has against the failover.
func unfit(r *preflight.Report) (reasons []string) {
	for _, f := range r.Findings {
		reasons = append(reasons, fmt.Sprintf("preflight finds %s (%s): %s", f.Check, f.Severity, f.Message))
	}
	for _, c := range r.Checks {
		if c.Status == health.Unknown {
			reasons = append(reasons, fmt.Sprintf("preflight cannot tell %s: %s", c.Check, strings.TrimSuffix(c.Reason, ".")))
		}
	}
	return reasons
}

// machineOf returns the name of the machine on which a node is.
func machineOf(addr string, names canstop.HostMap) string {
	host, _, err := net.SplitHostPort(addr)
	switch {
	case names[addr] != "":
		return names[addr]
	case err == nil && names[host] != "":
		return names[host]
	case err == nil:
		return host
	}
	return addr
}

// wrongHeir says why the next failover would not lead to a node; empty if it would.
func (d *drill) wrongHeir(ctx context.Context, node string) string {
	for _, v := range deployment.ViewsOf(d.snapshots(ctx), d.Master) {
		heir := v.Heir()
		switch {
		case heir == nil:
			return fmt.Sprintf("the Sentinel %s would promote no replica", v.Snapshot.Sentinel)
		case !sentinel.SameAddress(heir.Addr, node).Value:
			return fmt.Sprintf("the Sentinels would promote %s, not %s: give that one the lower replica-priority", heir.Addr, node)
		}
	}
	return ""
}
