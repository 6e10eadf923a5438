package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// conversionPatience is how long the wait for the old master to become a replica can take. A
// Sentinel makes it one with the first INFO after 8 s; it asks for INFO every 10 s, and every
// Sentinel does so for itself.
const conversionPatience = 40 * time.Second

// infoPatience is how long a Sentinel may take to have the INFO of a new master: it asks every 10 s.
const infoPatience = 12 * time.Second

// underWay is how long the command to the old master can take, after the Sentinel has published that
// it has sent it, and how long an event can take to be heard.
const underWay = 500 * time.Millisecond

// waitStopped waits until the old master takes no more writes, and says what was lost.
func (j *job) waitStopped(ctx context.Context, s *step, heard *watch, now *sentinel.Master) {
	loss := j.answer.Loss
	waiting, cancel := context.WithTimeout(ctx, conversionPatience)
	defer cancel()
	why := waitUntilWoken(waiting, heard.news, func() (bool, error) {
		if stopped, _ := heard.oldMaster(); !stopped.IsZero() {
			return time.Since(stopped) > underWay, nil
		}
		if err := j.undone(waiting, s, now); err != nil {
			return true, err
		}
		return j.isReplicaNow(waiting, s, heard)
	})
	if stopped, offset := heard.oldMaster(); !stopped.IsZero() {
		loss.OldMasterSeconds = new(seconds(stopped.Sub(heard.began)))
		if offset.Present {
			loss.OldMasterOffset = &offset.Value
		}
	}
	if j.Way != Coordinated && loss.OldMasterOffset != nil {
		loss.PromotedOffset = j.promotedOffset(ctx, s, now)
	}
	loss.settle(s.master.Advertised(), now.Addr, j.Way, why)
	if loss.OldMasterSeconds == nil {
		f := about(&j.Operation, checkOldMasterWritable,
			"Look at its ROLE. As long as it says master, make it a replica (REPLICAOF), or stop it.",
			"%s was not seen to stop taking writes: %v", s.master.Advertised(), why)
		f.Severity = health.Warning
		j.answer.Findings = append(j.answer.Findings, f)
	}
}

// undone returns an error if the new master is none any more: then there is nothing to wait for.
func (j *job) undone(ctx context.Context, s *step, now *sentinel.Master) error {
	switch m, err := j.look(ctx, s.client); {
	case err != nil:
		return nil //nolint:nilerr // it says nothing about the node
	case m.Addr != now.Addr:
		return fmt.Errorf("the Sentinel %s has failed over again, to %s", s.sentinel, m.Addr)
	case m.RoleReported == sentinel.RoleReplica:
		return fmt.Errorf("%s has been made a replica again", now.Addr)
	}
	return nil
}

// isReplicaNow reports whether the Sentinel has heard from the old master itself that it is a
// replica: for those who may not listen to the events.
func (j *job) isReplicaNow(ctx context.Context, s *step, heard *watch) (bool, error) {
	replicas, err := j.replicas(ctx, s.client)
	if err != nil {
		return false, err
	}
	for i := range replicas {
		r := &replicas[i]
		switch {
		case r.Addr != heard.addrs[s.sentinel]:
		case r.Flags.Has(sentinel.FlagSDown):
			return false, fmt.Errorf("the Sentinel %s does not reach it", s.sentinel)
		case r.RoleReported == sentinel.RoleReplica && r.MasterHost != "" && r.MasterHost != "?": // not before its INFO
			heard.note(time.Now().Add(-r.RoleReportedTime.Value), sentinel.Number{})
			return true, nil
		}
	}
	return false, errors.New("no Sentinel has made it a replica yet")
}

// promotedOffset returns where the new master took over.
func (j *job) promotedOffset(ctx context.Context, s *step, now *sentinel.Master) *int64 {
	runID := now.RunID
	for i := range s.master.Replicas {
		if r := &s.master.Replicas[i]; r.Addr == now.Addr {
			runID = r.RunID
		}
	}
	var offset *int64
	ctx, cancel := context.WithTimeout(ctx, infoPatience)
	defer cancel()
	_ = waitUntil(ctx, func() (bool, error) {
		info, err := j.cachedInfo(ctx, s.client, runID)
		if err == nil && info.Role == sentinel.RoleMaster && info.SecondReplOffset.Value > 0 {
			last := info.SecondReplOffset.Value - 1
			offset = &last
		}
		return offset != nil, err
	})
	return offset
}
