package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// rediscovery is how long a Sentinel may take after a RESET to find the replicas (INFO of the
// master: 10 s, and of each replica: 10 s) and the other Sentinels (hello: 2 s) again, with
// some reserve.
const rediscovery = 60 * time.Second

// planReset resets the master and waits until the Sentinel has found everything again that is
// alive now. Before that it cannot fail over, so the next Sentinel must not be reset.
func (j *job) planReset(s *step) {
	if s.master == nil {
		s.err = errNotMonitored
		return
	}
	s.commands = []string{command("SENTINEL RESET", sentinel.ResetPattern(j.Master))}
	s.act = func(ctx context.Context) error {
		if err := j.stillSafe(ctx); err != nil {
			return err
		}
		if err := j.reset(ctx, s.client); err != nil {
			return err
		}
		s.changed = true
		return j.waitFound(ctx, s)
	}
}

// stillSafe checks the guards again before each Sentinel but the first, because a rolling
// reset takes a while.
func (j *job) stillSafe(ctx context.Context) error {
	if j.Force || len(j.answer.Results) == 0 {
		return nil
	}
	s := takeAssessment(ctx, j.operator.deployment, j.operator.timeout)
	if findings := guards(&j.Operation, s); len(findings) > 0 {
		return &GuardedError{Action: Reset, Master: j.Master, Findings: findings}
	}
	return nil
}

func (j *job) reset(ctx context.Context, c *sentinel.Client) error {
	return j.within(func(ctx context.Context) error {
		n, err := c.Reset(ctx, sentinel.ResetPattern(j.Master))
		if err == nil && n != 1 {
			return fmt.Errorf("the Sentinel has reset %d masters, not 1", n)
		}
		return err
	})(ctx)
}

// waitFound waits until the Sentinel has reached everything that it had reached before.
func (j *job) waitFound(ctx context.Context, s *step) error {
	ctx, cancel := context.WithTimeout(ctx, rediscovery)
	defer cancel()
	said := ""
	err := waitUntil(ctx, func() (bool, error) {
		missing, err := j.missing(ctx, s)
		if err == nil && missing != "" {
			err = errors.New("the Sentinel has not rediscovered " + missing)
		}
		if err != nil && err.Error() != said {
			said = err.Error()
			j.say(s.sentinel + ": waiting: " + said)
		}
		return err == nil, err
	})
	if err != nil {
		return fmt.Errorf("the master was reset, and within %s: %w", rediscovery, err)
	}
	return nil
}

// missing names what the Sentinel had reached before the RESET and has not reached now. It
// does not take a snapshot, which may be shared with a scrape that began before the RESET.
func (j *job) missing(ctx context.Context, s *step) (string, error) {
	var names []string
	err := j.within(func(ctx context.Context) error {
		m, err := s.client.Master(ctx, j.Master)
		if err != nil {
			return err
		}
		if !reached(&m.Instance) {
			names = append(names, "the master "+m.Addr)
		}
		replicas, err := s.client.Replicas(ctx, j.Master)
		if err != nil {
			return err
		}
		peers, err := s.client.Sentinels(ctx, j.Master)
		if err != nil {
			return err
		}
		names = append(names, missingReplicas(s.master, m, replicas)...)
		names = append(names, missingPeers(s.master, peers)...)
		return nil
	})(ctx)
	return strings.Join(names, ", "), err
}

// missingReplicas compares run ids and addresses: a replica that was listed at two addresses
// is found when it is listed at one of them, and one that was restarted has a new run id.
func missingReplicas(before, master *sentinel.Master, now []sentinel.Replica) []string {
	known := map[string]bool{master.RunID: true}
	for i := range now {
		if r := &now[i]; reached(&r.Instance) {
			known[r.Addr], known[r.RunID] = true, true
		}
	}
	var names []string
	for i := range before.Replicas {
		if r := &before.Replicas[i]; reached(&r.Instance) && !known[r.Addr] && !known[r.RunID] {
			names = append(names, "the replica "+r.Addr)
		}
	}
	return names
}

// missingPeers leaves out those that answered and took no part: they do not come back, and to be rid of them may be why
// somebody resets.
func missingPeers(before *sentinel.Master, now []sentinel.Peer) []string {
	known := make(map[string]bool)
	for i := range now {
		known[now[i].RunID] = reached(&now[i].Instance)
	}
	var names []string
	for i := range before.Peers {
		if p := &before.Peers[i]; reached(&p.Instance) && !p.Mute() && !known[p.RunID] {
			names = append(names, "the Sentinel "+p.Addr)
		}
	}
	return names
}

// reached reports whether the Sentinel has reached a node: it knows its run id, has a
// connection to it, and gets replies.
func reached(i *sentinel.Instance) bool {
	return i.RunID != "" && !i.Flags.Any(sentinel.FlagSDown|sentinel.FlagODown|sentinel.FlagDisconnected)
}
