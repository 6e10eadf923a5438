package app

import (
	"context"
	"errors"

	"redis_sentinel_exporter/cli"
)

// runCommand runs a command other than serve against the deployment of the flags
// and returns its exit code.
func runCommand(ctx context.Context, command cli.Command, f *flags, streams cli.Streams) (status int, err error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	if f.onlyProbes() {
		return 0, errors.New("there is no deployment to ask: --config.file is given, and no --sentinel.address")
	}
	deployment, err := f.deployment()
	if err != nil {
		return 0, err
	}
	defer deployment.Close()
	streams.Timeout = f.sentinel.timeout
	return command.Run(ctx, deployment, streams)
}

// failed is the exit code after an error. The command line may be what is wrong
// with it, so the command is looked for in its words.
func (f *flags) failed(args []string) int {
	for _, word := range args {
		if word == configCommand {
			return 1 // what follows is not the command check
		}
		if command := f.commands[word]; command != nil {
			return command.Failed()
		}
	}
	return 1
}
