package collector

import (
	"redis_sentinel_exporter/sentinel"
)

// A commandRow is one command that a Sentinel is sent in a scrape.
type commandRow struct {
	sentinelRow
	command sentinel.Command
}

func (r *commandRow) commandLabel() string { return r.command.String() }

func commandTable(o Options) table[commandRow] {
	return table[commandRow]{
		section: sectionSentinel,
		labels: []label[commandRow]{
			{"command", (*commandRow).commandLabel},
			{labelSentinel, func(r *commandRow) string { return r.Sentinel }},
		},
		rows: func(v *input) []commandRow { return commandRows(v, commands(o)) },
		metrics: []metric[commandRow]{
			{
				name:  "command_success",
				help:  "0 if the command failed in this scrape, for any master, otherwise 1. The reply that there is no quorum is an answer.",
				quiet: when(1),
				value: func(r *commandRow) (float64, bool) { return truth(r.Failed(r.command) == nil) },
			},
		},
	}
}

func commandRows(v *input, commands []sentinel.Command) []commandRow {
	rows := make([]commandRow, 0, len(v.snapshots)*len(commands))
	for _, s := range sentinelRows(v) {
		for _, c := range commands {
			rows = append(rows, commandRow{s, c})
		}
	}
	return rows
}

// commands returns the commands that are sent.
func commands(o Options) []sentinel.Command {
	var sent []sentinel.Command
	for _, c := range sentinel.Commands() {
		if c != sentinel.CommandInfoCache || o.InfoCache {
			sent = append(sent, c)
		}
	}
	return sent
}

// An errorRow is one reason for which a command can fail.
type errorRow struct {
	commandRow
	reason sentinel.Reason
}

func commandErrorTable(o Options) table[errorRow] {
	return table[errorRow]{
		section: sectionSentinel,
		labels: []label[errorRow]{
			{"command", func(r *errorRow) string { return r.commandLabel() }},
			{"reason", func(r *errorRow) string { return r.reason.String() }},
			{labelSentinel, func(r *errorRow) string { return r.Sentinel }},
		},
		rows: func(v *input) []errorRow { return errorRows(v, commands(o)) },
		metrics: []metric[errorRow]{
			{
				name:  "command_errors_total",
				help:  "Commands that have failed since the exporter began to ask this Sentinel. reason is unreachable, timeout, tls (a certificate refused by either side), auth (credentials refused, or none to send), permission (not allowed to the ACL user), protocol (not a reply of a Sentinel) or other. A series is there from its first error on; those of permission, and for ckquorum those of unreachable, timeout, tls and auth, from the start: what breaks or refuses the connection fails that command with the others.",
				kind:  counter,
				ours:  true,
				value: func(r *errorRow) (float64, bool) { return float64(r.ErrorTotals[r.command][r.reason]), true },
			},
		},
	}
}

// errorRows are the ways in which a command has failed, and those that the alert on refused
// credentials is about: a counter that first appears with its first error hides that
// error from increase().
func errorRows(v *input, commands []sentinel.Command) []errorRow {
	var rows []errorRow
	for _, c := range commandRows(v, commands) {
		for _, reason := range sentinel.Reasons() {
			if c.ErrorTotals[c.command][reason] > 0 || countsFromZero(c.command, reason) {
				rows = append(rows, errorRow{c, reason})
			}
		}
	}
	return rows
}

// countsFromZero reports whether an error's series is there before the error. A
// permission is missing for one command or another; what else refuses or breaks the
// connection fails all of CKQUORUM's neighbours with it, which is the last to be sent.
func countsFromZero(command sentinel.Command, reason sentinel.Reason) bool {
	switch reason {
	case sentinel.ReasonPermission:
		return true
	case sentinel.ReasonUnreachable, sentinel.ReasonTimeout, sentinel.ReasonTLS, sentinel.ReasonAuth:
		return command == sentinel.CommandCKQuorum
	}
	return false
}
