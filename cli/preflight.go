package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/preflight"
	"redis_sentinel_exporter/sentinel"
)

// preflightCommand says whether the next failover would work.
type preflightCommand struct {
	name   string
	output string
}

func addPreflight(app *kingpin.Application) *preflightCommand {
	c := &preflightCommand{}
	command := app.Command("preflight", "Report whether the next failover of a master would work, beyond what the Sentinels show; with --node.password-file it looks at the data nodes. Exits with 0 ok, 1 warning, 2 critical, 3 unknown.")
	command.Arg("name", "Name of the master; all of them if not given.").NoEnvar().StringVar(&c.name)
	command.Flag("output", "Output format: text, or JSON.").
		NoEnvar().Default("text").EnumVar(&c.output, "text", "json")
	return c
}

// Run prints the reports. The exit code is that of the worst.
func (c *preflightCommand) Run(ctx context.Context, d *deployment.Deployment, streams Streams) (int, error) {
	snapshots := askOnce(ctx, d, streams)
	names := []string{c.name}
	if c.name == "" {
		names = nil
		for _, m := range deployment.ByMaster(snapshots) {
			names = append(names, m.Name)
		}
	}
	reports := []*preflight.Report{}
	status := health.OK
	for _, name := range names {
		r, err := c.assess(ctx, snapshots, name, streams)
		if err != nil {
			return 0, err
		}
		reports = append(reports, r)
		if r.Status.Compare(status) > 0 {
			status = r.Status
		}
	}
	if len(reports) == 0 {
		return 0, fmt.Errorf("no Sentinel of the %d that were asked names a master", len(snapshots))
	}
	return int(status), printAs(c.output, streams.Out, reports, func(w io.Writer) {
		for _, r := range reports {
			printPreflight(w, r)
		}
	})
}

func (c *preflightCommand) assess(ctx context.Context, snapshots []*sentinel.Snapshot, name string, streams Streams) (*preflight.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, streams.Timeout)
	defer cancel()
	r := preflight.Assess(ctx, snapshots, name, streams.Preflight)
	if r == nil {
		return nil, fmt.Errorf("no Sentinel of the %d that were asked monitors a master named %q", len(snapshots), name)
	}
	return r, nil
}

// Failed returns the exit code after an error: nothing is known.
func (*preflightCommand) Failed() int { return int(health.Unknown) }

func printPreflight(w io.Writer, r *preflight.Report) {
	fmt.Fprintf(w, "%s %s\n", health.Printable(r.Master), r.Status)
	for _, n := range r.Nodes {
		what := n.Version
		if n.Error != "" {
			what = "not asked: " + n.Error
		}
		fmt.Fprintf(w, "  %s %s %s\n", n.Role, n.Address, what)
	}
	for _, f := range r.Findings {
		f.Master = "" // it is in the first line
		printCheckFinding(w, f, "")
	}
	for _, u := range r.Unseen {
		fmt.Fprintf(w, "\nunknown %s\n  %s\n", strings.Join(u.Checks, ", "), u.Reason)
	}
}
