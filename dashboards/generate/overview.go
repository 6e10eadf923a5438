package main

import "strings"

// overview is the dashboard of all masters of all deployments, for an on-call engineer.
func overview() board {
	return board{
		file: "overview.json", uid: "redis-sentinel-overview", title: "Overview",
		description: "Is it well, would a failover work now, how many more Sentinels can fail, and what is wrong? All masters of all deployments.",
		inBar:       []string{"job", "master_name"},
		rows: []row{
			{panels: overviewNow()},
			{title: "Who watches", panels: overviewWatch()},
			{title: "Masters", panels: overviewMasters()},
			{title: "Would a failover work?", panels: overviewFailover()},
			{title: "Sentinels", panels: overviewSentinels()},
			{title: "Configuration files", closed: true, panels: overviewFiles()},
		},
	}
}

// mastersDown are those that a quorum considers down, and those that most Sentinels
// consider down which answer: without a quorum nothing else says so.
const mastersDown = `(max by (MASTER) (redis_sentinel_master_odown{MASTER}) == 1 or avg by (MASTER) (redis_sentinel_master_sdown{MASTER} or 0 * redis_sentinel_master_ok{MASTER}) > 0.5)`

func overviewNow() []panel {
	const small, wide, high = 4, 12, 3
	return []panel{
		{
			id: 1, kind: stats, title: "Health", width: small, height: high, unit: "none", decimals: 0, states: statuses(),
			description: "The worst that the checks find on any master and on the deployments, with critical before unknown. Unknown: nobody can tell, for instance since no exporter can be scraped. What it is stands beside it.",
			queries:     []query{{expr: verdict("redis_sentinel_deployment_check_status{CHECKS}")}},
		},
		{
			id: 21, kind: stats, title: "Masters down", width: small, height: high, unit: "none",
			states: []state{{0, "none", good}}, levels: levels(good, level{1, bad}),
			description: "Masters that a quorum considers down, or most of the Sentinels that answer. For some seconds before a failover that is normal; longer means that none follows.",
			queries:     []query{{expr: "count(" + mastersDown + ") or 0 * count(redis_sentinel_master_ok{MASTER})"}},
		},
		{
			id: 2, kind: stats, title: "Cannot fail over", width: small, height: high, unit: "none",
			states: []state{{0, "none", good}}, levels: levels(good, level{1, bad}),
			description: "Masters that no Sentinel could fail over if they died now: no quorum, no majority, no replica to promote, or TILT.",
			queries:     []query{{expr: "sum(1 - max by (MASTER) (redis_sentinel_master_failover_possible{MASTER}))"}},
		},
		whatIsWrong(4, wide, 3*high),
		{
			id: 6, kind: stats, title: "Masters in dispute", width: small, height: high, unit: "none",
			states: []state{{0, "none", good}}, levels: levels(good, level{1, bad}),
			description: "Masters for which the Sentinels give clients different addresses. For some seconds in a failover that is normal.",
			queries:     []query{{expr: "sum(count by (MASTER) (count by (MASTER, address) (redis_sentinel_master_info{MASTER})) > bool 1)"}},
		},
		{
			id: 3, kind: stats, title: "Spare Sentinels", width: small, height: high, unit: "none",
			levels:      levels(bad, level{0, warn}, level{1, good}),
			description: "How many more Sentinels can fail before the first master cannot be failed over. 0 is enough for today only; below it none can be.",
			queries:     []query{{expr: "min(max by (MASTER) (redis_sentinel_master_quorum_margin{MASTER}))"}},
		},
		{
			id: 5, kind: stats, title: "Silent Sentinels", width: small, height: high, unit: "none",
			states: []state{{0, "none", good}}, levels: levels(good, level{1, warn}),
			description: "Of all that are asked those that do not answer. Each is missing in votes.",
			queries:     []query{{expr: "count(redis_sentinel_up{SENTINEL}) - sum(redis_sentinel_up{SENTINEL})"}},
		},
		{
			id: 22, kind: stats, title: "Silent exporters", width: small, height: high, unit: "none",
			states: []state{{0, "none", good}}, levels: levels(good, level{1, bad}),
			description: "Targets that Prometheus cannot scrape. What only they watch nobody watches.",
			queries:     []query{{expr: "count(" + exporters + ") - sum(" + exporters + ")"}},
		},
		{
			id: 23, kind: stats, title: "Critical alerts", width: small, height: high, unit: "none", noValue: "no rules",
			states: []state{{0, "none", good}}, levels: levels(good, level{1, bad}),
			description: "Critical alerts that fire. Without RedisSentinelWatchdog, which always fires, the rules are not loaded.",
			queries:     []query{{expr: `count(` + firing("critical") + `) or 0 * count(ALERTS{alertname="RedisSentinelWatchdog", job=~"$job|"})`}},
		},
		{
			id: 7, kind: stats, title: "Failovers", width: small, height: high, unit: "none",
			states: []state{{0, "none", plain}}, levels: levels(plain, level{1, busy}),
			description: "Switches of a master to another node in the time that is shown, as the epochs tell.",
			queries:     []query{{expr: "sum(" + switches("$__range") + ")"}},
		},
	}
}

// switches counts those of each master in a time, by its epoch, whether or not the
// events were seen. Two within a minute count as one. A comparison with the minute
// before counts no birth of a series, and no return.
func switches(window string) string {
	const epoch = "max by (MASTER) (redis_sentinel_master_config_epoch{MASTER}"
	return strings.NewReplacer("WINDOW", window).Replace(
		"sum_over_time((" + epoch + ") > bool " + epoch + " offset 1m))[WINDOW:1m])")
}

// firing are the alerts of a severity that fire about what is chosen.
func firing(severity string) string {
	return `max by (MASTER, alertname, sentinel, replica) (ALERTS{alertname=~"RedisSentinel.+", alertstate="firing", severity="` + severity +
		`", job=~"$job|", deployment=~"$deployment|", master_name=~"$master_name|"})`
}

const fine = "nothing that was not well, as far as anybody saw"

func overviewWatch() []panel {
	return []panel{
		{
			id: 8, kind: table, title: "Firing alerts", width: 14, height: 7, unit: "none", noValue: "none at all: the rules are not loaded",
			description: "What Prometheus is telling now. RedisSentinelWatchdog must always be there: without it the rules are not loaded.",
			first:       "Severity",
			queries: []query{{expr: `label_replace(label_replace(label_replace(
3 * ` + firing("critical") + `
or 2 * ` + firing("warning") + `
or 1 * ` + firing("info") + `
or 0 * ` + firing("none") + `,
"master_name", "All", "master_name", ""), "sentinel", "All", "sentinel", ""), "job", "All", "job", "")`}},
			columns: []column{
				{of: valueOf(0), title: "Severity", states: []state{{3, "critical", bad}, {2, "warning", warn}, {1, "info", busy}, {0, "none", calm}}, width: 86},
				{of: "alertname", title: "Alert", links: []target{toRunbook()}, width: 240},
				{of: "master_name", title: "Master", links: []target{toMaster()}},
				{of: "sentinel", title: "Sentinel", links: []target{toSentinel()}},
				{of: "job", title: "Job"},
				{of: "deployment", title: "Deployment"},
				{of: "replica", title: "Replica"},
			},
		},
		{
			id: 9, kind: timeline, title: "Exporters", width: 10, height: 7, unit: "none", states: yesNo("scraped", "down", bad), noValue: fine,
			description: "Whether Prometheus can scrape each exporter, of those that it once could not in the time that is shown. Where none can be, nobody watches.",
			queries:     []query{{expr: ever("1 * "+exporters, "JOB, instance", "min_over_time("+exporters+"[$__range] @ end()) == 0"), legend: "({{job}}) {{instance}}"}},
		},
	}
}

func overviewMasters() []panel {
	const addresses = "count by (MASTER) (count by (MASTER, address) (redis_sentinel_master_info{MASTER}))"
	const monitored = "count by (MASTER) (redis_sentinel_master_ok{MASTER}) / on (JOB) group_left () sum by (JOB) (redis_sentinel_up{SENTINEL})"
	return []panel{
		mastersTable(),
		{
			id: 11, kind: timeline, title: "Health", width: 12, height: 7, unit: "none", states: statuses(), noValue: fine,
			description: "The worst that the checks found on each master that was once not well in the time that is shown.",
			queries: []query{{ever(
				"max by (MASTER) ("+ranked("redis_sentinel_deployment_master_health{ALL}")+")", "MASTER",
				"max by (MASTER) (max_over_time(redis_sentinel_deployment_master_health{ALL}[$__range] @ end())) > 0",
			), byMaster}},
		},
		{
			id: 12, kind: timeline, title: "Do the Sentinels agree on the master?", width: 12, height: 7, unit: "none", noValue: fine,
			states:      []state{{1, "agreed", good}},
			spans:       []span{{new(2.0), nil, "", bad}},
			description: "How many addresses they give to clients, of the masters for which there was once more than one in the time that is shown. More than one at rest means that clients may write to different nodes.",
			queries:     []query{{ever(addresses, "MASTER", "max_over_time(("+addresses+")[$__range:1m] @ end()) > 1"), byMaster}},
		},
		{
			id: 13, kind: series, title: "Sentinels that monitor the master", width: 12, height: 7, unit: "percentunit", levels: levels(bad, level{1, good}), noValue: fine,
			description: "Of those that answer, for the masters that one did not monitor. Who does not monitor a master has no vote on it, and tells clients that there is none of that name.",
			queries:     []query{{ever(monitored, "MASTER", "min_over_time(("+monitored+")[$__range:1m] @ end()) < 1"), byMaster}},
		},
		{
			id: 14, kind: table, title: "Nodes of two masters", width: 12, height: 7, unit: "none", noValue: "none",
			description: "Data nodes that more than one master has: a failover of one takes the node, and the data, from the other.",
			queries: []query{{expr: `count by (JOB, node) (count by (MASTER, node) (
  label_replace(redis_sentinel_master_info{SENTINEL}, "node", "$1", "address", "(.+)")
  or
  label_replace(redis_sentinel_replica_info{SENTINEL}, "node", "$1", "replica", "(.+)")
)) > 1`}},
			columns: []column{
				{of: "node", title: "Node"},
				{of: valueOf(0), title: "Masters", levels: levels(good, level{2, bad}), width: 90},
				{of: "job", title: "Job"},
				{of: "deployment", title: "Deployment"},
			},
		},
	}
}

// mastersTable is one line for each master; two if there are two addresses.
func mastersTable() panel {
	return panel{
		id: 10, kind: table, title: "Masters", width: gridWidth, height: 8, unit: "none", noValue: "no Sentinel that answers monitors one, or nobody watches",
		description: "Each master as the Sentinels that answer see it now, the worst first; of different numbers the one that a failover would go by. A master has a line for each address that is given for it.",
		first:       "Health",
		queries: []query{
			{expr: "max by (MASTER) (" + ranked("redis_sentinel_deployment_master_health{ALL}") + ")"},
			{expr: "max by (MASTER) (redis_sentinel_master_failover_possible{MASTER})"},
			{expr: "max by (MASTER) (redis_sentinel_master_quorum_margin{MASTER})"},
			{expr: "max by (MASTER) (redis_sentinel_master_promotable_replicas{MASTER})"},
			{expr: "max by (MASTER) (redis_sentinel_master_ok_replicas{MASTER})"},
			{expr: "max by (MASTER) (redis_sentinel_master_replicas{MASTER})"},
			{expr: "max by (MASTER) (redis_sentinel_master_usable_sentinels{MASTER})"},
			{expr: "max by (MASTER) (redis_sentinel_master_sentinels{MASTER})"},
			{expr: "count by (MASTER, address) (redis_sentinel_master_info{MASTER})"},
		},
		columns: []column{
			{of: "master_name", title: "Master", links: []target{toMaster()}},
			{of: valueOf(0), title: "Health", states: statuses(), width: 84},
			{of: valueOf(1), title: "Can fail over", states: yesNo("yes", "no", bad), width: 114},
			{of: "address", title: "Address"},
			{of: valueOf(8), title: "Say so", width: 80},
			{of: valueOf(2), title: "Spare", levels: levels(bad, level{0, warn}, level{1, good}), width: 76},
			{of: valueOf(6), title: "Usable", width: 80},
			{of: valueOf(7), title: "Sentinels", width: 96},
			{of: valueOf(3), title: "Promotable", levels: levels(bad, level{1, good}), width: 106},
			{of: valueOf(4), title: "Good", width: 74},
			{of: valueOf(5), title: "Replicas", width: 90},
			{of: "job", title: "Job"},
			{of: "deployment", title: "Deployment"},
		},
	}
}

func overviewFailover() []panel {
	const possible = "max by (MASTER) (redis_sentinel_master_failover_possible{MASTER})"
	const margin = "max by (MASTER) (redis_sentinel_master_quorum_margin{MASTER})"
	return []panel{
		{
			id: 15, kind: timeline, title: "Could the master be failed over?", width: 12, height: 7, unit: "none", states: yesNo("yes", "no", bad), noValue: fine,
			description: "Whether a Sentinel could do it: quorum and majority can be reached, a replica can be promoted, no TILT. Of the masters that once could not be in the time that is shown.",
			queries:     []query{{ever(possible, "MASTER", "min_over_time(("+possible+")[$__range:1m] @ end()) == 0"), byMaster}},
		},
		{
			id: 16, kind: series, title: "Sentinels that can still fail", width: 12, height: 7, unit: "none", levels: levels(bad, level{0, warn}, level{1, good}), noValue: fine,
			description: "Usable Sentinels less the larger of quorum and majority, as the Sentinel that sees most of them counts, of the masters that once had none to spare. Below 0 there can be no failover.",
			queries:     []query{{ever(margin, "MASTER", "min_over_time(("+margin+")[$__range:1m] @ end()) < 1"), byMaster}},
		},
		{
			id: 17, kind: series, title: "Sentinels that answer", width: 12, height: 7, unit: "percentunit", levels: levels(bad, level{0.501, warn}, level{1, good}),
			description: "Of all that are known: those that are asked, and one for each exporter that is down. At a half or below there is no majority.",
			queries: []query{{
				`sum by (JOB) (redis_sentinel_up{SENTINEL} or ` + exporters + ` == 0)
/
count by (JOB) (redis_sentinel_up{SENTINEL} or ` + exporters + ` == 0)`, "{{deployment}} {{job}}",
			}},
		},
		{
			id: 18, kind: series, title: "Failovers", width: 12, height: 7, unit: "none", bars: true, noValue: "none, as far as anybody saw",
			description: "Switches of each master to another node, as the Sentinels published them. Each Sentinel publishes every switch; the highest of their counts is shown.",
			queries: []query{{
				`max by (MASTER) (` + grown(`redis_sentinel_events_total{MASTER, event="+switch-master"}`, "[$__rate_interval]") + `) > 0`, byMaster,
			}},
		},
	}
}

func overviewSentinels() []panel { return []panel{sentinelsTable(19, gridWidth, 9)} }

func overviewFiles() []panel {
	return []panel{{
		id: 20, kind: timeline, title: "Configuration files", width: gridWidth, height: 5, unit: "none", states: yesNo("accepted", "refused", warn),
		noValue:     "no exporter has a --config.file",
		description: "Whether each exporter accepted its --config.file when it last read it. After a refusal it goes on with the old one.",
		queries:     []query{{expr: "redis_sentinel_exporter_config_last_reload_successful{JOB}", legend: "({{job}}) {{instance}}"}},
	}}
}
