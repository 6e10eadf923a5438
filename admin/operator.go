package admin

import (
	"context"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// An Operator does operations on one deployment. It is safe for concurrent use:
// of two operations on one master the second is refused.
type Operator struct {
	deployment *deployment.Deployment
	timeout    time.Duration // for a Sentinel to answer
	locks      masterLocks
}

// New returns the operator of a deployment. A Sentinel has as long as the timeout
// for each answer.
func New(d *deployment.Deployment, timeout time.Duration) *Operator {
	return &Operator{deployment: d, timeout: timeout, locks: masterLocks{held: make(map[string]Action)}}
}

// Do does an operation, and tells progress, unless that is nil, what it is about.
// When ctx ends it begins nothing more and answers how far it has come.
//
// An error is an *InvalidError, *GuardedError, *BusyError or *UnknownMasterError,
// and nothing was changed. What any Sentinel did or did not is in the answer.
func (o *Operator) Do(ctx context.Context, op Operation, progress func(string)) (*OperationResult, error) {
	if err := op.check(); err != nil {
		return nil, err
	}
	release, err := o.locks.acquire(&op)
	if err != nil {
		return nil, err
	}
	defer release()
	if progress == nil {
		progress = func(string) {}
	}
	began := time.Now()
	j := &job{Operation: op, operator: o, say: progress, assessment: takeAssessment(ctx, o.deployment, o.timeout)}
	if op.Action == Monitor {
		j.assessment.lookUp(ctx, op.Address, o.timeout)
	}
	j.answer = &OperationResult{Action: op.Action, Master: sentinel.ValidUTF8(op.Master), DryRun: op.DryRun, Results: []StepResult{}}
	if err := j.precheck(); err != nil {
		return nil, err
	}
	o.deployment.WithClients(func(clients []*sentinel.Client) { j.run(ctx, clients) })
	if j.answer.Seconds == 0 {
		j.answer.Seconds = seconds(time.Since(began))
	}
	return j.answer, nil
}

// A job is an operation under way.
type job struct {
	Operation
	operator   *Operator
	assessment *assessment
	say        func(string)
	answer     *OperationResult
}

// precheck says why nothing may be done, and notes what an operator should know.
func (j *job) precheck() error {
	if j.assessment.report.Answered > 0 && j.needsMaster() && len(j.assessment.views(j.Master)) == 0 {
		return &UnknownMasterError{Master: j.Master, Answered: j.assessment.report.Answered}
	}
	findings := guards(&j.Operation, j.assessment)
	if len(findings) > 0 && !j.Force {
		return &GuardedError{Action: j.Action, Master: j.Master, Findings: findings}
	}
	j.answer.Findings = append(findings, settingsFindings(&j.Operation, j.assessment)...)
	if j.answer.Findings == nil {
		j.answer.Findings = []health.Finding{}
	}
	return nil
}

// needsMaster reports whether it makes no sense for a name that nobody monitors. To
// REMOVE one is to find the work done.
func (j *job) needsMaster() bool {
	return j.Action == Failover || j.Action == Reset || j.Action == Set
}

// run does what was admitted.
func (j *job) run(ctx context.Context, clients []*sentinel.Client) {
	steps := j.steps(clients)
	if j.Action == Failover {
		steps = j.leaderOf(steps)
	}
	stopped := ""
	for _, s := range steps {
		switch {
		case j.DryRun:
			j.answer.Results = append(j.answer.Results, s.result())
			continue
		case s.err != nil || s.act == nil:
		case ctx.Err() != nil:
			s.err = errStopped
		case stopped != "":
			s.err = &haltError{stopped}
		default:
			s.err = j.do(ctx, s)
			if s.err != nil && j.Action == Reset {
				stopped = s.sentinel
			}
		}
		r := s.result()
		j.tell(r)
		j.answer.Results = append(j.answer.Results, r)
	}
}

// do does one step.
func (j *job) do(ctx context.Context, s *step) error {
	for _, command := range s.commands {
		j.say(s.sentinel + ": " + command)
	}
	if err := s.act(ctx); err != nil {
		return err
	}
	s.changed = true
	return nil
}

// tell says how it came out at one Sentinel.
func (j *job) tell(r StepResult) {
	switch {
	case !r.OK:
		j.say(r.Sentinel + ": failed: " + r.Error)
	case r.Note != "":
		j.say(r.Sentinel + ": ok: " + r.Note)
	default:
		j.say(r.Sentinel + ": ok")
	}
}
