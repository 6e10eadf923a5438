// Package app is the program: it turns flags, files and environment variables into a
// Config, connects the other packages accordingly, and runs them.
package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kingpin/v2"

	"redis_sentinel_exporter/cli"
	"redis_sentinel_exporter/internal/printable"
)

const name = "redis_sentinel_exporter"

// Main runs the program with the arguments, the streams and the signals of the process,
// and returns its exit code.
func Main() int {
	kingpin.EnableFileExpansion = false // otherwise an argument @name, which may be a master's name, would mean the content of a file
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills the process
	streams := cli.Streams{In: os.Stdin, Terminal: isTerminal(os.Stdin), Out: os.Stdout, Err: os.Stderr}
	return Run(ctx, os.Args[1:], streams)
}

// Run runs the program with the given arguments until ctx ends, and returns its exit
// code. All that it prints goes through one writer, which escapes what would command a
// terminal.
func Run(ctx context.Context, args []string, streams cli.Streams) int {
	out, errs := printable.NewWriter(streams.Out), printable.NewWriter(streams.Err)
	defer func() { _ = errors.Join(out.Flush(), errs.Flush()) }() // half a rune, if anything
	streams.Out, streams.Err = out, errs
	var f programFlags
	app := newApp(&f)
	app.UsageWriter(streams.Out).ErrorWriter(streams.Err)
	command, status, err := parse(app, args)
	if err == nil && command != "" {
		status, err = run(ctx, command, &f, streams)
	}
	if err != nil {
		_, _ = fmt.Fprintf(streams.Err, "%s: error: %s\n", name, oneLine(err))
		return f.failed(command)
	}
	return status
}

// run runs one command with the flags that were given.
func run(ctx context.Context, command string, f *programFlags, streams cli.Streams) (status int, err error) {
	if c, ok := f.commands[command]; ok {
		return runCommand(ctx, c, f, streams)
	}
	if command == rulesCommand {
		return 0, printRules(f.rules, streams.Out)
	}
	config, err := newConfig(f)
	switch {
	case err != nil:
		return 0, err
	case command == configCheckCommand:
		return 0, printConfig(config, streams.Out)
	default:
		return 0, serve(ctx, config, streams.Err)
	}
}

// failed returns the exit code after an error of a command, or in its part of the command
// line. command is empty if the command line names none.
func (f *programFlags) failed(command string) int {
	if c, ok := f.commands[command]; ok {
		return c.Failed()
	}
	return 1
}

// oneLine returns the text of an error in one line; errors of YAML have several.
func oneLine(err error) string {
	lines := strings.Split(err.Error(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, " ")
}
