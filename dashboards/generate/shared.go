package main

import (
	"strings"

	"redis_sentinel_exporter/health"
)

// ranked puts a status that is 0 ok, 1 warning, 2 critical and 3 unknown in order,
// the worst highest: unknown hides no critical, and becomes 1.5.
func ranked(status string) string { return status + " < 3 or 1.5 + 0 * " + status }

// blindness is what only Prometheus sees: where nobody watches, nothing is found.
// Nobody can tell whether anything is wrong there, which is the status 1.5.
func blindness() string {
	of := func(check, expr string) string {
		return `label_replace(` + expr + `, "check", "` + check + `", "", "")`
	}
	return strings.Join([]string{
		of("no_exporter_up", "1.5 + max by (JOB) ("+exporters+") == 1.5"),
		of("exporter_down", "1 + (min by (JOB) ("+exporters+") < max by (JOB) ("+exporters+"))"),
		of("targets_gone", "1.5 + 0 * (group by (JOB) (last_over_time("+exporters+"[$__range])) unless group by (JOB) ("+exporters+"))"),
		of("no_exporter_known", "1.5 + 0 * absent(last_over_time("+exporters+"[$__range]))"),
	}, "\nor\n")
}

// verdict is one number for the checks on all that is chosen. Where a Sentinel
// answers, and nothing is found, it is 0.
func verdict(status string) string {
	return "max(" + statusesOf(status) + ")"
}

// verdicts is the verdict on each deployment.
func verdicts() string {
	return "max by (JOB) (" + statusesOf("redis_sentinel_deployment_check_status{CHECKS}") + ")"
}

// statusesOf are the statuses of the checks, and those that only Prometheus sees.
func statusesOf(status string) string {
	return ranked(status) + "\nor\n" + blindness() + "\nor\n0 * (redis_sentinel_up{SENTINEL} == 1)"
}

// whatIsWrong lists the checks that fail, and where nobody watches.
func whatIsWrong(id, width, height uint32) panel {
	const status = "redis_sentinel_deployment_check_status{CHECKS}"
	return panel{
		id: id, kind: table, title: "What is wrong now", width: width, height: height, unit: "none", noValue: "nothing, and exporters are watching",
		description: "Checks that fail, the worst first; unknown: nobody can tell. Each leads to what it looks for, and to its runbook. The exporter's page /status says it in full, with the commands that help. A check on All masters is about the deployment.",
		first:       "Status",
		queries: []query{{expr: `label_replace(label_replace(label_replace(
max by (MASTER, check) (` + ranked(status) + `) > 0
or
` + blindness() + `,
"master_name", "All", "master_name", ""), "job", "All", "job", ""), "runbook", "$1", "check", "(.+)")`}},
		columns: []column{
			{of: valueOf(0), title: "Status", states: statuses(), width: 84},
			{of: "check", title: "Check", links: []target{toCheck()}, width: 180},
			{of: "master_name", title: "Master", links: []target{toMaster()}},
			{of: "job", title: "Job"},
			{of: "runbook", title: "Runbook", names: runbookNames(), links: []target{toRunbookOf()}, width: 150},
			{of: "deployment", title: "Deployment"},
		},
	}
}

// runbookNames are the pages of the alerts, by what is found, without the prefix
// that all have.
func runbookNames() map[string]string {
	names := map[string]string{
		"no_exporter_up": "NoExporterUp", "exporter_down": "ExporterDown", "targets_gone": "DeploymentVanished", "no_exporter_known": "ExporterAbsent",
		"ghost_replicas": "ReplicaDown", // it has no alert: what it follows from has
	}
	for _, c := range health.Checks() {
		if c.Alert != "" {
			names[c.Name] = strings.TrimPrefix(c.Alert, alertPrefix)
		}
	}
	return names
}

// sharedIDs finds Sentinel ids that several Sentinels have. If each Sentinel has an exporter
// beside it, one loopback address means several Sentinels.
const sharedIDs = `
  count by (JOB, sentinel_id) (count by (JOB, sentinel_id, sentinel) (redis_sentinel_info{JOB, sentinel_id!=""})) > 1
  or
  count by (JOB, sentinel_id) (redis_sentinel_info{JOB, sentinel_id!="", sentinel=~"(127[.]|localhost|\\[::1\\]).*"}) > 1
`

// sentinelsTable is one line for each Sentinel and who asks it.
func sentinelsTable(id, width, height uint32) panel {
	return panel{
		id: id, kind: table, title: "Sentinels", width: width, height: height, unit: "none", noValue: "no exporter has asked a Sentinel",
		description: "Each Sentinel that is asked, as it is now. Two with one id count as one for the others. TILT: it starts no failover, and its down flags are frozen.",
		first:       "Answers", ascending: true,
		queries: []query{
			{expr: "max by (SENTINEL) (redis_sentinel_up{SENTINEL})"},
			{expr: "max by (SENTINEL, sentinel_id, product, version) (redis_sentinel_info{SENTINEL})"},
			{expr: `max by (SENTINEL) (redis_sentinel_info{SENTINEL} and on (JOB, sentinel_id) (` + sharedIDs + `)) or 0 * max by (SENTINEL) (redis_sentinel_info{SENTINEL})`},
			{expr: "max by (SENTINEL) (redis_sentinel_tilt{SENTINEL})"},
			{expr: "max by (SENTINEL) (redis_sentinel_masters{SENTINEL})"},
			{expr: "max by (SENTINEL) (redis_sentinel_connected_clients{SENTINEL}) / max by (SENTINEL) (redis_sentinel_max_clients{SENTINEL})"},
			{expr: "max by (SENTINEL) (redis_sentinel_uptime_seconds{SENTINEL})"},
			{expr: "max by (SENTINEL) (redis_sentinel_scrape_duration_seconds{SENTINEL})"},
		},
		columns: []column{
			{of: "sentinel", title: "Sentinel", links: []target{toSentinel()}},
			{of: valueOf(0), title: "Answers", states: yesNo("yes", "no", bad), width: 86},
			{of: valueOf(3), title: "TILT", states: noYes("no", "TILT", warn), width: 70},
			{of: valueOf(4), title: "Masters", levels: levels(warn, level{1, good}), width: 86},
			{of: valueOf(2), title: "Id is its own", states: noYes("yes", "no", bad), width: 110},
			{of: valueOf(5), title: "Connections", unit: "percentunit", levels: levels(good, level{connectionsBound, warn}), width: 112},
			{of: valueOf(7), title: "Time to ask", unit: "s", width: 106},
			{of: valueOf(6), title: "Up for", unit: "dtdurations", width: 110},
			{of: "version", title: "Version", width: 84},
			{of: "product", title: "Product", width: 84},
			{of: "instance", title: "Exporter"},
			{of: "job", title: "Job"},
			{of: "sentinel_id", title: "Id"},
			{of: "deployment", title: "Deployment"},
		},
	}
}
