package app

import (
	"context"
	"errors"
	"fmt"

	"redis_sentinel_exporter/cli"
	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/probe"
)

// runCommand runs a command of package cli against the deployment of the flags and
// returns its exit code.
func runCommand(ctx context.Context, command cli.Runner, f *programFlags, streams cli.Streams) (status int, err error) {
	if many, ok := command.(cli.ManyRunner); ok && many.WantsAll() {
		return runOnAll(ctx, many, f, streams)
	}
	streams.Deployment = f.fleet.deployment
	if _, ok := command.(cli.SentinelFree); ok {
		streams.Timeout = f.sentinel.timeout
		if err := f.check(); err != nil {
			return 0, err
		}
		return command.Run(ctx, nil, streams)
	}
	config, err := newCommandConfig(f)
	if err != nil {
		return 0, err
	}
	deployment := newDeployment(config)
	defer deployment.Close()
	streams.Timeout, streams.HostMap, streams.Preflight = config.Timeout, f.hosts, config.Preflight
	return command.Run(ctx, deployment, streams)
}

// runOnAll runs a command on all deployments of --config.file.
func runOnAll(ctx context.Context, command cli.ManyRunner, f *programFlags, streams cli.Streams) (status int, err error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	switch {
	case f.fleet.deployment != nil:
		return 0, errors.New("--all and --deployment are given")
	case f.probe.configFile == "":
		return 0, errors.New("--all: the deployments are in --config.file, which is not given")
	}
	file, err := probe.Open(f.probe.configFile)
	if err != nil {
		return 0, fmt.Errorf("--config.file: %w", err)
	}
	all := file.Deployments()
	if len(all) == 0 {
		return 0, errors.New("--all: --config.file names no deployment")
	}
	named, budget := make(map[string]fleet.Surveyed, len(all)), f.budget()
	for name, d := range all {
		config := sentinelConfigOf(d, f.sentinel.timeout, budget)
		deployment := newDeployment(config)
		defer deployment.Close()
		named[name] = fleet.Surveyed{Sentinels: deployment, Given: d.Sentinels, Timeout: config.Timeout}
	}
	streams.Timeout, streams.HostMap = f.sentinel.timeout, f.hosts
	return command.RunAll(ctx, named, streams)
}
