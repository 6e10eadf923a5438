package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/alecthomas/kingpin/v2"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// canStopCommand says whether machines may stop.
type canStopCommand struct {
	hosts  []string
	output string
}

func addCanStop(app *kingpin.Application) *canStopCommand {
	c := &canStopCommand{}
	command := app.Command("can-stop", "Report what would be left of each master if everything on these hosts stopped at once. Exits with 0 yes, 1 degraded, 2 no, 3 unknown.")
	command.Arg("host", "A host, as the Sentinels announce it, or as --host-map names it; each alone, every pair and an order to restart them in if none is given.").
		NoEnvar().StringsVar(&c.hosts)
	command.Flag("output", "Output format: text, or the JSON of /can-stop.").
		NoEnvar().Default("text").EnumVar(&c.output, "text", "json")
	return c
}

// Run prints the answer.
func (c *canStopCommand) Run(ctx context.Context, deployment *deployment.Deployment, streams Streams) (int, error) {
	layout := askLayout(ctx, deployment, streams)
	if len(c.hosts) == 0 {
		o, err := layout.Overview()
		if err != nil {
			return 0, err
		}
		return int(o.Verdict()), printAs(c.output, streams.Out, o, func(w io.Writer) { printOverview(w, &o) })
	}
	a, err := layout.Ask(c.hosts...)
	if err != nil {
		return 0, err
	}
	return int(a.Verdict), printAs(c.output, streams.Out, a, func(w io.Writer) { printAnswer(w, &a) })
}

// Failed is the exit code when nothing could be asked: it is not known.
func (*canStopCommand) Failed() int { return int(canstop.Unknown) }

// printAs prints a value as JSON, or as text.
func printAs(output string, out io.Writer, v any, text func(io.Writer)) error {
	w := bufio.NewWriter(out)
	if output == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(v); err != nil {
			return err
		}
	} else {
		text(w)
	}
	return w.Flush()
}

// askLayout asks the Sentinels once.
func askLayout(ctx context.Context, d *deployment.Deployment, streams Streams) *canstop.Layout {
	return canstop.NewLayout(askOnce(ctx, d, streams), streams.HostMap)
}

func askOnce(ctx context.Context, d *deployment.Deployment, streams Streams) []*sentinel.Snapshot {
	ctx, cancel := context.WithTimeout(ctx, streams.Timeout)
	defer cancel()
	return d.Snapshots(ctx)
}

func printAnswer(w io.Writer, a *canstop.Answer) {
	for _, m := range a.Masters {
		fmt.Fprintf(w, "%s %s: %s\n", m.Name, m.Verdict, m.Reason)
	}
	for _, first := range a.First {
		fmt.Fprintf(w, "first: %s\n", first)
	}
}

func printOverview(w io.Writer, o *canstop.Overview) {
	for i := range o.Hosts {
		a := &o.Hosts[i]
		fmt.Fprintf(w, "%s %s\n", a.Hosts[0], a.Verdict)
		for _, m := range a.Masters {
			fmt.Fprintf(w, "  %s %s: %s\n", m.Name, m.Verdict, m.Reason)
		}
	}
	for i := range o.Pairs {
		a := &o.Pairs[i]
		fmt.Fprintf(w, "\n%s and %s together: %s\n", a.Hosts[0], a.Hosts[1], a.Verdict)
		for _, m := range a.Masters {
			fmt.Fprintf(w, "  %s %s: %s\n", m.Name, m.Verdict, m.Reason)
		}
	}
	fmt.Fprintln(w, "\nTo restart each, one after the other (ask `redis_sentinel_exporter drain --next` between two steps):")
	for i := range o.Drain {
		printStep(w, &o.Drain[i])
	}
}
