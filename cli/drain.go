package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/deployment"
)

// drainCommand leads through a rolling restart.
type drainCommand struct {
	next   bool
	done   []string
	output string
}

func addDrain(app *kingpin.Application) *drainCommand {
	c := &drainCommand{}
	command := app.Command("drain", "Print an order in which every host can be restarted, or with --next the one step to take now. Exits with 0 for a step, 1 if it is to wait, 2 if no host may stop, 3 unknown.")
	command.Flag("next", "Print only what to do now, judged anew.").NoEnvar().BoolVar(&c.next)
	command.Flag("done", "A host that has been restarted already. Repeatable.").
		NoEnvar().PlaceHolder("HOST").StringsVar(&c.done)
	command.Flag("output", "Output format: text or json.").
		NoEnvar().Default("text").EnumVar(&c.output, "text", "json")
	return c
}

// Run prints the step, or the steps.
func (c *drainCommand) Run(ctx context.Context, deployment *deployment.Deployment, streams Streams) (int, error) {
	if !c.next {
		layout := askLayout(ctx, deployment, streams)
		o, err := layout.Overview()
		if err != nil {
			return 0, err
		}
		status := 0
		for i := range o.Drain {
			status = max(status, stepStatus(&o.Drain[i]))
		}
		return status, printAs(c.output, streams.Out, o.Drain, func(w io.Writer) {
			for i := range o.Drain {
				printStep(w, &o.Drain[i])
			}
		})
	}
	step, err := c.nextStep(ctx, deployment, streams)
	if err != nil {
		return 0, err
	}
	return stepStatus(&step), printAs(c.output, streams.Out, step, func(w io.Writer) { printStep(w, &step) })
}

// hearTime is how long the Sentinels may take to hear anew from every node: they ask for
// INFO every 10 s.
const hearTime = 15 * time.Second

// nextStep judges the step to take. When a host has been restarted, what the Sentinels say of
// it can be of before: so it waits until they have heard from every node since it began.
func (c *drainCommand) nextStep(ctx context.Context, d *deployment.Deployment, streams Streams) (canstop.DrainStep, error) {
	for began := time.Now(); ; {
		snapshots := askOnce(ctx, d, streams)
		step, err := canstop.NewLayout(snapshots, streams.HostMap).Next(c.done)
		unheard := canstop.Unheard(snapshots, time.Since(began))
		if len(c.done) == 0 || err != nil || step.Action == canstop.Wait || unheard == "" {
			return step, err
		}
		if time.Since(began) > hearTime {
			return canstop.DrainStep{Action: canstop.Wait, Verdict: canstop.Unknown, Reason: unheard}, nil
		}
		select {
		case <-ctx.Done():
			return canstop.DrainStep{}, ctx.Err()
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// Failed is the exit code when nothing could be asked.
func (*drainCommand) Failed() int { return int(canstop.Unknown) }

func stepStatus(s *canstop.DrainStep) int {
	switch s.Action {
	case canstop.Wait:
		return 1
	case canstop.Refuse:
		return int(s.Verdict)
	default:
		return 0
	}
}

func printStep(w io.Writer, s *canstop.DrainStep) {
	switch s.Action {
	case canstop.Restart:
		fmt.Fprintf(w, "restart everything on %s (%s while it is down); %s\n", s.Host, s.Verdict, s.Reason)
	case canstop.Failover:
		fmt.Fprintf(w, "fail over: %s\n    $ %s\n", s.Reason, s.Command)
	case canstop.Wait:
		if s.Master != "" {
			fmt.Fprintf(w, "wait: %s: %s\n", s.Master, s.Reason)
		} else {
			fmt.Fprintf(w, "wait: %s\n", s.Reason)
		}
	case canstop.Refuse:
		fmt.Fprintf(w, "do not stop %s: %s\n", s.Host, s.Reason)
	default:
		fmt.Fprintf(w, "done: %s\n", s.Reason)
	}
}
