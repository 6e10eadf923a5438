package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
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
// it has sent it.
const underWay = 500 * time.Millisecond

// An oldMaster is followed from the command until it takes no more writes.
type oldMaster struct {
	job   *job
	began time.Time
	addrs map[string]string // its address, by the Sentinel that calls it so
	end   context.CancelFunc
	done  sync.WaitGroup

	mu      sync.Mutex // guards the fields below
	stopped time.Time  // zero while it takes writes
	offset  sentinel.Number
	aborted string // the event that ended the failover without a new master
}

// watchOldMaster subscribes to the events of all Sentinels: that one of them makes the old master a
// replica is in no reply until its next INFO, up to 10 s later. The caller must call stop.
func (j *job) watchOldMaster(ctx context.Context, began time.Time) *oldMaster {
	ctx, end := context.WithCancel(ctx)
	o := &oldMaster{job: j, began: began, addrs: make(map[string]string), end: end}
	for _, v := range j.assessment.views(j.Master) {
		o.addrs[v.Snapshot.Sentinel] = v.Advertised()
	}
	for _, c := range j.clients {
		if o.addrs[c.Address()] == "" {
			continue
		}
		own := c.Sibling() // the events of c itself are counted by those who listen to it
		o.done.Go(func() {
			defer own.Close()
			own.Events(ctx, sentinel.EventOptions{}, func(u *sentinel.StreamUpdate) { o.hear(ctx, own, u) })
		})
	}
	return o
}

func (o *oldMaster) stop() {
	o.end()
	o.done.Wait()
}

// hear takes note of the event that ends the writes. The INFO on which the Sentinel has acted is
// still in its cache: it has the offset that the old master had come to.
func (o *oldMaster) hear(ctx context.Context, c *sentinel.Client, u *sentinel.StreamUpdate) {
	if u.Kind != sentinel.StreamEvent || u.Event.Master != o.job.Master {
		return
	}
	if abortWords(u.Event.Name) != "" {
		o.mu.Lock()
		o.aborted = u.Event.Name
		o.mu.Unlock()
	}
	handedOver := u.Event.Name == sentinel.EventRoleWrong && u.Event.Kind == sentinel.RoleMaster && strings.HasSuffix(u.Event.Details, " slave")
	if !handedOver && u.Event.Name != sentinel.EventConvertToReplica || u.Event.Address != o.addrs[u.Sentinel] {
		return
	}
	o.note(u.Time, sentinel.Number{})
	if runID := o.runID(u.Sentinel); runID != "" {
		info, err := o.job.cachedInfo(ctx, c, runID)
		if err == nil && info.Role == sentinel.RoleMaster {
			o.note(u.Time, info.ReplOffset)
		}
	}
}

// abort returns the event that ended the failover without a new master; empty if none was seen.
func (o *oldMaster) abort() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.aborted
}

func (o *oldMaster) runID(at string) string {
	for _, v := range o.job.assessment.views(o.job.Master) {
		if v.Snapshot.Sentinel == at {
			return v.RunID
		}
	}
	return ""
}

// note keeps the first time, and the highest offset.
func (o *oldMaster) note(at time.Time, offset sentinel.Number) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !at.IsZero() && (o.stopped.IsZero() || at.Before(o.stopped)) {
		o.stopped = at
	}
	if offset.Present && (!o.offset.Present || offset.Value > o.offset.Value) {
		o.offset = offset
	}
}

func (o *oldMaster) state() (stopped time.Time, offset sentinel.Number) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stopped, o.offset
}

// waitStopped waits until the old master takes no more writes, and says what was lost.
func (j *job) waitStopped(ctx context.Context, s *step, old *oldMaster, now *sentinel.Master) {
	loss := j.answer.Loss
	waiting, cancel := context.WithTimeout(ctx, conversionPatience)
	defer cancel()
	why := waitUntil(waiting, func() (bool, error) {
		if stopped, _ := old.state(); !stopped.IsZero() {
			return time.Since(stopped) > underWay, nil
		}
		if err := j.undone(waiting, s, now); err != nil {
			return true, err
		}
		return j.isReplicaNow(waiting, s, old)
	})
	if stopped, offset := old.state(); !stopped.IsZero() {
		loss.OldMasterSeconds = new(seconds(stopped.Sub(old.began)))
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
func (j *job) isReplicaNow(ctx context.Context, s *step, old *oldMaster) (bool, error) {
	replicas, err := j.replicas(ctx, s.client)
	if err != nil {
		return false, err
	}
	for i := range replicas {
		r := &replicas[i]
		switch {
		case r.Addr != old.addrs[s.sentinel]:
		case r.Flags.Has(sentinel.FlagSDown):
			return false, fmt.Errorf("the Sentinel %s does not reach it", s.sentinel)
		case r.RoleReported == sentinel.RoleReplica && r.MasterHost != "" && r.MasterHost != "?": // not before its INFO
			old.note(time.Now().Add(-r.RoleReportedTime.Value), sentinel.Number{})
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
