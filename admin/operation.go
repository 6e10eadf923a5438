package admin

import (
	"math"
	"net"
	"slices"
	"strconv"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// An Action is the kind of an operation.
type Action string

// The actions.
const (
	Failover    Action = "failover"
	Reset       Action = "reset"
	Set         Action = "set"
	Monitor     Action = "monitor"
	Remove      Action = "remove"
	FlushConfig Action = "flush-config"
)

// Actions returns all actions.
func Actions() []Action { return []Action{Failover, Reset, Set, Monitor, Remove, FlushConfig} }

// An Operation is an action with its parameters.
type Operation struct {
	Action Action
	// Master is the name of the master; unused for FlushConfig.
	Master string
	// Address and Quorum are for Monitor.
	Address string
	Quorum  int
	// Move is for Monitor: the name moves to the address, and the clients with it. It needs an account for the data
	// nodes, see [Operator.UseNodes]. A Quorum of 0 is the one that the name has.
	Move bool
	// Settings are for Set and Monitor.
	Settings []sentinel.Option
	// Way is for Failover.
	Way Way
	// DryRun reports what would be done, and sends nothing that changes anything.
	DryRun bool
	// Force overrides the guards, but no error.
	Force bool
}

// check returns an error if the operation must not be sent to any Sentinel.
func (op *Operation) check() error {
	if !slices.Contains(Actions(), op.Action) {
		return invalid("there is no action %q", op.Action)
	}
	if !slices.Contains([]Way{Auto, Plain, Coordinated, Fenced}, op.Way) {
		return invalid("there is no way %q to fail over", op.Way)
	}
	if op.Way != Auto && op.Action != Failover {
		return invalid("only a failover can be coordinated, or have a fence")
	}
	if op.Move && op.Action != Monitor {
		return invalid("only a monitored name can be moved, with monitor")
	}
	if op.Action == FlushConfig {
		return nil
	}
	if err := checkText("the master's name", op.Master); err != nil {
		return err
	}
	if op.Action == Set && len(op.Settings) == 0 {
		return invalid("there is no option to set: the options are %s", strings.Join(optionNames(), ", "))
	}
	if op.Action == Monitor {
		if err := op.checkMonitor(); err != nil {
			return err
		}
	}
	return checkSettings(op.Settings)
}

// checkMonitor checks what becomes a line in the configuration file of a Sentinel.
func (op *Operation) checkMonitor() error {
	switch {
	case op.Master == "":
		return invalid("the master's name is empty")
	case strings.ContainsFunc(op.Master, breaksLines):
		return invalid("the master's name %q holds a blank or a quote: a Sentinel would write it to its configuration file as it is, and not start again", op.Master)
	case op.Move && op.Quorum == 0:
	case op.Quorum < 1 || op.Quorum > math.MaxInt32:
		return invalid("the quorum is %d, and must be at least 1", op.Quorum)
	}
	host, port, err := net.SplitHostPort(op.Address)
	if err != nil || host == "" {
		return invalid("the address %q is not host:port", op.Address)
	}
	if strings.ContainsFunc(host, breaksLines) {
		return invalid("the address %q holds a blank or a quote", op.Address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return invalid("the port of the address %q is not between 1 and 65535", op.Address)
	}
	for _, s := range op.Settings {
		if s.Name == sentinel.SettingQuorum {
			return invalid("the quorum is given twice: leave it out of the options")
		}
	}
	return nil
}

// checkText refuses control characters: a newline would begin another directive in the
// configuration files of the Sentinels.
func checkText(what, text string) error {
	if strings.ContainsFunc(text, isControl) {
		return invalid("%s holds a control character", what)
	}
	return nil
}

// breaksLines reports whether a character would end a word, or begin a quoted one, in a
// configuration file. Sentinel writes words there without quoting them.
func breaksLines(r rune) bool { return isControl(r) || r == ' ' || r == '"' || r == '\'' }

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
