package main

import (
	"context"
	"errors"

	"github.com/alecthomas/kingpin/v2"

	"redis_sentinel_exporter/cli"
)

// addCommands adds the commands other than serve, by their full names.
func addCommands(app *kingpin.Application) map[string]cli.Command {
	commands := map[string]cli.Command{
		"check": cli.NewCheck(app.Command("check", "Say how well the deployment is: one line, then what is wrong and what to do. Exits with 0 ok, 1 warning, 2 critical, 3 unknown.")),
		"watch": addWatch(app),
	}
	cli.AddDiscover(app, commands)
	cli.AddWrites(app, commands)
	return commands
}

func addWatch(app *kingpin.Application) *cli.Watch {
	watch := &cli.Watch{}
	command := app.Command("watch", "Print what the Sentinels publish as it comes, until it is stopped.")
	command.Flag("output", "How to print: text, or json for one object a line.").
		Default("text").EnumVar(&watch.Output, "text", "json")
	command.Arg("master", "Print only what is about this master.").StringVar(&watch.Master)
	return watch
}

// runCommand runs one of them against the deployment of the flags and returns
// its exit code. One that changes something takes as long as that takes.
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
	if changer, changes := command.(cli.Changer); changes {
		streams.Timeout = f.web.Timeout
		return changer.Change(ctx, deployment, streams)
	}
	if _, endless := command.(*cli.Watch); !endless {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.web.Timeout)
		defer cancel()
	}
	return command.Run(ctx, deployment, streams.Out)
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
