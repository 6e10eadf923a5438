// Package app is the program: it reads flags, files and variables, and connects the
// other packages.
package app

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"redis_sentinel_exporter/cli"
)

const name = "redis_sentinel_exporter"

// Main runs the program with the arguments, the streams and the signals of the process,
// and returns its exit code.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	streams := cli.Streams{In: os.Stdin, Terminal: isTerminal(os.Stdin), Out: os.Stdout, Err: os.Stderr}
	return Run(ctx, os.Args[1:], streams)
}

// Run runs the program with the given arguments until ctx ends, and returns its exit
// code.
func Run(ctx context.Context, args []string, streams cli.Streams) int {
	var f flags
	app := newApp(&f)
	app.UsageWriter(streams.Out).ErrorWriter(streams.Err)
	command, status, err := parse(app, args)
	switch {
	case err != nil || command == "":
	case command == serveCommand:
		err = serve(ctx, &f, streams.Err)
	case command == configCheckCommand:
		err = checkConfig(&f, streams.Out)
	default:
		status, err = runCommand(ctx, f.commands[command], &f, streams)
	}
	if err != nil {
		_, _ = fmt.Fprintf(streams.Err, "%s: error: %s\n", name, oneLine(err))
		return f.failed(args)
	}
	return status
}

// oneLine prints an error on one line, as a log is read; those of YAML have many.
func oneLine(err error) string {
	lines := strings.Split(err.Error(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, " ")
}
