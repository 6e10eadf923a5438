package health

import (
	"fmt"
	"math"
	"slices"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

const (
	// pausedTime is more than a healthy failover pauses the writes for: 1.1 s.
	pausedTime = 3 * time.Second
	// unansweredTime is how long, within twice that, some PING of a Sentinel has waited at
	// least: it sends one each second, and writes (PUBLISH) every 2 s.
	unansweredTime = time.Second
	// infoPeriod is how old the INFO of a node gets that answers: Sentinel asks every 10 s.
	infoPeriod = 11 * time.Second
)

// masterPaused finds masters that keep those waiting who write. Sentinel's PUBLISH is a
// write, and all that it sends later on that connection waits behind it; so their PINGs tell
// how long it lasts, but not whether the node hangs: that takes the leader of a coordinated
// failover, or INFO, which they still get at the beginning of each new connection. A Sentinel of
// Valkey 9.1 that has twice been told of a FAILOVER publishes no more there, and gets its answers.
func masterPaused(m *masterModel) outcome {
	var o outcome
	for _, views := range byAddr(m.unfrozen()) {
		for _, find := range []func([]deployment.View) (*Finding, deployment.View){m.pausedByFailover, m.pausedByHand} {
			if f, by := find(views); f != nil {
				f.Node = by.Addr
				o.add(*f, by)
				break // it is one pause, whoever tells of it
			}
		}
	}
	return o
}

// pausedByFailover looks at a coordinated failover, of which the leader's events tell how long
// it has waited.
func (m *masterModel) pausedByFailover(views []deployment.View) (*Finding, deployment.View) {
	i := slices.IndexFunc(views, func(v deployment.View) bool {
		return v.Flags.Has(sentinel.FlagCoordinatedFailover) && v.FailoverState == sentinel.FailoverWaitPromotion
	})
	if i < 0 {
		return nil, deployment.View{}
	}
	v := views[i]
	silent := silentFor(views)
	waits := max(silent, promotionWait(v))
	if waits < pausedTime {
		return nil, v
	}
	replica := "a replica"
	if p := promotedBy(v); p != nil {
		replica = "the replica " + p.Addr
	}
	f := &Finding{
		Severity: Critical, Sentinel: v.Snapshot.Sentinel,
		Look: []string{redisCLI(v.Addr, "INFO", "replication"), onSentinel(v.Snapshot, "SENTINEL", "MASTER", m.Name)},
		// The Sentinel pauses the clients twice: with CLIENT PAUSE, and by FAILOVER.
		Commands: []string{redisCLI(v.Addr, "FAILOVER", "ABORT"), redisCLI(v.Addr, "CLIENT", "UNPAUSE")},
		Hint: "Let the replica catch up, if that is quick: mostly its link or its machine is too slow, or it hangs. Otherwise end it at the master: FAILOVER ABORT, and CLIENT UNPAUSE, without which the pause goes on; the Sentinel stays in its attempt until failover-timeout, and does no harm. " +
			"That the Sentinel gives up (-failover-abort-slave-timeout) recalls nothing from a master that hangs: the FAILOVER waits in its connection and runs when the master comes back, so send FAILOVER ABORT then. A plain failover, without COORDINATED, does not wait.",
	}
	f.Message = fmt.Sprintf("no client can write to the master %s: the coordinated failover that Sentinel %s leads has waited %s for %s to catch up%s",
		v.Addr, v.Snapshot.Sentinel, Age(waits), replica, timeLeft(v, waits))
	if _, info := newestInfo(views, periodicInfo); silent == 0 && !saysPaused(info) && waits > 2*pausedTime && len(m.Views) > 1 {
		f.Severity = Warning
		f.Message = fmt.Sprintf("the coordinated failover of %s that Sentinel %s leads has waited %s for %s; the other Sentinels get answers from the master again%s",
			v.Addr, v.Snapshot.Sentinel, Age(waits), replica, timeLeft(v, waits))
	}
	return f, v
}

// timeLeft says when the Sentinel gives up.
func timeLeft(v deployment.View, waits time.Duration) string {
	if !v.FailoverTimeout.Present {
		return ""
	}
	return fmt.Sprintf("; it gives up after failover-timeout (%s), in %s", Age(v.FailoverTimeout.Value), Age(max(0, v.FailoverTimeout.Value-waits)))
}

// promotedBy is the replica that the Sentinel has chosen; nil if there is none.
func promotedBy(v deployment.View) *sentinel.Replica {
	for i := range v.Replicas {
		if v.Replicas[i].Flags.Has(sentinel.FlagPromoted) {
			return &v.Replicas[i]
		}
	}
	return nil
}

// promotionWait is how long ago the Sentinel has published that it waits for the promotion; 0
// if that is not known.
func promotionWait(v deployment.View) time.Duration {
	for i := range v.Recent {
		switch e := &v.Recent[i]; e.Name {
		case sentinel.EventWaitPromotion:
			return e.Last
		case sentinel.EventTryFailover: // that of this attempt was missed
			return 0
		}
	}
	return 0
}

// silentFor is how long a PING to the master has waited for its answer at most; 0 if none has
// waited for long. One that is down to a Sentinel may be so for a moment only.
func silentFor(views []deployment.View) time.Duration {
	var most time.Duration
	for _, v := range views {
		if v.LastPingSent.Value > unansweredTime {
			most = max(most, v.LastPingSent.Value)
		}
	}
	return most
}

// periodicInfo is what a Sentinel has of the INFO of the master; nil when the next one should
// have come.
func periodicInfo(v deployment.View) *sentinel.CachedInfo {
	if c := v.CachedInfo(&v.Instance); c != nil && c.Age.Value <= infoPeriod {
		return c
	}
	return nil
}

// saysPaused reports whether the node keeps those waiting who write, or did so when it sent this
// INFO for longer than it is old. A CLIENT PAUSE that is over is in INFO until the next one.
func saysPaused(c *sentinel.CachedInfo) bool {
	return c != nil && c.Role == sentinel.RoleMaster &&
		(executesFailover(c) || c.PausedReason == "client_pause" && c.PausedFor.Value >= pausedTime && c.PausedFor.Value > c.Age.Value)
}

func executesFailover(c *sentinel.CachedInfo) bool {
	return c.FailoverState == "waiting-for-sync" || c.FailoverState == "failover-in-progress"
}

// pausedByHand looks at what INFO has said of a master: that it has not answered since, or that
// no INFO could have come after it, shows that it is still so. While a Sentinel fails over it is
// not by hand, unless the master is silent.
func (m *masterModel) pausedByHand(views []deployment.View) (*Finding, deployment.View) {
	infoOf := periodicInfo
	silent := silentFor(views) >= pausedTime
	if silent {
		infoOf = func(v deployment.View) *sentinel.CachedInfo { return v.CachedInfo(&v.Instance) }
	}
	v, c := newestInfo(views, infoOf)
	if !saysPaused(c) || m.failingNow && !silent {
		return nil, v
	}
	f := &Finding{Severity: Critical, Look: []string{redisCLI(v.Addr, "INFO", "clients"), redisCLI(v.Addr, "INFO", "replication")}}
	if executesFailover(c) {
		f.Message = fmt.Sprintf("no client can write to the master %s: it executes a FAILOVER, which waits for a replica (master_failover_state:%s)", v.Addr, c.FailoverState)
		f.Commands = []string{redisCLI(v.Addr, "FAILOVER", "ABORT")}
	} else {
		f.Message = fmt.Sprintf("no client can write to the master %s: CLIENT PAUSE keeps them waiting %s", v.Addr, pauseLeft(c))
		f.Commands = []string{redisCLI(v.Addr, "CLIENT", "UNPAUSE")}
	}
	if !silent {
		f.Message += fmt.Sprintf(", according to its INFO of %s ago", Age(c.Age.Value))
	}
	f.Message += fmt.Sprintf("; Sentinels take that for a master that is down, about when it lasts for longer than down-after (%s)", Age(v.DownAfter.Value))
	return f, v
}

// pauseLeft says how long a CLIENT PAUSE lasts.
func pauseLeft(c *sentinel.CachedInfo) string {
	if c.PausedFor.Value == math.MaxInt64 {
		return "without an end"
	}
	return fmt.Sprintf("for %s more", Age(c.PausedFor.Value-c.Age.Value))
}
