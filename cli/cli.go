// Package cli holds the commands for people and for cron: each asks the
// Sentinels of a deployment once and prints what it found. "watch" alone goes on
// until it is stopped.
package cli

import (
	"context"
	"io"
	"time"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/deployment"

	"github.com/alecthomas/kingpin/v2"
)

// A Command is one command of the program, with its flags and arguments as they
// were given.
type Command interface {
	// Run asks the deployment, and prints. It ends with ctx. It returns the exit
	// code, or an error that is for its caller to print.
	Run(ctx context.Context, deployment *deployment.Deployment, streams Streams) (status int, err error)
	// Failed is the exit code after an error.
	Failed() int
}

// Streams are where a command talks with people, and how long it waits for Sentinels.
type Streams struct {
	In       io.Reader
	Terminal bool // somebody is at In to answer
	Out, Err io.Writer
	// Timeout is how long the Sentinels may take to answer.
	Timeout time.Duration
	// HostMap says which machine, or zone, a host is.
	HostMap canstop.HostMap
}

// AddCommands adds the commands to the application, and returns them by their full
// names.
func AddCommands(app *kingpin.Application) map[string]Command {
	commands := map[string]Command{"check": addCheck(app), "watch": addWatch(app), "can-stop": addCanStop(app), "drain": addDrain(app)}
	addDiscover(app, commands)
	addWrites(app, commands)
	return commands
}
