package main

// worst returns the worst of a status that is 0 ok, 1 warning, 2 critical and 3
// unknown: critical goes before unknown, as in the exporter's own verdict.
func worst(status string) string {
	return "max(" + status + " == 2) or max(" + status + ")"
}

// whatIsWrong lists the checks that fail.
func whatIsWrong(id, width, height uint32) panel {
	return panel{
		id: id, kind: table, title: "What is wrong now", width: width, height: height, unit: "none", noValue: "nothing, as far as the exporters can see",
		description: "Checks that fail. What each looks for is in docs/checks.md; the exporter's page /status says it in full, with the commands that help. A check without a master is about the deployment.",
		queries:     []query{{expr: "max by (MASTER, check) (redis_sentinel_deployment_check_status{CHECKS}) > 0"}},
		columns: []column{
			{of: valueOf(0), title: "Status", states: health()},
			{of: "check", title: "Check"},
			{of: "master_name", title: "Master", link: toMaster()},
			{of: "job", title: "Job"},
			{of: "deployment", title: "Deployment"},
		},
	}
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
		id: id, kind: table, title: "Sentinels", width: width, height: height, unit: "none",
		description: "Each Sentinel that is asked, as it is now. Two with one id count as one for the others. TILT: it starts no failover, and its down flags are frozen.",
		queries: []query{
			{expr: "max by (SENTINEL) (redis_sentinel_up{SENTINEL})"},
			{expr: "max by (SENTINEL, sentinel_id, product, version) (redis_sentinel_info{SENTINEL})"},
			{expr: `max by (SENTINEL) (redis_sentinel_info{SENTINEL} and on (JOB, sentinel_id) (` + sharedIDs + `)) or 0 * max by (SENTINEL) (redis_sentinel_up{SENTINEL})`},
			{expr: "max by (SENTINEL) (redis_sentinel_tilt{SENTINEL})"},
			{expr: "max by (SENTINEL) (redis_sentinel_masters{SENTINEL})"},
			{expr: "max by (SENTINEL) (redis_sentinel_connected_clients{SENTINEL}) / max by (SENTINEL) (redis_sentinel_max_clients{SENTINEL})"},
			{expr: "max by (SENTINEL) (redis_sentinel_uptime_seconds{SENTINEL})"},
			{expr: "max by (SENTINEL) (redis_sentinel_scrape_duration_seconds{SENTINEL})"},
		},
		columns: []column{
			{of: "sentinel", title: "Sentinel", link: toSentinel()},
			{of: "instance", title: "Exporter"},
			{of: "job", title: "Job"},
			{of: "deployment", title: "Deployment"},
			{of: valueOf(0), title: "Answers", states: yesNo("yes", "no", bad)},
			{of: "sentinel_id", title: "Id"},
			{of: valueOf(2), title: "Id is its own", states: noYes("yes", "no", bad)},
			{of: "product", title: "Product"},
			{of: "version", title: "Version"},
			{of: valueOf(3), title: "TILT", states: noYes("no", "TILT", warn)},
			{of: valueOf(4), title: "Masters", levels: levels(warn, level{1, good})},
			{of: valueOf(5), title: "Connections used", unit: "percentunit", levels: levels(good, level{connectionsBound, warn})},
			{of: valueOf(6), title: "Up for", unit: "dtdurations"},
			{of: valueOf(7), title: "Time to ask it", unit: "s"},
		},
	}
}
