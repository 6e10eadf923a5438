package admin

import (
	"context"
	"sync"
	"time"

	"redis_sentinel_exporter/datanode"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// An Operator carries out operations on one deployment. It is safe for concurrent use: it
// refuses an operation while another one on the same master is under way.
type Operator struct {
	deployment *deployment.Deployment
	timeout    time.Duration // for a Sentinel to answer
	locks      masterLocks
	removed    removals
	nodes      *sentinel.Options // nil if nothing may be sent to a data node
}

// UseNodes gives the operator an account for the data nodes, without an address. A fence needs it, and without it no
// failover is coordinated unless that is asked for.
func (o *Operator) UseNodes(account *sentinel.Options) { o.nodes = account }

// New returns the operator of a deployment. The timeout is for each answer of a Sentinel.
func New(d *deployment.Deployment, timeout time.Duration) *Operator {
	return &Operator{deployment: d, timeout: timeout, locks: masterLocks{held: make(map[string]Action)}, removed: removals{at: make(map[string]string)}}
}

// Do carries out an operation, and calls progress, unless it is nil, with a line for each
// step, one at a time. When ctx ends, it begins no further step and returns what has been done.
//
// An error is an *InvalidError, *GuardedError, *BusyError or *UnknownMasterError, and means
// that nothing was changed. Failures of Sentinels are in the result.
func (o *Operator) Do(ctx context.Context, op Operation, progress func(string)) (*OperationResult, error) {
	if err := op.check(); err != nil {
		return nil, err
	}
	if op.Way == Fenced && o.nodes == nil {
		return nil, invalid("a fence needs an account for the data nodes: " + datanode.GiveAccount)
	}
	if op.Move && o.nodes == nil {
		return nil, invalid("to move a name takes an account for the data nodes: " + datanode.GiveAccount)
	}
	release, err := o.locks.acquire(&op)
	if err != nil {
		return nil, err
	}
	defer release()
	began := time.Now()
	j := &job{Operation: op, operator: o, say: oneAtATime(progress), assessment: takeAssessment(ctx, o.deployment, o.timeout)}
	j.assessment.removed = o.removed.of(op.Master)
	if op.Action == Monitor {
		j.assessment.lookUp(ctx, op.Address, o.timeout)
	}
	j.answer = &OperationResult{Action: op.Action, Master: sentinel.ValidUTF8(op.Master), DryRun: op.DryRun, Results: []StepResult{}}
	if err := j.precheck(ctx); err != nil {
		return nil, err
	}
	o.deployment.WithClients(func(clients []*sentinel.Client) { j.run(ctx, clients) })
	if j.answer.Seconds == 0 {
		j.answer.Seconds = seconds(time.Since(began))
	}
	return j.answer, nil
}

// oneAtATime returns a function that several goroutines can call: what is heard is said by others.
func oneAtATime(progress func(string)) func(string) {
	if progress == nil {
		return func(string) {}
	}
	var mu sync.Mutex
	return func(text string) {
		mu.Lock()
		defer mu.Unlock()
		progress(text)
	}
}

// A job is an operation under way.
type job struct {
	Operation
	operator   *Operator
	assessment *assessment
	clients    []*sentinel.Client
	say        func(string)
	answer     *OperationResult
}

// precheck returns an error if the operation must not be done, and adds the findings that an
// operator should know.
func (j *job) precheck(ctx context.Context) error {
	if j.assessment.report.Answered > 0 && j.needsMaster() && len(j.assessment.views(j.Master)) == 0 {
		return &UnknownMasterError{Master: j.Master, Answered: j.assessment.report.Answered}
	}
	if err := checkQuoting(j.Settings, j.assessment.snapshots); err != nil {
		return err
	}
	if j.Move && j.Quorum == 0 {
		if views := j.assessment.views(j.Master); len(views) > 0 {
			j.Quorum = int(views[0].Quorum.Value)
		}
	}
	findings := guards(&j.Operation, j.assessment)
	if j.Move {
		findings = append(findings, j.cannotMove(ctx)...)
	}
	if j.Action == Failover {
		findings = append(findings, j.settleWay(ctx, len(findings) > 0)...)
	}
	if len(findings) > 0 && !j.Force {
		return &GuardedError{Action: j.Action, Master: j.Master, Findings: findings}
	}
	j.answer.Findings = append(findings, settingsFindings(&j.Operation, j.assessment)...)
	if j.answer.Findings == nil {
		j.answer.Findings = []health.Finding{}
	}
	return nil
}

// needsMaster reports whether the action requires a master that some Sentinel monitors.
// Remove does not: there is just nothing left to do.
func (j *job) needsMaster() bool {
	return j.Action == Failover || j.Action == Reset || j.Action == Set
}

// run carries out the steps.
func (j *job) run(ctx context.Context, clients []*sentinel.Client) {
	j.clients = clients
	steps := j.steps()
	if j.Action == Failover {
		steps = j.leaderOf(ctx, steps)
		j.foresee(ctx, steps)
	}
	if j.Move && !j.DryRun {
		j.move(ctx, steps)
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

// do carries out one step.
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

// tell reports the result at one Sentinel as progress.
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
