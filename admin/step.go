package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"redis_sentinel_exporter/internal/printable"
	"redis_sentinel_exporter/sentinel"
)

// A step is the part of an operation at one Sentinel.
type step struct {
	sentinel string
	client   *sentinel.Client
	snapshot *sentinel.Snapshot
	master   *sentinel.Master            // as that Sentinel sees it; nil if it does not monitor it
	commands []string                    // for people
	act      func(context.Context) error // nil if there is nothing to do
	note     string                      // shown if it succeeds
	changed  bool
	err      error // why it cannot be done, or has failed
}

var (
	errStopped = errors.New("not done: the operation was stopped first")
	errGone    = errors.New("the Sentinel is no longer asked: no other Sentinel knows it")
)

// A haltError means that a rolling operation stopped because an earlier Sentinel failed.
type haltError struct{ at string }

func (e *haltError) Error() string {
	return fmt.Sprintf("not done: Sentinel %s must recover first", e.at)
}

// steps plans what to do at each Sentinel. A Sentinel that has not answered is not sent
// anything: it might take effect at any later time.
func (j *job) steps() []*step {
	var steps []*step
	for _, snapshot := range j.assessment.snapshots {
		s := &step{sentinel: snapshot.Sentinel, snapshot: snapshot, master: snapshot.Master(j.Master), err: snapshot.Err}
		for _, c := range j.clients {
			if c.Address() == s.sentinel {
				s.client = c
			}
		}
		if s.client == nil && s.err == nil {
			s.err = errGone
		}
		if s.err == nil {
			j.plan(s)
		}
		steps = append(steps, s)
	}
	return steps
}

func (j *job) plan(s *step) {
	switch j.Action {
	case Failover:
		j.planFailover(s)
	case Reset:
		j.planReset(s)
	case Set:
		j.planSet(s)
	case Monitor:
		if j.Move {
			j.planMove(s)
			return
		}
		j.planMonitor(s)
	case Remove:
		j.planRemove(s)
	case FlushConfig:
		s.commands = []string{command("SENTINEL FLUSHCONFIG")}
		s.act = j.within(s.client.FlushConfig)
	}
}

// within limits an act to the time that a Sentinel may take to answer.
func (j *job) within(act func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, j.operator.timeout)
		defer cancel()
		return act(ctx)
	}
}

// errNotMonitored is the error of a step that needs a master that the Sentinel does not monitor.
var errNotMonitored = errors.New("the Sentinel does not monitor the master: MONITOR it there first")

func (s *step) result() StepResult {
	r := StepResult{Sentinel: s.sentinel, OK: s.err == nil, Changed: s.changed, Commands: s.commands, Note: s.note}
	if s.err != nil {
		r.Error, r.Note = sentinel.ValidUTF8(s.err.Error()), ""
	}
	return r
}

// command returns a command as it would be typed.
func command(name string, words ...string) string {
	for i, word := range words {
		if word == "" || strings.ContainsFunc(word, breaksLines) || printable.Line(word) != word {
			words[i] = fmt.Sprintf("%q", word)
		}
	}
	return strings.Join(append([]string{name}, words...), " ")
}
