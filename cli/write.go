package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
)

// writeCommand is one of the commands that change something.
type writeCommand struct {
	op           admin.Operation
	words        []string // options and values, alternating
	sets         []string // options and values, as name=value
	passwordFile string
	yes          bool
	way          wayFlags // of a failover
}

// addWrites adds the commands that change something to app and to commands.
func addWrites(app *kingpin.Application, commands map[string]Runner) {
	add := func(action admin.Action, help string) (*kingpin.CmdClause, *writeCommand) {
		clause, w := app.Command(string(action), help), &writeCommand{op: admin.Operation{Action: action}}
		w.addFlags(clause)
		if action != admin.FlushConfig {
			clause.Arg("name", "Name of the master.").Required().NoEnvar().StringVar(&w.op.Master)
		}
		commands[string(action)] = w
		return clause, w
	}
	failover, f := add(admin.Failover, "Fail a master over, and follow the failover to its end.")
	f.way.add(failover)
	add(admin.Reset, "Make the Sentinels forget what they know of a master, one at a time, waiting for each to rediscover everything before the next.")
	set, w := add(admin.Set, "Change settings of a master on every Sentinel, for example: set mymaster quorum 2 parallel-syncs 1")
	set.Arg("option value", "Options by their Sentinel names, each followed by its value.").NoEnvar().StringsVar(&w.words)
	w.addPasswordFile(set)
	monitor, w := add(admin.Monitor, "Make every Sentinel monitor a master.")
	monitor.Arg("address", "Address of the master, as host:port.").Required().NoEnvar().StringVar(&w.op.Address)
	monitor.Arg("quorum", "How many Sentinels must agree that it is down; with --move as before, if it is not given.").NoEnvar().IntVar(&w.op.Quorum)
	monitor.Flag("move", "Move the name, and its clients, from where it is to this address. It needs --node.password-file.").NoEnvar().BoolVar(&w.op.Move)
	monitor.Flag("set", "An initial setting, as option=value. Repeatable.").NoEnvar().PlaceHolder("OPTION=VALUE").StringsVar(&w.sets)
	w.addPasswordFile(monitor)
	add(admin.Remove, "Make every Sentinel forget a master and its settings.")
	add(admin.FlushConfig, "Make every Sentinel rewrite its configuration file.")
}

// addFlags adds the flags without environment variables: a variable that is left set would
// confirm or force every command.
func (w *writeCommand) addFlags(clause *kingpin.CmdClause) {
	clause.Flag("dry-run", "Print what would be done, and do nothing.").NoEnvar().BoolVar(&w.op.DryRun)
	clause.Flag("yes", "Do not ask for confirmation.").NoEnvar().BoolVar(&w.yes)
	clause.Flag("force", "Override the guards.").NoEnvar().BoolVar(&w.op.Force)
}

func (w *writeCommand) addPasswordFile(clause *kingpin.CmdClause) {
	clause.Flag("auth-pass-file", "File with the auth-pass to set; on the command line everybody on the machine could read it.").
		NoEnvar().PlaceHolder("FILE").StringVar(&w.passwordFile)
}

// Run prints the plan, asks for confirmation, and carries it out. The exit code is 0 if it
// succeeded at every Sentinel, 1 otherwise.
func (w *writeCommand) Run(ctx context.Context, deployment *deployment.Deployment, streams Streams) (int, error) {
	if err := w.settle(); err != nil {
		return 0, err
	}
	if !w.op.DryRun && !w.yes && !streams.Terminal {
		return 0, errors.New("there is no terminal to ask for confirmation: give --yes to do it, or --dry-run to see what it would do")
	}
	operator := admin.New(deployment, streams.Timeout)
	operator.UseNodes(streams.Preflight.Nodes)
	if w.op.DryRun || !w.yes {
		status, err := w.plan(ctx, operator, streams)
		if err != nil || status != 0 || w.op.DryRun {
			return status, err
		}
		if yes, err := ask(ctx, streams); !yes {
			return 1, err
		}
	}
	return w.do(ctx, operator, streams)
}

// plan prints what would be done.
func (w *writeCommand) plan(ctx context.Context, operator *admin.Operator, streams Streams) (int, error) {
	dry := w.op
	dry.DryRun = true
	answer, err := operator.Do(ctx, dry, nil)
	if err != nil {
		return w.refused(err, streams)
	}
	w.op.Way = answer.Way // what is confirmed is what is done
	for _, r := range answer.Results {
		for _, line := range planned(r) {
			_, _ = fmt.Fprintf(streams.Out, "%s  %s\n", r.Sentinel, line)
		}
	}
	if answer.WayReason != "" {
		_, _ = fmt.Fprintln(streams.Out, answer.WayWords())
	}
	if answer.Loss != nil {
		_, _ = fmt.Fprintln(streams.Out, answer.Loss.Risk)
	}
	printGuardFindings(streams.Out, answer.Findings)
	if answer.Completion() == admin.Failed {
		return 1, nil
	}
	if w.op.DryRun && answer.Completion() != admin.Done {
		return 1, nil
	}
	return 0, nil
}

// planned returns what would be done at one Sentinel.
func planned(r admin.StepResult) []string {
	switch {
	case !r.OK:
		return []string{"cannot: " + r.Error}
	case len(r.Commands) == 0:
		return []string{"nothing to do: " + r.Note}
	}
	return r.Commands
}

func (w *writeCommand) do(ctx context.Context, operator *admin.Operator, streams Streams) (int, error) {
	answer, err := operator.Do(ctx, w.op, func(text string) { _, _ = fmt.Fprintln(streams.Err, text) })
	if err != nil {
		return w.refused(err, streams)
	}
	for _, r := range answer.Results {
		text := "ok"
		switch {
		case !r.OK:
			text = "FAILED: " + r.Error
		case r.Note != "":
			text += ": " + r.Note
		}
		_, _ = fmt.Fprintf(streams.Out, "%s  %s\n", r.Sentinel, text)
	}
	printGuardFindings(streams.Out, answer.Findings)
	printFailover(streams.Out, answer)
	if answer.Completion() != admin.Done {
		_, _ = fmt.Fprintln(streams.Out, "Not every Sentinel has done it. Fix the cause, then run the command again to complete it.")
		return 1, nil
	}
	return 0, nil
}

// printFailover says what the master is now, once there is only one, and what a failover has lost.
func printFailover(out io.Writer, answer *admin.OperationResult) {
	switch {
	case answer.Address == "":
	case answer.Loss == nil:
		_, _ = fmt.Fprintf(out, "%s is the master now.\n", answer.Address)
	case answer.Loss.OldMasterSeconds == nil:
		_, _ = fmt.Fprintf(out, "%s is promoted, after %.1f s. %s\n", answer.Address, answer.Seconds, answer.Loss.Outcome)
	default:
		_, _ = fmt.Fprintf(out, "%s is the master now, after %.1f s. %s\n", answer.Address, answer.Seconds, answer.Loss.Outcome)
	}
}

// refused prints why a guard refuses the operation; it returns any other error.
func (w *writeCommand) refused(err error, streams Streams) (int, error) {
	var guarded *admin.GuardedError
	if !errors.As(err, &guarded) {
		return 0, err
	}
	_, _ = fmt.Fprintln(streams.Out, "Refused, because it would do harm (--force overrides this). Nothing was sent.")
	printGuardFindings(streams.Out, guarded.Findings)
	return 1, nil
}

func printGuardFindings(out io.Writer, findings []health.Finding) {
	for _, f := range findings {
		_, _ = fmt.Fprintf(out, "%s %s: %s\n  %s\n", f.Severity, f.Check, f.Message, f.Hint)
	}
}

// ask asks for confirmation. The end of ctx counts as a no. Reading from a terminal cannot
// be interrupted, so the goroutine that reads ends with the program.
func ask(ctx context.Context, streams Streams) (bool, error) {
	_, _ = fmt.Fprint(streams.Err, "Do this? [y/N] ")
	type reply struct {
		line string
		err  error
	}
	replies := make(chan reply, 1)
	go func() {
		line, err := bufio.NewReader(streams.In).ReadString('\n')
		replies <- reply{line, err}
	}()
	select {
	case r := <-replies:
		return confirmed(r.line, r.err, streams)
	case <-ctx.Done():
		_, _ = fmt.Fprintln(streams.Err)
		return false, fmt.Errorf("nothing was done: %w", context.Cause(ctx))
	}
}

// confirmed reports whether the line is a yes.
func confirmed(line string, err error, streams Streams) (bool, error) {
	switch answer := strings.ToLower(strings.TrimSpace(line)); {
	case answer == "y", answer == "yes":
		return true, nil
	case err != nil && answer == "":
		return false, errors.New("nobody answered: give --yes to do it without being asked")
	}
	_, _ = fmt.Fprintln(streams.Err, "Nothing was done.")
	return false, nil
}

// Failed returns the exit code of an error.
func (*writeCommand) Failed() int { return 1 }
