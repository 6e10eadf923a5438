// Package cli has the commands for people and for cron. Each does one thing with the
// Sentinels of a deployment and prints the result; only watch runs until it is stopped.
package cli

import (
	"context"
	"io"
	"time"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/preflight"

	"github.com/alecthomas/kingpin/v2"
)

// A Runner is one command of the program, with the values of its flags and arguments.
type Runner interface {
	// Run runs the command until it is done or ctx ends. It returns the exit code, or an
	// error, which the caller prints.
	Run(ctx context.Context, deployment *deployment.Deployment, streams Streams) (status int, err error)
	// Failed returns the exit code after an error.
	Failed() int
}

// A SentinelFree command asks no Sentinel: its deployment may be nil.
type SentinelFree interface {
	Runner
	AsksNoSentinel()
}

// Streams are the input and output of a command, and its timeout.
type Streams struct {
	In       io.Reader
	Terminal bool // In is a terminal, so that a question can be answered
	Out, Err io.Writer
	// Timeout limits how long the Sentinels may take to answer.
	Timeout time.Duration
	// HostMap says which machine, or zone, a host is.
	HostMap canstop.HostMap
	// Deployment is the name of the deployment that is meant; nil if none was named.
	Deployment *string
	// Preflight says what may be looked at, such as the data nodes, and how.
	Preflight preflight.Options
}

// AddCommands adds the commands to app, and returns them by their full names.
func AddCommands(app *kingpin.Application) map[string]Runner {
	commands := map[string]Runner{"check": addCheck(app), "watch": addWatch(app), "can-stop": addCanStop(app), "drain": addDrain(app), "history": addHistory(app), "preflight": addPreflight(app), "drill": addDrill(app)}
	addDiscover(app, commands)
	addWrites(app, commands)
	return commands
}
