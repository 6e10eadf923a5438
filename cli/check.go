package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/alecthomas/kingpin/v2"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
)

// checkCommand is the command check.
type checkCommand struct {
	master *string // nil for all masters
	all    bool    // all named deployments
	output string
	failOn string
}

func addCheck(app *kingpin.Application) *checkCommand {
	c := &checkCommand{}
	command := app.Command("check", "Report the health of the deployment: one line, then what is wrong and what to do. Exits with 0 ok, 1 warning, 2 critical, 3 unknown.")
	command.Arg("master", "Name of the master to check; all of them if not given.").NoEnvar().SetValue((*masterArgument)(c))
	command.Flag("output", "Output format: text, or the JSON of /health.").
		Default("text").EnumVar(&c.output, "text", "json")
	command.Flag("all", "Check all deployments of --config.file: a line each, the worst first. The exit code is that of the worst.").
		NoEnvar().BoolVar(&c.all)
	command.Flag("fail-on", "Lowest status that makes the exit code other than 0: warning or critical. Unknown always does.").
		NoEnvar().Default("warning").EnumVar(&c.failOn, "warning", "critical")
	return c
}

// Run prints the verdict. The exit code is that of a monitoring plugin: 0 ok, 1
// warning, 2 critical, 3 unknown.
func (c *checkCommand) Run(ctx context.Context, deployment *deployment.Deployment, streams Streams) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, streams.Timeout)
	defer cancel()
	report := health.Assess(deployment.Snapshots(ctx), streams.HostMap)
	if c.master != nil {
		narrowed, known := report.Narrowed(*c.master)
		if !known {
			report = unknownMaster(&report, *c.master)
		} else {
			report = narrowed
		}
	}
	w := bufio.NewWriter(streams.Out)
	if err := c.print(w, &report); err != nil {
		return 0, fmt.Errorf("printing the verdict: %w", err)
	}
	if err := w.Flush(); err != nil {
		return 0, fmt.Errorf("printing the verdict: %w", err)
	}
	if report.Status == health.Warning && c.failOn == "critical" {
		return 0, nil
	}
	return int(report.Status), nil
}

// Failed returns the exit code after an error: unknown, since 1 would be a warning to a
// monitoring system.
func (c *checkCommand) Failed() int { return int(health.Unknown) }

// unknownMaster returns the report on a name that no Sentinel that answered monitors.
func unknownMaster(all *health.Report, name string) health.Report {
	return health.Report{
		Status: health.Unknown, Asked: all.Asked, Answered: all.Answered, Checks: all.Checks, Findings: all.Findings, Masters: []health.MasterReport{},
		Summary: fmt.Sprintf("UNKNOWN: no Sentinel of the %d that answered monitors a master named %q", all.Answered, name),
	}
}

func (c *checkCommand) print(w io.Writer, r *health.Report) error {
	if c.output == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(r)
	}
	fmt.Fprintln(w, r.Summary)
	for _, problem := range r.Problems() {
		printCheckFinding(w, problem.Cause, "")
		for _, f := range problem.Consequences {
			printCheckFinding(w, f, "    ")
		}
	}
	for i := range r.Masters {
		if m := &r.Masters[i]; len(r.Masters) > 1 && m.Status == health.OK {
			fmt.Fprintf(w, "\n%s\n", m.Summary)
		}
	}
	return nil
}

// printCheckFinding prints a finding with its hint and commands. The caller indents a finding
// that follows from another one.
func printCheckFinding(w io.Writer, f health.Finding, indent string) {
	about := f.Check
	if f.Master != "" {
		about = health.Printable(f.Master) + " " + f.Check
	}
	if indent != "" {
		about += ", which follows from it"
	}
	fmt.Fprintf(w, "\n%s%s %s\n%s  %s\n%s  %s\n", indent, f.Severity, about, indent, f.Message, indent, f.Hint)
	for _, command := range f.Commands {
		fmt.Fprintf(w, "%s    $ %s\n", indent, command)
	}
	if len(f.Look) > 0 {
		fmt.Fprintf(w, "%s  To see more:\n", indent)
	}
	for _, command := range f.Look {
		fmt.Fprintf(w, "%s    $ %s\n", indent, command)
	}
}

// A masterArgument is the argument with the name of a master. The name can be empty, which
// is not the same as no argument.
type masterArgument checkCommand

// Set implements kingpin.Value.
func (m *masterArgument) Set(text string) error {
	m.master = &text
	return nil
}

// String implements kingpin.Value.
func (m *masterArgument) String() string {
	if m.master == nil {
		return ""
	}
	return *m.master
}
