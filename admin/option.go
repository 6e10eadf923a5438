package admin

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// An OptionKind is the type of an option's value.
type OptionKind int

// The kinds.
const (
	Number OptionKind = iota // a whole number
	Text                     // one word, which may be empty
	Pair                     // two words: the old name and the new
)

// An optionRule is what holds for an option that can be set. The paths of scripts cannot: only those who can
// write its configuration file may decide what a Sentinel executes.
type optionRule struct {
	name string
	kind OptionKind
	min  int64
	read func(*sentinel.Master) sentinel.Number // nil if no Sentinel shows it
	// without says what a master has if it is added without this option; empty if that
	// need not be mentioned.
	without string
}

const primaryReboot = "primary-reboot-down-after-period"

func options() []optionRule {
	var all []optionRule
	for _, s := range sentinel.Settings() {
		o := optionRule{name: s.Name, kind: Number, min: 1, read: s.Read}
		if s.Default != "" {
			o.without = s.Name + " " + s.Default
		}
		all = append(all, o)
	}
	return append(all,
		optionRule{name: "auth-user", kind: Text, without: "no auth-user"},
		optionRule{name: "auth-pass", kind: Text, without: "no auth-pass"},
		optionRule{name: "rename-command", kind: Pair},
		optionRule{name: "master-reboot-down-after-period", kind: Number},
		optionRule{name: primaryReboot, kind: Number}, // Valkey's name of it, from 8.1 on
	)
}

func optionNames() []string {
	var names []string
	for _, o := range options() {
		names = append(names, o.name)
	}
	return names
}

// KindOf returns the type of an option's value, or an error if there is no such option or it
// cannot be set this way.
func KindOf(name string) (OptionKind, error) {
	o, err := optionNamed(name)
	return o.kind, err
}

func optionNamed(name string) (optionRule, error) {
	for _, o := range options() {
		if o.name == name {
			return o, nil
		}
	}
	if strings.HasSuffix(strings.ToLower(name), "-script") {
		return optionRule{}, invalid("the option %q is the path of a script, which is set in the configuration file of each Sentinel only", name)
	}
	return optionRule{}, invalid("there is no option %q: the options are %s", name, strings.Join(optionNames(), ", "))
}

// checkSettings checks each option, and that none is given twice.
func checkSettings(settings []sentinel.Option) error {
	for i, s := range settings {
		if err := checkSetting(s); err != nil {
			return err
		}
		same := func(other sentinel.Option) bool {
			return strings.ReplaceAll(other.Name, "primary-", "master-") == strings.ReplaceAll(s.Name, "primary-", "master-")
		}
		if s.Name != "rename-command" && slices.ContainsFunc(settings[:i], same) {
			return invalid("the option %q is given twice", s.Name)
		}
	}
	return nil
}

// checkSetting checks one option. Its errors contain no value that may be a password.
func checkSetting(s sentinel.Option) error {
	o, err := optionNamed(s.Name)
	if err != nil {
		return err
	}
	want := 1
	if o.kind == Pair {
		want = 2
	}
	if len(s.Values) != want {
		return invalid("the option %q takes %d values, not %d", s.Name, want, len(s.Values))
	}
	if o.kind == Number {
		return o.checkNumber(s.Values[0])
	}
	for _, value := range s.Values {
		if strings.ContainsFunc(value, isControl) || o.kind == Pair && strings.ContainsFunc(value, breaksLines) {
			return invalid("the value of %q holds a control character, or a blank or a quote where there may be none: a Sentinel would write it to its configuration file as it is, and not start again", s.Name)
		}
	}
	if o.kind == Pair && slices.Contains(s.Values, "") {
		return invalid("the option %q takes two names, of which one is empty", s.Name)
	}
	return nil
}

// checkQuoting returns an error if a value has to be quoted in the configuration file, and a Sentinel
// does not do that. Redis does from 8.6.4 on, Valkey from 9.1.1 on. It does not hold the value.
func checkQuoting(settings []sentinel.Option, snapshots []*sentinel.Snapshot) error {
	for _, s := range settings {
		if !slices.ContainsFunc(s.Values, func(value string) bool { return strings.ContainsFunc(value, breaksLines) }) {
			continue
		}
		for _, v := range snapshots {
			if v.Up() && !quotes(v.Info) {
				return invalid("the value of %q holds a blank or a quote: Sentinel %s would write it to its configuration file as it is, and not start again; Redis from 8.6.4 and Valkey from 9.1.1 on quote it", s.Name, v.Sentinel)
			}
		}
	}
	return nil
}

func quotes(info *sentinel.Info) bool {
	switch {
	case info == nil:
		return false
	case info.Product == "valkey":
		return atLeast(info.Version, 9, 1, 1)
	}
	return atLeast(info.Version, 8, 6, 4)
}

func (o optionRule) checkNumber(text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < o.min || n > math.MaxInt32 || text != strconv.FormatInt(n, 10) {
		return invalid("the option %q takes a whole number from %d to %d, not %q", o.name, o.min, math.MaxInt32, text)
	}
	return nil
}

// shows reports whether the Sentinel shows this value; true if it does not show the setting.
func shows(m *sentinel.Master, s sentinel.Option) (shown string, same bool) {
	o, err := optionNamed(s.Name)
	if err != nil || o.read == nil {
		return "", true
	}
	is := o.read(m)
	shown = strconv.FormatInt(is.Value, 10)
	return shown, !is.Present || shown == s.Values[0]
}
