package app

import (
	"fmt"
	"slices"

	"github.com/alecthomas/kingpin/v2"
)

// parse returns the command to run. It is empty if kingpin has done everything itself, such as
// --help and --version; status is then the exit code. With an error it is the command that
// the arguments name, if any.
func parse(app *kingpin.Application, args []string) (command string, status int, err error) {
	app.Terminate(func(code int) { panic(terminated(code)) }) // like os.Exit, it must not return
	defer func() {
		switch code := recover().(type) {
		case nil:
		case terminated:
			command, status, err = "", int(code), nil
		default:
			panic(code)
		}
	}()
	if needsCommand(app, args) {
		args = append(slices.Clone(args), serveCommand)
	}
	command, err = app.Parse(args)
	if err != nil {
		return commandIn(app, args), 0, fmt.Errorf("%w (try --help)", err)
	}
	return command, 0, nil
}

// A terminated is the exit code with which kingpin wants to end the program.
type terminated int

// needsCommand reports whether the arguments name no command. kingpin's own default command
// would hide an error: a last flag without its value would be ignored.
func needsCommand(app *kingpin.Application, args []string) bool {
	parsed, err := app.ParseContext(args)
	if err != nil || parsed.SelectedCommand != nil {
		return false
	}
	return !slices.ContainsFunc(parsed.Elements, func(e *kingpin.ParseElement) bool { return e.Clause == app.HelpFlag })
}

// commandIn returns the full name of the command in arguments that have an error; empty if
// they name none. It drops an argument that kingpin does not accept, and all before it, and
// tries again: searching for the name itself could find the value of a flag.
func commandIn(app *kingpin.Application, args []string) string {
	for {
		parsed, err := app.ParseContext(args)
		switch {
		case parsed != nil && parsed.SelectedCommand != nil:
			return parsed.SelectedCommand.FullCommand()
		case err == nil || len(args) == 0:
			return ""
		}
		accepted := len(args) - 1 // length of the longest proper prefix without an error
		for ; accepted > 0; accepted-- {
			if _, err := app.ParseContext(args[:accepted]); err == nil {
				break
			}
		}
		args = args[accepted+1:]
	}
}

// withoutVariables removes the environment variables of kingpin's own flags. A container
// often has REDIS_SENTINEL_EXPORTER_VERSION=1.2.3, which is not a bool for --version.
func withoutVariables(app *kingpin.Application) {
	for _, flag := range app.Model().Flags { // called before any other flag is added
		app.GetFlag(flag.Name).NoEnvar()
	}
}

// nameInErrors adds the name of the flag to the error of a value that it does not accept.
func nameInErrors(app *kingpin.Application) {
	nameFlags(app.Model().FlagGroupModel, app.GetFlag)
	for _, command := range app.Model().Commands {
		nameFlags(command.FlagGroupModel, app.GetCommand(command.Name).GetFlag)
	}
}

func nameFlags(flags *kingpin.FlagGroupModel, get func(string) *kingpin.FlagClause) {
	for _, flag := range flags.Flags {
		clause := get(flag.Name)
		clause.SetValue(namedValue{flag.Value, clause})
	}
}

// A namedValue is the value of a flag that names the flag in its errors.
type namedValue struct {
	kingpin.Value
	flag *kingpin.FlagClause
}

// Set reads the text of the flag, or of its environment variable.
func (v namedValue) Set(text string) error {
	err := v.Value.Set(text)
	if err == nil {
		return nil
	}
	flag := v.flag.Model()
	if flag.Envar == "" {
		return fmt.Errorf("--%s: %w", flag.Name, err)
	}
	return fmt.Errorf("--%s (or $%s): %w", flag.Name, flag.Envar, err)
}

// IsBoolFlag reports whether the flag has no value, and a --no- form.
func (v namedValue) IsBoolFlag() bool {
	b, ok := v.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// IsCumulative reports whether the flag can be repeated.
func (v namedValue) IsCumulative() bool {
	c, ok := v.Value.(interface{ IsCumulative() bool })
	return ok && c.IsCumulative()
}
