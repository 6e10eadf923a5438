package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// planMonitor adds the master, or only sets its settings if the Sentinel already monitors it
// as asked, such as after an earlier call that failed halfway.
func (j *job) planMonitor(s *step) {
	there := s.master != nil
	if there {
		if s.err = j.differs(s.master); s.err != nil {
			return
		}
		s.note = "the Sentinel monitors the master already"
		if len(j.Settings) == 0 {
			return
		}
	} else {
		s.commands = []string{command("SENTINEL MONITOR", append([]string{j.Master}, j.target()...)...)}
	}
	s.commands = append(s.commands, j.setCommands()...)
	if note := unseen(j.Settings); note != "" {
		s.note = note
	}
	s.act = func(ctx context.Context) error {
		if err := j.within(func(ctx context.Context) error { return j.monitor(ctx, s, there) })(ctx); err != nil || there {
			return err
		}
		return j.takeBackReplica(ctx, s)
	}
}

// target returns the arguments of SENTINEL MONITOR after the name.
func (j *job) target() []string { return []string{j.Address, strconv.Itoa(j.Quorum)} }

func (j *job) monitor(ctx context.Context, s *step, there bool) error {
	if !there {
		if err := s.client.Monitor(ctx, j.Master, j.Address, j.Quorum); err != nil {
			return j.aboutName(err)
		}
		s.changed = true
		j.operator.removed.forget(j.Master)
	}
	if err := j.set(ctx, s); err != nil {
		return fmt.Errorf("the Sentinel monitors the master, but lacks settings: %w", err)
	}
	m, err := s.client.Master(ctx, j.Master)
	if err != nil {
		return unread(err)
	}
	if m.Quorum.Value != int64(j.Quorum) {
		return fmt.Errorf("the Sentinel said OK, but shows the quorum %d", m.Quorum.Value)
	}
	return j.readSettings(m)
}

// roleKnown is how long a Sentinel may take to hear from a new master; it asks at once.
const roleKnown = 2 * time.Second

// takeBackReplica removes the name again if the node says that it is a replica. The Sentinel would
// take it for the master, find it down after a while, and have no replica to promote.
func (j *job) takeBackReplica(ctx context.Context, s *step) error {
	waiting, cancel := context.WithTimeout(ctx, roleKnown)
	defer cancel()
	var m *sentinel.Master
	_ = waitUntil(waiting, func() (bool, error) { // a master that does not answer may come yet
		now, err := j.look(waiting, s.client)
		if err == nil {
			m = now
		}
		return err == nil && now.RunID != "", err
	})
	if m == nil || m.RoleReported != sentinel.RoleReplica || j.Force {
		return nil
	}
	if err := j.within(func(ctx context.Context) error { return s.client.Remove(ctx, j.Master) })(ctx); err != nil {
		return fmt.Errorf("%s is a replica, and the Sentinel monitors it now: REMOVE the name there: %w", j.Address, err)
	}
	s.changed = false
	return fmt.Errorf("%s is a replica: it would be down for the Sentinels after a while, with no replica to promote; give the address of its master, or promote it first (REPLICAOF NO ONE). The name has been removed again", j.Address)
}

// aboutName adds to the refusal of a host name what a Sentinel needs to accept one: its own
// error does not say that.
func (j *job) aboutName(err error) error {
	host, _, _ := net.SplitHostPort(j.Address) // already checked
	if !errors.Is(err, sentinel.ErrInvalidArgument) || net.ParseIP(host) != nil {
		return err
	}
	return fmt.Errorf("%w: a Sentinel takes a host name only with resolve-hostnames yes (SENTINEL CONFIG SET resolve-hostnames yes, from Redis 6.2 on), and if it can resolve it: or give the IP address", err)
}

// differs returns an error if the Sentinel monitors the name, but not as asked.
func (j *job) differs(m *sentinel.Master) error {
	same, err := j.assessment.hosts.sameAddress(m.Advertised(), j.Address)
	switch {
	case err != nil:
		return fmt.Errorf("the Sentinel monitors that name at %s, and whether that is %s is not known here: give that address (%w)", m.Advertised(), j.Address, err)
	case !same:
		return fmt.Errorf("the Sentinel monitors that name at %s: REMOVE the name first, or give that address", m.Advertised())
	case m.Quorum.Present && m.Quorum.Value != int64(j.Quorum):
		return fmt.Errorf("the Sentinel monitors that name with the quorum %d: SET the quorum, or give that one", m.Quorum.Value)
	}
	return nil
}
