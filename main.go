// Redis_sentinel_exporter is a Prometheus exporter for Redis and Valkey
// Sentinel: it asks every Sentinel of a deployment what it knows.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

const name = "redis_sentinel_exporter"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program, but for the process around it. It ends when ctx does
// and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var f flags
	app := newApp(&f)
	app.UsageWriter(stdout).ErrorWriter(stderr)
	command, status, err := parse(app, args)
	switch {
	case err != nil || command == "":
	case command == serveCommand:
		err = serve(ctx, &f, stderr)
	default:
		status, err = runCommand(ctx, f.commands[command], &f, stdout)
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "%s: error: %s\n", name, oneLine(err))
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
