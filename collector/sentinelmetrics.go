package collector

import (
	"strings"

	"redis_sentinel_exporter/sentinel"
)

const sectionSentinel = "Per Sentinel"

// A sentinelRow is one Sentinel that was asked.
type sentinelRow struct {
	*sentinel.Snapshot
}

func sentinelRows(v *input) []sentinelRow {
	rows := make([]sentinelRow, len(v.snapshots))
	for i, s := range v.snapshots {
		rows[i].Snapshot = s
	}
	return rows
}

// sentinelLabel returns the address that was asked.
func (r *sentinelRow) sentinelLabel() string { return r.Sentinel }

func sentinelTable() table[sentinelRow] {
	return table[sentinelRow]{
		section: sectionSentinel,
		labels:  []label[sentinelRow]{{labelSentinel, (*sentinelRow).sentinelLabel}},
		rows:    sentinelRows,
		metrics: []metric[sentinelRow]{
			{
				name:  "up",
				help:  "1 if the Sentinel answered SENTINEL MASTERS within the deadline, otherwise 0.",
				value: func(s *sentinelRow) (float64, bool) { return truth(s.Up()) },
			},
			{
				name:  "scrape_duration_seconds",
				help:  "Seconds until this Sentinel had answered everything, or until the exporter gave up.",
				value: func(s *sentinelRow) (float64, bool) { return s.Duration.Seconds(), true },
			},
			{
				name:  "info",
				help:  "Always 1; the labels are the Sentinel's lasting id (empty before Redis 6.2), its product (redis or valkey) and that product's version. Absent if the Sentinel reported neither.",
				value: func(s *sentinelRow) (float64, bool) { return 1, s.Info != nil || s.ID != "" },
				info: []label[sentinelRow]{
					{"sentinel_id", func(s *sentinelRow) string { return s.ID }},
					{"version", func(s *sentinelRow) string { return s.info().Version }},
					{"product", func(s *sentinelRow) string { return s.info().Product }},
				},
			},
			{
				name:  "masters",
				help:  "Masters that the Sentinel monitors. Absent if INFO failed.",
				value: func(s *sentinelRow) (float64, bool) { return number(s.info().Masters) },
			},
			{
				name:  "tilt",
				help:  "1 while the Sentinel is in TILT mode: it distrusts its clock, starts no failover, and all its down flags are frozen. Absent if INFO failed.",
				value: (*sentinelRow).tilt,
			},
			{
				name:  "tilt_seconds",
				help:  "Seconds for which the Sentinel has been in TILT mode, as it reports them; 0 if it is not. Absent in TILT mode before version 7.0, which does not report it, and if INFO failed.",
				quiet: when(0),
				value: (*sentinelRow).tiltSeconds,
			},
			{
				name:  "tilts_total",
				help:  "Number of times that the Sentinel has entered TILT mode since it started. Absent before Redis 8.2 and Valkey 9.0, which do not count them.",
				quiet: when(0),
				kind:  counter,
				value: func(s *sentinelRow) (float64, bool) { return number(s.info().TotalTilt) },
			},
			{
				name:  "running_scripts",
				help:  "Notification and reconfiguration scripts that are running. Absent if INFO failed.",
				quiet: when(0),
				value: func(s *sentinelRow) (float64, bool) { return number(s.info().RunningScripts) },
			},
			{
				name:  "scripts_queue_length",
				help:  "Scripts that are running or waiting; beyond 256 the Sentinel drops some. Absent if INFO failed.",
				quiet: when(0),
				value: func(s *sentinelRow) (float64, bool) { return number(s.info().ScriptsQueueLength) },
			},
			{
				name:  "simulate_failure_flags",
				help:  "Not 0 if somebody told the Sentinel to crash on purpose during a failover (SENTINEL SIMULATE-FAILURE). Absent if INFO failed.",
				quiet: when(0),
				value: func(s *sentinelRow) (float64, bool) { return number(s.info().SimulateFailureFlags) },
			},
			{
				name:  "uptime_seconds",
				help:  "Seconds since the Sentinel process started, as it reports them. Absent if INFO failed.",
				value: func(s *sentinelRow) (float64, bool) { return seconds(s.info().Uptime) },
			},
			{
				name:  "connected_clients",
				help:  "Clients connected to the Sentinel, including this exporter and the other Sentinels. Absent if INFO failed.",
				value: func(s *sentinelRow) (float64, bool) { return number(s.info().ConnectedClients) },
			},
			{
				name:  "max_clients",
				help:  "Maximum number of clients that the Sentinel accepts. Absent if INFO failed or does not report it.",
				value: func(s *sentinelRow) (float64, bool) { return number(s.info().MaxClients) },
			},
			{
				name:  "rejected_connections_total",
				help:  "Connections that the Sentinel has refused since it started, because it had its maximum number of clients. Absent if INFO failed.",
				kind:  counter,
				value: func(s *sentinelRow) (float64, bool) { return number(s.info().RejectedConnections) },
			},
			{
				name:  "connections_received_total",
				help:  "Connections that the Sentinel has accepted since it started. Absent if INFO failed.",
				kind:  counter,
				value: func(s *sentinelRow) (float64, bool) { return number(s.info().TotalConnections) },
			},
			{
				name:  "commands_processed_total",
				help:  "Commands that the Sentinel has executed since it started. Absent if INFO failed.",
				kind:  counter,
				value: func(s *sentinelRow) (float64, bool) { return number(s.info().TotalCommands) },
			},
		},
	}
}

// info returns what INFO said; if it failed, all values are absent.
func (r *sentinelRow) info() *sentinel.Info {
	if r.Info == nil {
		return &sentinel.Info{}
	}
	return r.Info
}

func (r *sentinelRow) tilt() (float64, bool) {
	if tilt := r.info().Tilt; tilt.Present {
		return truth(tilt.Value)
	}
	return unknown()
}

func (r *sentinelRow) tiltSeconds() (float64, bool) {
	switch info := r.info(); {
	case !info.Tilt.Present:
		return unknown()
	case !info.Tilt.Value:
		return 0, true
	default:
		return seconds(info.TiltSince)
	}
}

// A cpuRow is the processor time of a Sentinel in one mode.
type cpuRow struct {
	sentinelRow
	sentinel.CPUTime
}

func cpuTable() table[cpuRow] {
	return table[cpuRow]{
		section: sectionSentinel,
		labels: []label[cpuRow]{
			{"mode", func(r *cpuRow) string { return r.Mode }},
			{labelSentinel, func(r *cpuRow) string { return r.Sentinel }},
		},
		rows: cpuRows,
		metrics: []metric[cpuRow]{
			{
				name:   "cpu_seconds_total",
				help:   "CPU time in seconds that the Sentinel has used since it started. mode is sys, user, or the same of its child processes (scripts). Those of the process itself are always there, unless INFO failed.",
				kind:   counter,
				value:  func(r *cpuRow) (float64, bool) { return r.Seconds, true },
				quiet:  when(0), // of children
				always: func(r *cpuRow) bool { return r.Mode == "sys" || r.Mode == "user" },
			},
		},
	}
}

func cpuRows(v *input) []cpuRow {
	var rows []cpuRow
	for _, s := range sentinelRows(v) {
		for _, cpu := range s.info().CPU {
			if !strings.HasSuffix(cpu.Mode, "_main_thread") { // part of that of the process
				rows = append(rows, cpuRow{s, cpu})
			}
		}
	}
	return rows
}
