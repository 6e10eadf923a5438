package main

// overview is the dashboard of all masters of all deployments, for an on-call engineer.
func overview() board {
	return board{
		file: "overview.json", uid: "redis-sentinel-overview", title: "Overview",
		description: "Is it well, would a failover work now, how many more Sentinels can fail, and what is wrong? All masters of all deployments.",
		rows: []row{
			{panels: overviewNow()},
			{title: "Who watches", panels: overviewWatch()},
			{title: "Masters", panels: overviewMasters()},
			{title: "Would a failover work?", panels: overviewFailover()},
			{title: "Sentinels", panels: overviewSentinels()},
		},
	}
}

func overviewNow() []panel {
	const small, wide, high = 4, 12, 8
	return []panel{
		{
			id: 1, kind: stats, title: "Health", width: small, height: 4, unit: "none", states: health(),
			description: "The worst that the checks find on any master and on the deployments, with critical before unknown. What it is stands beside it.",
			queries:     []query{{expr: worst("redis_sentinel_deployment_check_status{CHECKS}")}},
		},
		{
			id: 2, kind: stats, title: "Masters that could not fail over", width: small, height: 4, unit: "none",
			states: []state{{0, "none", good}}, levels: levels(good, level{1, bad}),
			description: "Masters that no Sentinel could fail over if they died now: no quorum, no majority, no replica to promote, or TILT.",
			queries:     []query{{expr: "sum(1 - max by (MASTER) (redis_sentinel_master_failover_possible{MASTER}))"}},
		},
		{
			id: 3, kind: stats, title: "Sentinels that can still fail", width: small, height: 4, unit: "none",
			levels:      levels(bad, level{0, warn}, level{1, good}),
			description: "How many more Sentinels can fail before the first master cannot be failed over. 0 is enough for today only; below it none can be.",
			queries:     []query{{expr: "min(max by (MASTER) (redis_sentinel_master_quorum_margin{MASTER}))"}},
		},
		whatIsWrong(4, wide, high),
		{
			id: 5, kind: stats, title: "Sentinels that do not answer", width: small, height: 4, unit: "none",
			states: []state{{0, "none", good}}, levels: levels(good, level{1, warn}),
			description: "Of all that are asked. Each is missing in votes.",
			queries:     []query{{expr: "count(redis_sentinel_up{SENTINEL}) - sum(redis_sentinel_up{SENTINEL})"}},
		},
		{
			id: 6, kind: stats, title: "Masters in dispute", width: small, height: 4, unit: "none",
			states: []state{{0, "none", good}}, levels: levels(good, level{1, bad}),
			description: "Masters for which the Sentinels give clients different addresses. For some seconds in a failover that is normal.",
			queries:     []query{{expr: "sum(count by (MASTER) (count by (MASTER, address) (redis_sentinel_master_info{MASTER})) > bool 1)"}},
		},
		{
			id: 7, kind: stats, title: "Failovers in this time", width: small, height: 4, unit: "none",
			states: []state{{0, "none", good}}, levels: levels(good, level{1, busy}),
			description: "Switches of a master to another node in the time that is shown, as the epochs tell.",
			queries:     []query{{expr: "sum(max by (MASTER) (changes(redis_sentinel_master_config_epoch{MASTER}[$__range])))"}},
		},
	}
}

func overviewWatch() []panel {
	return []panel{
		{
			id: 8, kind: table, title: "Firing alerts", width: 12, height: 6, unit: "none", noValue: "none, or the rules are not loaded",
			description: "What Prometheus is telling now. RedisSentinelWatchdog must always be there: without it the rules are not loaded. Most alerts do not keep the label deployment.",
			queries:     []query{{expr: `max by (MASTER, alertname, severity, sentinel, replica) (ALERTS{alertname=~"RedisSentinel.+", alertstate="firing", job=~"$job|", deployment=~"$deployment|", master_name=~"$master_name|"})`}},
			columns: []column{
				{of: "alertname", title: "Alert", link: toRunbook()},
				{of: "severity", title: "Severity"},
				{of: "job", title: "Job"},
				{of: "deployment", title: "Deployment"},
				{of: "master_name", title: "Master", link: toMaster()},
				{of: "sentinel", title: "Sentinel", link: toSentinel()},
				{of: "replica", title: "Replica"},
			},
		},
		{
			id: 9, kind: timeline, title: "Exporters", width: 12, height: 6, unit: "none", states: yesNo("scraped", "down", bad),
			description: "Whether Prometheus can scrape each exporter. Where none can be, nobody watches.",
			queries:     []query{{expr: `up{JOB, job=~"redis[_-]sentinel.*"}`, legend: "{{instance}} ({{job}})"}},
		},
		{
			id: 20, kind: timeline, title: "Configuration files", width: gridWidth, height: 5, unit: "none", states: yesNo("accepted", "refused", warn),
			noValue:     "no exporter has a --config.file",
			description: "Whether each exporter accepted its --config.file when it last read it. After a refusal it goes on with the old one.",
			queries:     []query{{expr: "redis_sentinel_exporter_config_last_reload_successful{JOB}", legend: "{{instance}} ({{job}})"}},
		},
	}
}

func overviewMasters() []panel {
	return []panel{
		mastersTable(),
		{
			id: 11, kind: timeline, title: "Health", width: 12, height: 7, unit: "none", states: health(),
			description: "The worst that the checks found on each master.",
			queries:     []query{{"max by (MASTER) (redis_sentinel_deployment_master_health{ALL})", byMaster}},
		},
		{
			id: 12, kind: timeline, title: "Do the Sentinels agree on the master?", width: 12, height: 7, unit: "none",
			states:      []state{{1, "agreed", good}},
			spans:       []span{{new(2.0), nil, "", bad}},
			description: "How many addresses they give to clients. More than one at rest means that clients may write to different nodes.",
			queries:     []query{{"count by (MASTER) (count by (MASTER, address) (redis_sentinel_master_info{MASTER}))", byMaster}},
		},
		{
			id: 13, kind: series, title: "Sentinels that monitor the master", width: 12, height: 7, unit: "percentunit", levels: levels(bad, level{1, good}),
			description: "Of those that answer. Who does not monitor a master has no vote on it, and tells clients that there is none of that name.",
			queries: []query{{
				"count by (MASTER) (redis_sentinel_master_ok{MASTER}) / on (JOB) group_left () sum by (JOB) (redis_sentinel_up{SENTINEL})", byMaster,
			}},
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
				{of: "job", title: "Job"},
				{of: "deployment", title: "Deployment"},
				{of: valueOf(0), title: "Masters", levels: levels(good, level{2, bad})},
			},
		},
	}
}

// mastersTable is one line for each master; two if there are two addresses.
func mastersTable() panel {
	return panel{
		id: 10, kind: table, title: "Masters", width: gridWidth, height: 8, unit: "none",
		description: "Each master as the Sentinels that answer see it now; of different numbers the one that a failover would go by. A master has a line for each address that is given for it.",
		queries: []query{
			{expr: "max by (MASTER) (redis_sentinel_deployment_master_health{ALL})"},
			{expr: "max by (MASTER) (redis_sentinel_master_failover_possible{MASTER})"},
			{expr: "max by (MASTER) (redis_sentinel_master_quorum_margin{MASTER})"},
			{expr: "max by (MASTER) (redis_sentinel_master_promotable_replicas{MASTER})"},
			{expr: "max by (MASTER) (redis_sentinel_master_ok_replicas{MASTER})"},
			{expr: "max by (MASTER) (redis_sentinel_master_replicas{MASTER})"},
			{expr: "max by (MASTER) (redis_sentinel_master_usable_sentinels{MASTER})"},
			{expr: "max by (MASTER) (redis_sentinel_master_sentinels{MASTER})"},
			{expr: "max by (MASTER) (redis_sentinel_master_config_epoch{MASTER})"},
			{expr: "count by (MASTER, address) (redis_sentinel_master_info{MASTER})"},
		},
		columns: []column{
			{of: "master_name", title: "Master", link: toMaster()},
			{of: "job", title: "Job"},
			{of: "deployment", title: "Deployment"},
			{of: valueOf(0), title: "Health", states: health()},
			{of: "address", title: "Address"},
			{of: valueOf(9), title: "Sentinels that say so"},
			{of: valueOf(1), title: "Failover possible", states: yesNo("yes", "no", bad)},
			{of: valueOf(2), title: "Sentinels that can fail", levels: levels(bad, level{0, warn}, level{1, good})},
			{of: valueOf(3), title: "Promotable replicas", levels: levels(bad, level{1, good})},
			{of: valueOf(4), title: "Good replicas"},
			{of: valueOf(5), title: "Known replicas"},
			{of: valueOf(6), title: "Usable Sentinels"},
			{of: valueOf(7), title: "Known Sentinels"},
			{of: valueOf(8), title: "Epoch"},
		},
	}
}

func overviewFailover() []panel {
	return []panel{
		{
			id: 15, kind: timeline, title: "Could the master be failed over?", width: 12, height: 7, unit: "none", states: yesNo("yes", "no", bad),
			description: "1 if a Sentinel could do it: quorum and majority can be reached, a replica can be promoted, no TILT.",
			queries:     []query{{"max by (MASTER) (redis_sentinel_master_failover_possible{MASTER})", byMaster}},
		},
		{
			id: 16, kind: series, title: "Sentinels that can still fail", width: 12, height: 7, unit: "none", levels: levels(bad, level{0, warn}, level{1, good}),
			description: "Usable Sentinels less the larger of quorum and majority, as the Sentinel that sees most of them counts. Below 0 there can be no failover.",
			queries:     []query{{"max by (MASTER) (redis_sentinel_master_quorum_margin{MASTER})", byMaster}},
		},
		{
			id: 17, kind: series, title: "Sentinels that answer", width: 12, height: 7, unit: "percentunit", levels: levels(bad, level{0.501, warn}, level{1, good}),
			description: "Of all that are known: those that are asked, and one for each exporter that is down. At a half or below there is no majority.",
			queries: []query{{
				`sum by (JOB) (redis_sentinel_up{SENTINEL} or up{JOB, job=~"redis[_-]sentinel.*"} == 0)
/
count by (JOB) (redis_sentinel_up{SENTINEL} or up{JOB, job=~"redis[_-]sentinel.*"} == 0)`, "{{job}} {{deployment}}",
			}},
		},
		{
			id: 18, kind: series, title: "Failovers", width: 12, height: 7, unit: "none", decimals: 1, bars: true,
			description: "Switches of each master to another node, as the Sentinels published them. Each Sentinel publishes every switch; the highest of their counts is shown.",
			queries: []query{{
				`max by (MASTER) (increase(redis_sentinel_events_total{MASTER, event="+switch-master"}[$__rate_interval]))`, byMaster,
			}},
		},
	}
}

func overviewSentinels() []panel { return []panel{sentinelsTable(19, gridWidth, 9)} }
