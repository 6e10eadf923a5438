package app

import (
	"fmt"
	"slices"

	"github.com/alecthomas/kingpin/v2"
)

// parse returns the command to run. It is empty where kingpin has done everything
// itself, as for --help and --version; status is then the exit code. With an error it
// is the command being parsed, empty where none was reached.
func parse(app *kingpin.Application, args []string) (command string, status int, err error) {
	app.Terminate(func(code int) { panic(terminated(code)) }) // as with os.Exit, nothing may come after it
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

// terminated is the exit code with which kingpin wants to end the program.
type terminated int

// needsCommand reports whether the arguments name no command. A default command of
// kingpin's own would do the same, but it hides one error before it: a flag at
// the end that lacks its value would be taken as not given at all.
func needsCommand(app *kingpin.Application, args []string) bool {
	parsed, err := app.ParseContext(args)
	if err != nil || parsed.SelectedCommand != nil {
		return false
	}
	return !slices.ContainsFunc(parsed.Elements, func(e *kingpin.ParseElement) bool { return e.Clause == app.HelpFlag })
}

// commandIn returns the full name of the command that arguments with an error name,
// empty if they name none. An argument before the command that kingpin does not
// accept is left out, and all before it: what is a flag's value is no command.
func commandIn(app *kingpin.Application, args []string) string {
	for {
		parsed, err := app.ParseContext(args)
		switch {
		case parsed != nil && parsed.SelectedCommand != nil:
			return parsed.SelectedCommand.FullCommand()
		case err == nil || len(args) == 0:
			return ""
		}
		accepted := len(args) - 1 // the longest beginning without an error, shorter than all
		for ; accepted > 0; accepted-- {
			if _, err := app.ParseContext(args[:accepted]); err == nil {
				break
			}
		}
		args = args[accepted+1:]
	}
}

// withoutVariables takes the environment variables away from kingpin's own
// flags. REDIS_SENTINEL_EXPORTER_VERSION=1.2.3 is usual in a container, and
// would be refused as the bool of --version.
func withoutVariables(app *kingpin.Application) {
	for _, flag := range app.Model().Flags { // there are no others yet
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

// IsBoolFlag reports whether there is a --no- form as well.
func (v namedValue) IsBoolFlag() bool {
	b, ok := v.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// IsCumulative reports whether the flag can be repeated.
func (v namedValue) IsCumulative() bool {
	c, ok := v.Value.(interface{ IsCumulative() bool })
	return ok && c.IsCumulative()
}
