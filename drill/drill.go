package drill

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/datanode"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/pause"
	"redis_sentinel_exporter/preflight"
	"redis_sentinel_exporter/sentinel"
)

// KeyPrefix begins the name of the key of a drill; the rest is random.
const KeyPrefix = "redis_sentinel_exporter:drill:"

const (
	// firstWrites is how many writes must have been acknowledged before the failover.
	firstWrites = 20
	// firstPatience is how long they may take.
	firstPatience = 10 * time.Second
)

// ErrNoAccount means that the data nodes must not be asked.
var ErrNoAccount = errors.New("a drill writes to the data nodes: " + datanode.GiveAccount)

// Options say what to rehearse.
type Options struct {
	Master string
	// MaxGap is how long no write may succeed; 0 is as long as it takes.
	MaxGap time.Duration
	// Back fails over once more, to the node that was the master.
	Back bool
	// Way is how to fail over.
	Way admin.Way
	// Preflight says how to look at the data nodes; they are written to in the same way.
	Preflight preflight.Options
	// Timeout is how long a Sentinel or a node may take to answer.
	Timeout time.Duration
	// HostMap says which machine, or zone, a host is.
	HostMap canstop.HostMap
}

// A drill is one under way.
type drill struct {
	Options
	deployment *deployment.Deployment
	say        func(string)
	nodes      []string // addresses of the data nodes
	report     *Report
}

// Check looks whether a drill would be refused, and why. It changes nothing.
func Check(ctx context.Context, d *deployment.Deployment, o Options) (reasons []string, err error) {
	if o.Preflight.Nodes == nil {
		return nil, ErrNoAccount
	}
	return (&drill{Options: o, deployment: d}).beforehand(ctx)
}

// Run rehearses a failover, and calls progress with a line for each step. When ctx ends, it cleans up before it
// returns. The error means that nothing was done.
func Run(ctx context.Context, dep *deployment.Deployment, o Options, progress func(string)) (*Report, error) {
	if o.Preflight.Nodes == nil {
		return nil, ErrNoAccount
	}
	d := &drill{Options: o, deployment: dep, say: progress, report: &Report{
		Master: sentinel.ValidUTF8(o.Master), Outcome: Failed, Reasons: []string{}, Failovers: []Failover{}, Remains: []string{},
	}}
	reasons, err := d.beforehand(ctx)
	if err != nil {
		return nil, err
	}
	if len(reasons) > 0 {
		d.report.Outcome, d.report.Reasons = Refused, reasons
		return d.report, nil
	}
	d.report.Key = KeyPrefix + rand.Text()
	if err := d.rehearse(ctx); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("interrupted: %w", err)
		}
		d.report.Reasons = append(d.report.Reasons, err.Error())
	}
	return d.report, nil
}

// rehearse does the failovers, writes all the while, and cleans up.
func (d *drill) rehearse(ctx context.Context) error {
	w := newWriter(d, d.report.Key)
	writing, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { w.run(writing) })
	defer func() { // also when it was interrupted
		stop()
		wg.Wait()
		d.report.Remains = d.clean(context.WithoutCancel(ctx), d.report.Key)
	}()
	if err := d.firstWrites(ctx, w); err != nil {
		return fmt.Errorf("no failover was begun: %w", err)
	}
	first, err := d.failOver(ctx, w)
	if err != nil {
		return err
	}
	if d.Back {
		if err := d.failBack(ctx, w, first); err != nil {
			return fmt.Errorf("failing back: %w", err)
		}
	}
	d.report.Outcome = Passed
	for _, f := range d.report.Failovers {
		if d.MaxGap > 0 && f.GapSeconds > d.MaxGap.Seconds() {
			d.report.Outcome = Gap
			d.report.Reasons = append(d.report.Reasons, fmt.Sprintf("no write succeeded for %.3f s, and %s is allowed", f.GapSeconds, d.MaxGap))
		}
	}
	return nil
}

// firstWrites waits until the writer writes.
func (d *drill) firstWrites(ctx context.Context, w *writer) error {
	ctx, cancel := context.WithTimeout(ctx, firstPatience)
	defer cancel()
	for {
		acked, err := w.state()
		if acked >= firstWrites {
			return nil
		}
		if !pause.For(ctx, writeEvery) {
			if err == nil {
				err = context.Cause(ctx)
			}
			return fmt.Errorf("only %d writes were acknowledged: %w", acked, err)
		}
	}
}

// failOver does one failover, and measures it.
func (d *drill) failOver(ctx context.Context, w *writer) (Failover, error) {
	from, err := d.discover(ctx)
	if err != nil {
		return Failover{}, err
	}
	acked, _ := w.state()
	began := time.Now()
	var back time.Time
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() { back = d.waitBack(waiting, from) })
	answer, err := d.operator().Do(ctx, d.operation(), d.say)
	if err == nil && answer.Address == "" {
		err = failure(answer)
	}
	if err != nil {
		stop()
		wg.Wait()
		return Failover{}, err
	}
	d.say("waiting until all replicas are back")
	timer := time.AfterFunc(backPatience, stop)
	defer timer.Stop()
	wg.Wait()
	f := Failover{From: from, To: answer.Address, FailoverSeconds: answer.Seconds, Way: answer.Way, Loss: answer.Loss}
	if !back.IsZero() {
		f.AllBackSeconds = new(seconds(back.Sub(began)))
	}
	if err := d.count(ctx, w, acked, began, &f); err != nil {
		return f, err
	}
	d.report.Failovers = append(d.report.Failovers, f)
	if back.IsZero() {
		return f, fmt.Errorf("not all replicas were back %s after the failover", time.Since(began).Round(time.Second))
	}
	return f, nil
}

// failure says why a failover did not come to its end.
func failure(answer *admin.OperationResult) error {
	for _, r := range answer.Results {
		if r.Error != "" {
			return fmt.Errorf("%s: %s", r.Sentinel, r.Error)
		}
	}
	return errors.New("the failover did not come to its end")
}

// count reads back what was written from a number on.
func (d *drill) count(ctx context.Context, w *writer, from int, began time.Time, f *Failover) error {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	acked, until := w.since(from), time.Now()
	conn := d.connect(f.To)
	defer conn.Close()
	there, err := conn.Values(ctx, d.report.Key)
	if err != nil {
		return fmt.Errorf("reading back from %s: %w", f.To, err)
	}
	f.Acknowledged, f.Lost = len(acked), missing(acked, there)
	f.GapSeconds = seconds(longestGap(acked, began, until))
	return nil
}

// failBack makes the old master the master again.
func (d *drill) failBack(ctx context.Context, w *writer, first Failover) error {
	var why []string
	for deadline := time.Now().Add(backPatience); ; {
		// The Sentinels ask the nodes for their roles and offsets every 10 s.
		reasons, err := d.check(ctx)
		if err != nil {
			return err
		}
		if heir := d.wrongHeir(ctx, first.From); heir != "" {
			reasons = append(reasons, heir)
		}
		if why = reasons; len(why) == 0 {
			break
		}
		if time.Now().After(deadline) || !pause.For(ctx, time.Second) {
			return fmt.Errorf("refused: %s", why[0])
		}
	}
	_, err := d.failOver(ctx, w)
	return err
}
