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
				help:  "Commands that have failed since the exporter began to ask this Sentinel. reason is unreachable, timeout, tls (a certificate refused by either side), auth (credentials refused, or none to send), permission (not allowed to the ACL user), protocol (not a reply of a Sentinel) or other.",
				kind:  counter,
				value: func(r *errorRow) (float64, bool) { return float64(r.ErrorTotals[r.command][r.reason]), true },
			},
		},
	}
}

// errorRows has rows for commands that never failed, too: increase() does not see the first
// error if the series begins with it.
func errorRows(v *input, commands []sentinel.Command) []errorRow {
	reasons := sentinel.Reasons()
	rows := make([]errorRow, 0, len(v.snapshots)*len(commands)*len(reasons))
	for _, c := range commandRows(v, commands) {
		for _, reason := range reasons {
			rows = append(rows, errorRow{c, reason})
		}
	}
	return rows
}
