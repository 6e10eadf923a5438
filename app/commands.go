package app

import (
	"context"

	"redis_sentinel_exporter/cli"
)

// runCommand runs a command of package cli against the deployment of the flags and
// returns its exit code.
func runCommand(ctx context.Context, command cli.Runner, f *programFlags, streams cli.Streams) (status int, err error) {
	config, err := newCommandConfig(f)
	if err != nil {
		return 0, err
	}
	deployment := newDeployment(config)
	defer deployment.Close()
	streams.Timeout, streams.HostMap = config.Timeout, f.hosts
	return command.Run(ctx, deployment, streams)
}
