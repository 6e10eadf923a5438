// Package cli holds the commands for people and for cron: each asks the
// Sentinels of a deployment once and prints what it found. [Watch] alone goes on
// until it is stopped.
package cli

import (
	"context"
	"io"

	"redis_sentinel_exporter/sentinel"
)

// A Command is one command of the program, with its flags and arguments as they
// were given.
type Command interface {
	// Run asks the deployment until ctx ends, and prints to stdout. It returns
	// the exit code, or an error that is printed on stderr.
	Run(ctx context.Context, deployment *sentinel.Deployment, stdout io.Writer) (status int, err error)
	// Failed is the exit code after an error.
	Failed() int
}
