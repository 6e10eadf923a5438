package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/drill"
)

// drillCommand rehearses a failover.
type drillCommand struct {
	name   string
	maxGap time.Duration
	back   bool
	way    wayFlags
	yes    bool
	output string
}

func addDrill(app *kingpin.Application) *drillCommand {
	c := &drillCommand{}
	command := app.Command("drill", "Rehearse a failover of a master: write to it all the while, and report how long no write succeeded and how many were lost; needs --node.password-file. Exits with 0 passed, 1 the gap was too long, 2 refused or failed.")
	command.Arg("name", "Name of the master.").Required().NoEnvar().StringVar(&c.name)
	command.Flag("max-gap", "How long no write may succeed; 0s is as long as it takes.").NoEnvar().Default("3s").DurationVar(&c.maxGap)
	command.Flag("back", "Fail over once more, to the node that was the master.").NoEnvar().BoolVar(&c.back)
	c.way.add(command)
	command.Flag("yes", "Do not ask for confirmation.").NoEnvar().BoolVar(&c.yes)
	command.Flag("output", "Output format: text, or JSON.").NoEnvar().Default("text").EnumVar(&c.output, "text", "json")
	return c
}

// The exit codes.
const (
	drillGap    = 1
	drillFailed = 2
)

// Run asks for confirmation, does the drill, and prints the report.
func (c *drillCommand) Run(ctx context.Context, d *deployment.Deployment, streams Streams) (int, error) {
	way, err := c.way.way()
	if err != nil {
		return 0, err
	}
	o := drill.Options{
		Master: c.name, MaxGap: c.maxGap, Back: c.back, Way: way,
		Preflight: streams.Preflight, Timeout: streams.Timeout, HostMap: streams.HostMap,
	}
	switch {
	case c.maxGap < 0:
		return 0, fmt.Errorf("--max-gap: %s is negative", c.maxGap)
	case !c.yes && !streams.Terminal:
		return 0, errors.New("there is no terminal to ask for confirmation: give --yes to do it")
	case !c.yes:
		if yes, err := c.confirm(ctx, d, o, streams); !yes {
			return drillFailed, err
		}
	}
	r, err := drill.Run(ctx, d, o, func(text string) { _, _ = fmt.Fprintln(streams.Err, text) })
	if err != nil {
		return 0, err
	}
	status := drillFailed
	switch r.Outcome {
	case drill.Passed:
		status = 0
	case drill.Gap:
		status = drillGap
	}
	return status, printAs(c.output, streams.Out, r, func(w io.Writer) { printDrill(w, r) })
}

// confirm says what would be done, and asks whether to do it.
func (c *drillCommand) confirm(ctx context.Context, d *deployment.Deployment, o drill.Options, streams Streams) (bool, error) {
	reasons, err := drill.Check(ctx, d, o)
	if err != nil {
		return false, err
	}
	if len(reasons) > 0 {
		printReasons(streams.Out, "Refused. Nothing was done.", reasons)
		return false, nil
	}
	_, _ = fmt.Fprintf(streams.Err, "%s would be failed over, and some writes of its clients may be lost.\n", c.name)
	return ask(ctx, streams)
}

// Failed returns the exit code of an error.
func (*drillCommand) Failed() int { return drillFailed }

func printReasons(w io.Writer, first string, reasons []string) {
	_, _ = fmt.Fprintln(w, first)
	for _, r := range reasons {
		_, _ = fmt.Fprintf(w, "  %s\n", r)
	}
}

func printDrill(w io.Writer, r *drill.Report) {
	for _, f := range r.Failovers {
		fmt.Fprintf(w, "%s failed over from %s to %s in %.1f s (%s).\n", r.Master, f.From, f.To, f.FailoverSeconds, f.Way)
		fmt.Fprintf(w, "  No write succeeded for %.3f s.\n", f.GapSeconds)
		fmt.Fprintf(w, "  %d of %d acknowledged writes are gone.\n", f.Lost, f.Acknowledged)
		if f.AllBackSeconds != nil {
			fmt.Fprintf(w, "  All replicas were back after %.1f s.\n", *f.AllBackSeconds)
		}
	}
	switch r.Outcome {
	case drill.Passed:
		fmt.Fprintln(w, "Passed.")
	case drill.Gap:
		printReasons(w, "Not passed.", r.Reasons)
	case drill.Refused:
		printReasons(w, "Refused. Nothing was done.", r.Reasons)
	case drill.Failed:
		printReasons(w, "Failed.", r.Reasons)
	}
	if len(r.Remains) > 0 {
		printReasons(w, fmt.Sprintf("The key %s may be left until it expires:", r.Key), r.Remains)
	}
}
