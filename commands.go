package main

import (
	"context"

	"github.com/alecthomas/kingpin/v2"

	"redis_sentinel_exporter/cli"
)

// addCommands adds the commands other than serve, by their full names.
func addCommands(app *kingpin.Application) map[string]cli.Command {
	commands := map[string]cli.Command{}
	cli.AddWrites(app, commands)
	return commands
}

// runCommand runs one of them against the deployment of the flags and returns
// its exit code. One that changes something takes as long as that takes.
func runCommand(ctx context.Context, command cli.Command, f *flags, streams cli.Streams) (status int, err error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	deployment, err := f.deployment()
	if err != nil {
		return 0, err
	}
	defer deployment.Close()
	if changer, changes := command.(cli.Changer); changes {
		streams.Timeout = f.web.Timeout
		return changer.Change(ctx, deployment, streams)
	}
	ctx, cancel := context.WithTimeout(ctx, f.web.Timeout)
	defer cancel()
	return command.Run(ctx, deployment, streams.Out)
}
