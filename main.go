// Redis_sentinel_exporter is a Prometheus exporter for Redis and Valkey
// Sentinel: it asks every Sentinel of a deployment what it knows.
package main

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

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	streams := cli.Streams{In: os.Stdin, Terminal: isTerminal(os.Stdin), Out: os.Stdout, Err: os.Stderr}
	os.Exit(run(ctx, os.Args[1:], streams))
}

// run is the whole program, but for the process around it. It ends when ctx
// does and returns the exit code.
func run(ctx context.Context, args []string, streams cli.Streams) int {
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
