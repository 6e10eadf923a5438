package health

import (
	"fmt"
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
)

// masterPaused finds masters that keep those waiting who write. Sentinel's PUBLISH is a
// write, and all that it sends later on that connection waits behind it; so their PINGs tell
// how long it lasts, but not whether the node hangs: that takes the leader of a coordinated
// failover, or INFO, which they still get at the beginning of each new connection.
func masterPaused(m *masterModel) outcome {
	var o outcome
	told := make(map[string]bool) // by address: it is one pause, whoever tells of it
	for _, find := range []func(deployment.View) *Finding{m.pausedByFailover, m.pausedByHand} {
		for _, v := range m.unfrozen() {
			if told[v.Addr] {
				continue
			}
			if f := find(v); f != nil {
				told[v.Addr] = true
				f.Node = v.Addr
				o.add(*f, v)
			}
		}
	}
	return o
}

// pausedByFailover looks at a coordinated failover, of which the leader's events tell how long
// it has waited.
func (m *masterModel) pausedByFailover(v deployment.View) *Finding {
	if !v.Flags.Has(sentinel.FlagCoordinatedFailover) || v.FailoverState != sentinel.FailoverWaitPromotion {
		return nil
	}
	silent := m.silentFor(v.Addr)
	waits := max(silent, promotionWait(v))
	if waits < pausedTime {
		return nil
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
	if silent == 0 && waits > 2*pausedTime && len(m.Views) > 1 {
		f.Severity = Warning
		f.Message = fmt.Sprintf("the coordinated failover of %s that Sentinel %s leads has waited %s for %s; the other Sentinels get answers from the master again%s",
			v.Addr, v.Snapshot.Sentinel, Age(waits), replica, timeLeft(v, waits))
	}
	return f
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
func (m *masterModel) silentFor(addr string) time.Duration {
	var most time.Duration
	for _, v := range m.unfrozen() {
		if v.Addr == addr && v.LastPingSent.Value > unansweredTime {
			most = max(most, v.LastPingSent.Value)
		}
	}
	return most
}

// pausedByHand looks at what INFO has said of a master that does not answer now. A pause that
// is over is in it until the next one.
func (m *masterModel) pausedByHand(v deployment.View) *Finding {
	c := v.CachedInfo(&v.Instance)
	if c == nil || c.Role != sentinel.RoleMaster || m.silentFor(v.Addr) < pausedTime {
		return nil
	}
	then := fmt.Sprintf("; Sentinels take that for a master that is down, about when it lasts for longer than down-after (%s)", Age(v.DownAfter.Value))
	f := &Finding{Severity: Critical, Look: []string{redisCLI(v.Addr, "INFO", "clients"), redisCLI(v.Addr, "INFO", "replication")}}
	switch left := c.PausedFor.Value - c.Age.Value; {
	case c.FailoverState == "waiting-for-sync" || c.FailoverState == "failover-in-progress":
		f.Message = fmt.Sprintf("no client can write to the master %s: it executes a FAILOVER, which waits for a replica (master_failover_state:%s)%s", v.Addr, c.FailoverState, then)
		f.Commands = []string{redisCLI(v.Addr, "FAILOVER", "ABORT")}
	case c.PausedReason == "client_pause" && left > 0:
		f.Message = fmt.Sprintf("no client can write to the master %s: CLIENT PAUSE keeps them waiting for %s more%s", v.Addr, Age(left), then)
		f.Commands = []string{redisCLI(v.Addr, "CLIENT", "UNPAUSE")}
	default:
		return nil
	}
	return f
}
