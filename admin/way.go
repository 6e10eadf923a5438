package admin

import (
	"context"
	"fmt"
	"slices"

	"redis_sentinel_exporter/datanode"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// A Way is how a failover is done.
type Way string

// The ways.
const (
	// Auto is Coordinated where that is known to work, and Plain elsewhere.
	Auto Way = ""
	// Plain promotes a replica, whatever the master does: what that acknowledges until it hears of it is lost.
	Plain Way = "plain"
	// Coordinated lets the master itself hand over to the replica, with all writes. Only Valkey from 9.0 on can.
	Coordinated Way = "coordinated"
	// Fenced is Plain, and the master takes no writes from before the promotion on. It needs an account for the
	// data nodes, see [Operator.UseNodes].
	Fenced Way = "fence"
)

// settleWay decides how the failover is done, and returns what speaks against the way that was asked for. guarded is
// that a guard speaks against any failover, and is overridden.
func (j *job) settleWay(ctx context.Context, guarded bool) (against []health.Finding) {
	switch j.Way {
	case Auto:
		j.answer.WayReason = "all Sentinels and the master can, and the master permits it to them"
		j.Way = Coordinated
		if why := j.whyPlain(ctx, guarded); why != "" {
			j.Way, j.answer.WayReason = Plain, why
		}
	case Coordinated:
		if against = uncoordinated(&j.Operation, j.assessment); len(against) > 0 {
			break
		}
		// What cannot be known is no reason to refuse what somebody wants.
		if refused, err := j.refusedHandover(ctx); err == nil && refused != "" {
			against = []health.Finding{handoverRefused(&j.Operation, refused)}
		}
	case Plain, Fenced:
	}
	j.answer.Way = j.Way
	return against
}

// WayWords says which way a failover is done, and why.
func (a *OperationResult) WayWords() string {
	if a.WayReason == "" {
		return fmt.Sprintf("The failover is done this way: %s.", a.Way)
	}
	return fmt.Sprintf("The failover is done this way: %s, because %s.", a.Way, a.WayReason)
}

// whyPlain says why the failover is not coordinated unless somebody asks for that; empty if it is. A coordinated one
// that cannot work is not only aborted: nothing else happens until failover-timeout.
func (j *job) whyPlain(ctx context.Context, guarded bool) string {
	if guarded {
		return "a guard is overridden"
	}
	for _, s := range j.assessment.snapshots {
		if !s.Up() {
			return fmt.Sprintf("the Sentinel %s does not answer, so that it is not known whether all can coordinate it", s.Sentinel)
		}
	}
	if found := uncoordinated(&j.Operation, j.assessment); len(found) > 0 {
		return found[0].Message
	}
	for _, v := range j.assessment.views(j.Master) {
		others := int64(len(j.assessment.views(j.Master)) - 1)
		switch {
		case v.NumOtherSentinels.Value > others:
			return fmt.Sprintf("the Sentinel %s knows %d others, and %d were asked", v.Snapshot.Sentinel, v.NumOtherSentinels.Value, others)
		case v.Flags.Has(sentinel.FlagSDown):
			return fmt.Sprintf("for the Sentinel %s the master is down", v.Snapshot.Sentinel)
		case v.CachedInfo(&v.Instance) == nil:
			return fmt.Sprintf("the Sentinel %s does not say what the master %s is", v.Snapshot.Sentinel, v.Advertised())
		}
	}
	switch refused, err := j.refusedHandover(ctx); {
	case err != nil:
		return fmt.Sprintf("it is not known whether the master permits another one to the Sentinels: %v", err)
	case refused != "":
		return refused
	}
	return ""
}

// handoverCommands are those that Valkey's Sentinel sends to the master in a coordinated failover besides those of
// a plain one, in MULTI, which fails as a whole if one is refused.
func handoverCommands() [][]any {
	return [][]any{
		{"CLIENT", "PAUSE", 1, "WRITE"},
		{"FAILOVER", "TO", "127.0.0.1", 6379, "TIMEOUT", 1},
		{"CLIENT", "UNPAUSE"},
	}
}

// refusedHandover asks the master whether it would refuse these to the users of the Sentinels, and says what it
// would; empty for nothing. The error means that it is not known.
func (j *job) refusedHandover(ctx context.Context) (refused string, err error) {
	if j.operator.nodes == nil {
		return "", errNoAccount
	}
	views := deployment.Authoritative(j.assessment.views(j.Master))
	o := *j.operator.nodes
	o.Address = views[0].Advertised()
	master := datanode.New(o)
	defer master.Close()
	err = j.within(func(ctx context.Context) error {
		users, err := master.Sentinels(ctx)
		if err != nil {
			return err
		}
		var asked []string
		for _, v := range j.assessment.views(j.Master) {
			user, connected := users.User(v.Snapshot.ID)
			if !connected {
				return fmt.Errorf("it lists no connection of the Sentinel %s by its name", v.Snapshot.Sentinel)
			}
			if slices.Contains(asked, user) {
				continue
			}
			asked = append(asked, user)
			refusals, err := master.Refused(ctx, user, handoverCommands())
			if err != nil {
				return err
			}
			switch {
			case len(refusals) == 0:
			case refusals[0].Unknown: // a Sentinel can have the new name, and shows it to nobody
				return fmt.Errorf("it does not know %s (rename-command)", refusals[0].Command)
			default:
				refused = fmt.Sprintf("the master %s refuses %s to the user %q of the Sentinels", o.Address, refusals[0], user)
				return nil
			}
		}
		return nil
	})(ctx)
	if err != nil {
		return "", fmt.Errorf("%s: %w", o.Address, err)
	}
	return refused, nil
}
