package admin

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// A watch hears what all Sentinels publish of a failover, from the command until the old master takes no
// more writes, and says it at once. What it misses, as a stream breaks or is not permitted, is seen by
// those who ask the Sentinels every 100 ms anyway.
type watch struct {
	job    *job
	leader string // the Sentinel that leads
	began  time.Time
	addrs  map[string]string // the old master's address, by the Sentinel that calls it so
	news   chan struct{}     // holds a token if something has been heard
	end    context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex // guards the fields below
	state   sentinel.FailoverState
	stopped time.Time // when the old master stopped taking writes; zero while it takes them
	offset  sentinel.Number
	aborted string // the event that ended the failover without a new master
}

// watch subscribes to the events of all Sentinels. The caller must call stop.
func (j *job) watch(ctx context.Context, s *step, began time.Time) *watch {
	ctx, end := context.WithCancel(ctx)
	w := &watch{job: j, leader: s.sentinel, began: began, addrs: make(map[string]string), news: make(chan struct{}, 1), end: end}
	for _, v := range j.assessment.views(j.Master) {
		w.addrs[v.Snapshot.Sentinel] = v.Advertised()
	}
	for _, c := range j.clients {
		if w.addrs[c.Address()] == "" {
			continue
		}
		own := c.Sibling() // the events of c itself are counted by those who listen to it
		w.done.Go(func() {
			defer own.Close()
			own.Events(ctx, sentinel.EventOptions{}, func(u *sentinel.StreamUpdate) { w.hear(ctx, own, u) })
		})
	}
	return w
}

func (w *watch) stop() {
	w.end()
	w.done.Wait()
}

// hear takes note of an event of the failover.
func (w *watch) hear(ctx context.Context, c *sentinel.Client, u *sentinel.StreamUpdate) {
	if u.Kind != sentinel.StreamEvent || u.Event.Master != w.job.Master {
		return
	}
	switch state, why := stateOf(u.Event.Name), abortWords(u.Event.Name); {
	case state != sentinel.FailoverNone:
		if u.Sentinel == w.leader {
			w.reach(state)
		}
	case why != "":
		w.mu.Lock()
		w.aborted = u.Event.Name
		w.mu.Unlock()
		w.job.say(fmt.Sprintf("%s: %s: %s", u.Sentinel, u.Event.Name, why))
	case u.Event.Name == sentinel.EventSwitchMaster:
		w.job.say(fmt.Sprintf("%s: tells its clients to go to %s", u.Sentinel, u.Event.NewAddress))
	case u.Event.Address == w.addrs[u.Sentinel] && endsWrites(&u.Event):
		w.hearStopped(ctx, c, u)
	default:
		return
	}
	select {
	case w.news <- struct{}{}:
	default:
	}
}

// stateOf returns the state of a failover that begins with an event; FailoverNone for another event.
func stateOf(event string) sentinel.FailoverState {
	switch event {
	case sentinel.EventTryFailover:
		return sentinel.FailoverWaitStart
	case sentinel.EventSelectSlave:
		return sentinel.FailoverSelectReplica
	case sentinel.EventSendSlaveOfNoOne:
		return sentinel.FailoverSendReplicaOfNoOne
	case sentinel.EventWaitPromotion:
		return sentinel.FailoverWaitPromotion
	case sentinel.EventReconfSlaves:
		return sentinel.FailoverReconfReplicas
	case sentinel.EventFailoverEnd:
		return sentinel.FailoverUpdateConfig
	}
	return sentinel.FailoverNone
}

// reach says that the failover has reached a state, unless that has been said.
func (w *watch) reach(state sentinel.FailoverState) {
	w.mu.Lock()
	further := state > w.state && state != sentinel.FailoverUnknown
	if further {
		w.state = state
	}
	w.mu.Unlock()
	if further {
		w.job.say(w.leader + ": " + state.String())
	}
}

// endsWrites reports whether an event about the old master says that it takes no more writes.
func endsWrites(e *sentinel.Event) bool {
	handedOver := e.Name == sentinel.EventRoleWrong && e.Kind == sentinel.RoleMaster && strings.HasSuffix(e.Details, " slave")
	return handedOver || e.Name == sentinel.EventConvertToReplica
}

// hearStopped takes note of the end of the writes. That a Sentinel makes the old master a replica is in
// no reply until its next INFO, up to 10 s later. The INFO on which the Sentinel has acted is still in its
// cache: it has the offset that the old master had come to.
func (w *watch) hearStopped(ctx context.Context, c *sentinel.Client, u *sentinel.StreamUpdate) {
	w.note(u.Time, sentinel.Number{})
	if runID := w.runID(u.Sentinel); runID != "" {
		info, err := w.job.cachedInfo(ctx, c, runID)
		if err == nil && info.Role == sentinel.RoleMaster {
			w.note(u.Time, info.ReplOffset)
		}
	}
}

// abort returns the event that ended the failover without a new master; empty if none was heard.
func (w *watch) abort() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.aborted
}

func (w *watch) runID(at string) string {
	for _, v := range w.job.assessment.views(w.job.Master) {
		if v.Snapshot.Sentinel == at {
			return v.RunID
		}
	}
	return ""
}

// note keeps the first time at which the old master was known to have stopped, and the highest offset.
func (w *watch) note(at time.Time, offset sentinel.Number) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !at.IsZero() && (w.stopped.IsZero() || at.Before(w.stopped)) {
		w.stopped = at
	}
	if offset.Present && (!w.offset.Present || offset.Value > w.offset.Value) {
		w.offset = offset
	}
}

// oldMaster returns when the old master stopped taking writes, and how far it had come by then.
func (w *watch) oldMaster() (stopped time.Time, offset sentinel.Number) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stopped, w.offset
}
