package app

import (
	"fmt"
	"slices"

	"github.com/alecthomas/kingpin/v2"
)

// parse returns the command to run. It is empty where kingpin has done it all,
// as for --help and --version; status is then the exit code.
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
		return "", 0, fmt.Errorf("%w (try --help)", err)
	}
	return command, 0, nil
}

// terminated is the exit code with which kingpin wants to end the program.
type terminated int

// needsCommand tells whether the arguments name no command. A default command of
// kingpin's own would do the same, but it hides one error before it: a flag at
// the end that lacks its value would be taken as not given at all.
func needsCommand(app *kingpin.Application, args []string) bool {
	parsed, err := app.ParseContext(args)
	if err != nil || parsed.SelectedCommand != nil {
		return false
	}
	return !slices.ContainsFunc(parsed.Elements, func(e *kingpin.ParseElement) bool { return e.Clause == app.HelpFlag })
}

// withoutVariables takes the environment variables away from kingpin's own
// flags. REDIS_SENTINEL_EXPORTER_VERSION=1.2.3 is usual in a container, and
// would be refused as the bool of --version.
func withoutVariables(app *kingpin.Application) {
	for _, flag := range app.Model().Flags { // there are no others yet
		app.GetFlag(flag.Name).NoEnvar()
	}
}

// nameInErrors makes a value that a flag does not take say which flag that is.
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

// IsBoolFlag tells kingpin whether there is a --no- form as well.
func (v namedValue) IsBoolFlag() bool {
	b, ok := v.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// IsCumulative tells kingpin whether the flag can be repeated.
func (v namedValue) IsCumulative() bool {
	c, ok := v.Value.(interface{ IsCumulative() bool })
	return ok && c.IsCumulative()
}
