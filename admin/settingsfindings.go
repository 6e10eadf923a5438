package admin

import (
	"fmt"
	"slices"
	"strings"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// settingsFindings warns of settings that an operation makes the Sentinels forget, or leaves
// at their defaults.
func settingsFindings(op *Operation, s *assessment) []health.Finding {
	switch op.Action {
	case Remove:
		return append(forgotten(op, s), noticed(op, s)...)
	case Reset:
		return noticed(op, s)
	case Monitor:
		if op.Move {
			return notCarried(op)
		}
		return left(op, s)
	case FlushConfig:
		return unloadable(s)
	default:
		return nil
	}
}

// noticed says what clients notice of an operation that publishes no +switch-master.
func noticed(op *Operation, s *assessment) []health.Finding {
	var text, hint string
	switch {
	case op.Action == Reset:
		text = "for up to 10 s the Sentinel that is reset names no replicas: clients that read from replicas and ask it then read from the master, or cannot connect"
		hint = "Writers notice nothing. Only one Sentinel is reset at a time."
	case op.Action == Remove && len(s.views(op.Master)) > 0:
		text = "clients that are connected go on writing to the node; those that connect anew cannot find it until the Sentinels monitor the name again, and some (rueidis, valkey-go, radix, phpredis) go on at the address that they knew. No Sentinel remembers the name, nor who asked for it"
		hint = "Give it another address only if no such client is left: MONITOR publishes no +switch-master, and so moves none of them. An exporter that runs meanwhile refuses one elsewhere, others cannot know. To move the name to a replica of this node, use failover instead. To move it elsewhere, use monitor with --move (move=true), while the name is there."
	default:
		return nil
	}
	f := about(op, checkClientsNotice, hint, "%s", text)
	f.Severity, f.Runbook = health.Warning, "docs/clients.md"
	return []health.Finding{f}
}

// unloadable says which of the files that are written will not be loaded.
func unloadable(s *assessment) []health.Finding {
	return slices.DeleteFunc(slices.Clone(s.report.Findings), func(f health.Finding) bool { return f.Check != "sentinel_restart_fails" })
}

// notCarried says which settings of a name that moves are lost.
func notCarried(op *Operation) []health.Finding {
	f := about(op, checkSettingsForgotten, "Give those that are set in the same call: in \"set\" over HTTP, with --set and --auth-pass-file on the command line.",
		"the settings that the Sentinels show are kept; auth-user, auth-pass, rename-command, the scripts and master-reboot-down-after-period are not, as no Sentinel shows them")
	f.Severity, f.Runbook = health.Warning, runbookSettings
	return []health.Finding{f}
}

// forgotten lists the settings that each Sentinel loses with the name.
func forgotten(op *Operation, s *assessment) []health.Finding {
	var found []health.Finding
	for _, v := range s.views(op.Master) {
		f := about(op, checkSettingsForgotten,
			"To MONITOR it again with them, give them in the same call: in \"set\" over HTTP, with --set on the command line.",
			"Sentinel %s forgets its settings of this name: %s; and auth-user, auth-pass, rename-command, the scripts and master-reboot-down-after-period, which no Sentinel shows",
			v.Snapshot.Sentinel, readable(v.Master))
		f.Severity, f.Sentinel, f.Runbook = health.Warning, v.Snapshot.Sentinel, runbookSettings
		found = append(found, f)
	}
	return found
}

// readable lists the settings that a Sentinel shows.
func readable(m *sentinel.Master) string {
	var settings []string
	for _, o := range options() {
		if o.read == nil {
			continue
		}
		if value := o.read(m); value.Present {
			settings = append(settings, fmt.Sprintf("%s %d", o.name, value.Value))
		}
	}
	return strings.Join(settings, ", ")
}

// left lists the defaults of the settings that are not given for a new name.
func left(op *Operation, s *assessment) []health.Finding {
	answered := func(v *sentinel.Snapshot) bool { return v.Up() && v.Master(op.Master) == nil }
	if !slices.ContainsFunc(s.snapshots, answered) {
		return nil
	}
	given := func(name string) bool {
		return slices.ContainsFunc(op.Settings, func(o sentinel.Option) bool { return o.Name == name })
	}
	var missing []string
	for _, o := range options() {
		if o.without != "" && !given(o.name) {
			missing = append(missing, o.without)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	f := about(op, checkSettingsDefault,
		"Give other values in the same call: in \"set\" over HTTP, with --set on the command line. Without the right auth-user and auth-pass the Sentinels consider a master that requires them down.",
		"a Sentinel that does not monitor it yet begins with %s%s", strings.Join(missing, ", "), elsewhere(op, s))
	f.Severity, f.Runbook = health.Warning, runbookSettings
	return []health.Finding{f}
}

// elsewhere lists the settings of a Sentinel that monitors the name already.
func elsewhere(op *Operation, s *assessment) string {
	views := s.views(op.Master)
	if len(views) == 0 {
		return ""
	}
	return fmt.Sprintf("; Sentinel %s, which does, has %s", views[0].Snapshot.Sentinel, readable(views[0].Master))
}
