package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"redis_sentinel_exporter/datanode"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// helloPatience is how long the other Sentinels may take to hear of a failover: several
// hellos, which come every 2 s.
const helloPatience = 10 * time.Second

// leaderPatience is how long the Sentinel that leads may give no answer, before we stop following it. If it is dead,
// another one finishes the failover or gives it up.
const leaderPatience = 15 * time.Second

func (j *job) planFailover(s *step) {
	if s.master == nil {
		s.err = errNotMonitored
		return
	}
	s.commands = []string{command("SENTINEL FAILOVER", j.Master)}
	if j.Way == Coordinated {
		s.commands[0] += " COORDINATED"
	}
	s.note = "the Sentinel leads the failover"
	s.act = func(ctx context.Context) error { return j.failover(ctx, s) }
}

func (j *job) failover(ctx context.Context, s *step) error {
	if err := j.stillRight(ctx, s); err != nil {
		return err
	}
	from := s.master.Advertised()
	var raised *fence
	if j.Way == Fenced {
		heir := s.master.Heir()
		if heir == nil {
			return errors.New("--fence: which replica will be promoted is not known; nothing was done")
		}
		var err error
		if raised, err = j.raiseFence(ctx, s.master, heir.Addr); err != nil {
			return fmt.Errorf("--fence: %w", err)
		}
		defer raised.lower(ctx)
		if err := j.stillRight(ctx, s); err != nil { // raising it took time
			return err
		}
	}
	began := time.Now()
	if err := j.within(func(ctx context.Context) error { return j.begin(ctx, s.client) })(ctx); err != nil {
		return err
	}
	// Not earlier: another operator who counts the subscribers now must count what this one has
	// counted, and choose the same leader. One who counts later sees the failover before it begins.
	heard := j.watch(ctx, s, began)
	defer heard.stop()
	now, err := j.follow(ctx, s, heard, func() { raised.closeEarly(ctx, s, heard) })
	took := time.Since(began)
	j.answer.Seconds = seconds(took)
	if err != nil {
		return j.aborted(ctx, err, s, heard)
	}
	raised.close(ctx, now.Addr, heard)
	j.say(fmt.Sprintf("%s: %s is promoted, after %s; waiting until %s takes no more writes", s.sentinel, now.Addr, took.Round(time.Millisecond), from))
	j.waitStopped(ctx, s, heard, now)
	j.answer.PreviousAddress, j.answer.Address = from, now.Addr
	s.note = fmt.Sprintf("the Sentinel led the failover from %s to %s in %s", from, now.Addr, took.Round(time.Millisecond))
	j.waitFollowed(ctx, now)
	return nil
}

func (j *job) begin(ctx context.Context, c *sentinel.Client) error {
	if j.Way == Coordinated {
		return c.CoordinatedFailover(ctx, j.Master)
	}
	return c.Failover(ctx, j.Master)
}

// aborted adds to the error of a failover that was given up why that was, and what can follow.
func (j *job) aborted(ctx context.Context, err error, s *step, heard *watch) error {
	waiting, cancel := context.WithTimeout(ctx, underWay) // it may be heard a moment after it is seen
	defer cancel()
	_ = waitUntilWoken(waiting, heard.news, func() (bool, error) { return heard.abort() != "", nil })
	if why := abortWords(heard.abort()); why != "" {
		err = fmt.Errorf("%w (%s: %s)", err, heard.abort(), why)
	}
	if j.Way == Coordinated {
		err = fmt.Errorf("%w; if %s was stopped meanwhile, it can still hand over when it comes back, and if clients cannot write to it, send it CLIENT UNPAUSE", err, s.master.Advertised())
	}
	return err
}

// stillRight looks again, just before the command: since the first look somebody else may have begun a
// failover at another Sentinel, or even ended one, and somebody may have heard that the replica which
// this one promotes is not to be promoted. What Force overrides is only what the first look has found.
func (j *job) stillRight(ctx context.Context, s *step) error {
	now := j.lookAgain(ctx)
	guarded := &GuardedError{Action: Failover, Master: j.Master}
	if !j.Force || len(inProgress(&j.Operation, j.assessment)) == 0 {
		guarded.Findings = sinceThen(&j.Operation, j.assessment, now)
	}
	if !j.Force || len(outdatedHeir(&j.Operation, j.assessment)) == 0 {
		guarded.Findings = append(guarded.Findings, j.excludedHeir(ctx, s, now)...)
	}
	if len(guarded.Findings) > 0 {
		return guarded
	}
	return nil
}

// lookAgain asks every Sentinel that monitors the master about it and its replicas. It takes no
// snapshots, which may be shared with a scrape that began earlier. A Sentinel that does not answer now
// hides nothing more than one that did not before.
func (j *job) lookAgain(ctx context.Context) *assessment {
	now := make([]*sentinel.Snapshot, len(j.clients))
	var looks sync.WaitGroup
	for i, c := range j.clients {
		if !slices.ContainsFunc(j.assessment.views(j.Master), func(v deployment.View) bool { return v.Snapshot.Sentinel == c.Address() }) {
			continue
		}
		looks.Go(func() {
			began := time.Now()
			m, err := j.look(ctx, c)
			if err != nil {
				return
			}
			m.Replicas, m.ReplicasErr = j.replicas(ctx, c)
			now[i] = &sentinel.Snapshot{Sentinel: c.Address(), Started: began, Duration: time.Since(began), Masters: []sentinel.Master{*m}}
		})
	}
	looks.Wait()
	return &assessment{snapshots: slices.DeleteFunc(now, func(s *sentinel.Snapshot) bool { return s == nil })}
}

// excludedHeir looks for somebody who knows that the replica-priority of the replica which the Sentinel
// of a step would promote is 0: another Sentinel, or, if there is an account, the replica itself.
func (j *job) excludedHeir(ctx context.Context, s *step, now *assessment) []health.Finding {
	for _, v := range now.views(j.Master) {
		heir := v.Heir()
		if v.Snapshot.Sentinel != s.sentinel || heir == nil {
			continue
		}
		if knows := now.contradiction(v); knows != nil {
			return []health.Finding{heirExcluded(&j.Operation, v, knows.Addr, "Sentinel "+knows.By.Snapshot.Sentinel+" has")}
		}
		if j.neverPromoted(ctx, heir.Addr) {
			return []health.Finding{heirExcluded(&j.Operation, v, heir.Addr, "it says so itself")}
		}
	}
	return nil
}

// neverPromoted reports whether a replica says that its priority is 0. Without an account it is not asked,
// and one that does not answer hides nothing more.
func (j *job) neverPromoted(ctx context.Context, addr string) (never bool) {
	if j.operator.nodes == nil {
		return false
	}
	o := *j.operator.nodes
	o.Address = addr
	replica := datanode.New(o)
	defer replica.Close()
	_ = j.within(func(ctx context.Context) error {
		priority, err := replica.Priority(ctx)
		never = err == nil && priority.Present && priority.Value == 0
		return err
	})(ctx)
	return never
}

// follow waits for the end of the failover that a Sentinel has just begun, and returns the
// new master. It polls that Sentinel, and asks it at once when something is heard: failover_in_progress
// is set when the command is answered, and cleared at the end. The failover has succeeded if there is
// another address and a higher epoch.
//
// It calls promoted again and again from the promotion on.
func (j *job) follow(ctx context.Context, s *step, heard *watch, promoted func()) (now *sentinel.Master, err error) {
	ctx, cancel := context.WithTimeout(ctx, failoverPatience(s.master))
	defer cancel()
	answered := time.Now()
	err = waitUntilWoken(ctx, heard.news, func() (bool, error) {
		m, err := j.look(ctx, s.client)
		if err != nil {
			return time.Since(answered) > leaderPatience, fmt.Errorf("the failover has begun, but its end was not seen: look what the other Sentinels say: %w", err)
		}
		answered = time.Now()
		if m.Flags.Has(sentinel.FlagFailoverInProgress) {
			heard.reach(m.FailoverState)
			if m.FailoverState >= sentinel.FailoverReconfReplicas {
				promoted()
			}
			return false, fmt.Errorf("the failover has begun, but was still in the state %s when we stopped following it", m.FailoverState)
		}
		if m.Addr == s.master.Addr || m.ConfigEpoch.Value <= s.master.ConfigEpoch.Value {
			return true, fmt.Errorf("the failover was aborted: the master is still %s; the log of the Sentinel has the event -failover-abort-... that says why", m.Addr)
		}
		now = m
		return true, nil
	})
	return now, err
}

// failoverPatience returns how long a failover can take: failover-timeout to promote a
// replica, as long again until the others follow it, and some reserve.
func failoverPatience(m *sentinel.Master) time.Duration {
	const usual = 3 * time.Minute
	return 2*m.FailoverTimeout.Or(usual) + 30*time.Second
}

// look asks one Sentinel about the master. It does not take a snapshot, which may be shared
// with a scrape that began earlier.
func (j *job) look(ctx context.Context, c *sentinel.Client) (m *sentinel.Master, err error) {
	err = j.within(func(ctx context.Context) error {
		m, err = c.Master(ctx, j.Master)
		return err
	})(ctx)
	return m, err
}

// replicas asks one Sentinel about the replicas of the master.
func (j *job) replicas(ctx context.Context, c *sentinel.Client) (replicas []sentinel.Replica, err error) {
	err = j.within(func(ctx context.Context) error {
		replicas, err = c.Replicas(ctx, j.Master)
		return err
	})(ctx)
	return replicas, err
}

// waitFollowed waits until every Sentinel that monitored the master before sees one at the
// new address. If some do not, it adds a finding: they send clients to the old master, or to
// a node that has been made a replica again.
func (j *job) waitFollowed(ctx context.Context, now *sentinel.Master) {
	ctx, cancel := context.WithTimeout(ctx, helloPatience)
	defer cancel()
	err := waitUntil(ctx, func() (bool, error) {
		var behind []string
		after := takeAssessment(ctx, j.operator.deployment, j.operator.timeout)
		for _, before := range j.assessment.views(j.Master) {
			if why := notFollowed(after.snapshots, before.Snapshot.Sentinel, j.Master, now); why != "" {
				behind = append(behind, before.Snapshot.Sentinel+" "+why)
			}
		}
		if len(behind) == 0 {
			return true, nil
		}
		return false, errors.New(strings.Join(behind, ", "))
	})
	if err != nil {
		f := about(&j.Operation, checkNotFollowed,
			"Check the network of the Sentinels that name another master or do not answer: the hellos of the others do not reach them. If the node is a replica again, something other than the Sentinels has made it one: find out what that is.",
			"%s later not every Sentinel sees a master at %s: %s", helloPatience, now.Addr, err)
		f.Severity = health.Warning
		j.answer.Findings = append(j.answer.Findings, f)
	}
}

// notFollowed says why a Sentinel does not see the new master; empty if it does. It must have
// the run id of the node, and so have had its INFO.
//
// If one of the two addresses is a host name, it compares the epochs instead, because the
// run id of the new master is not known yet.
func notFollowed(snapshots []*sentinel.Snapshot, at, master string, now *sentinel.Master) string {
	i := slices.IndexFunc(snapshots, func(s *sentinel.Snapshot) bool { return s.Sentinel == at && s.Up() })
	if i < 0 {
		return "(does not answer)"
	}
	m := snapshots[i].Master(master)
	if m == nil {
		return "(does not monitor it)"
	}
	same := sentinel.SameAddress(m.Advertised(), now.Addr)
	switch {
	case same.Present && !same.Value || !same.Present && m.ConfigEpoch.Value < now.ConfigEpoch.Value:
		return "(names " + m.Advertised() + ")"
	case m.RoleReported == sentinel.RoleReplica:
		return "(has heard from it that it is a replica)"
	case m.RunID == "":
		return "(has not heard from it yet)"
	}
	return ""
}
