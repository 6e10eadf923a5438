package main

// oneSentinel is about a Sentinel itself.
func oneSentinel() board {
	return board{
		file: "sentinel.json", uid: "redis-sentinel-sentinel", title: "Sentinel",
		description: "One Sentinel: does it answer, is it in TILT, what does it tell clients, whom can it reach, and what limits it.",
		inBar:       []string{"job", "sentinel"}, oneOf: []string{"job", "sentinel"},
		rows: []row{
			{panels: sentinelNow()},
			{title: "Does it answer?", panels: sentinelAnswers()},
			{title: "What does it say?", panels: sentinelSays()},
			{title: "Load", closed: true, panels: sentinelLoad()},
		},
	}
}

func sentinelNow() []panel {
	const small, high = 4, 4
	return []panel{
		{
			id: 1, kind: stats, title: "Does it answer?", width: small, height: high, unit: "none", states: yesNo("yes", "no", bad),
			description: "Whether it answers the exporter. Of several Sentinels the worst.",
			queries:     []query{{expr: "min(redis_sentinel_up{SENTINEL})"}},
		},
		{
			id: 2, kind: stats, title: "TILT", width: small, height: high, unit: "none", states: noYes("no", "TILT", warn),
			description: "In TILT a Sentinel distrusts its clock: it starts no failover, and its down flags are frozen.",
			queries:     []query{{expr: "max(redis_sentinel_tilt{SENTINEL})"}},
		},
		{
			id: 3, kind: stats, title: "Monitored masters", width: small, height: high, unit: "none", levels: levels(warn, level{1, good}),
			description: "Of several Sentinels the lowest number.",
			queries:     []query{{expr: "min(redis_sentinel_masters{SENTINEL})"}},
		},
		whatIsWrong(4, 12, 2*high),
		{
			id: 5, kind: stats, title: "Connections used", width: small, height: high, unit: "percentunit", decimals: 1, levels: levels(good, level{connectionsBound, warn}),
			description: "Of those that it allows. At the limit it turns away clients and other Sentinels.",
			queries:     []query{{expr: "max(redis_sentinel_connected_clients{SENTINEL} / redis_sentinel_max_clients{SENTINEL})"}},
		},
		{
			id: 6, kind: stats, title: "Failed commands", width: small, height: high, unit: "none", states: []state{{0, "none", good}}, levels: levels(good, level{0.001, warn}),
			description: "Commands of the exporter that got no answer in the time that is shown, or a refusal.",
			queries:     []query{{expr: "sum(" + counted("redis_sentinel_command_errors_total{SENTINEL}", "$__range") + ") or 0 * sum(redis_sentinel_up{SENTINEL})"}},
		},
		{
			id: 7, kind: stats, title: "Time to ask it", width: small, height: high, unit: "s", decimals: 3, levels: levels(good),
			description: "Seconds to ask it everything, or until it was given up. Of several Sentinels the slowest.",
			queries:     []query{{expr: "max(redis_sentinel_scrape_duration_seconds{SENTINEL})"}},
		},
	}
}

func sentinelAnswers() []panel {
	return []panel{
		{
			id: 8, kind: timeline, title: "Does it answer?", width: 12, height: 7, unit: "none", states: yesNo("yes", "no", bad),
			description: "A Sentinel that does not answer the exporter usually does not answer the others either: it cannot vote.",
			queries:     []query{{"redis_sentinel_up{SENTINEL}", bySentinel}},
		},
		{
			id: 9, kind: timeline, title: "TILT", width: 12, height: 7, unit: "none", states: noYes("no", "TILT", warn),
			description: "One TILT lasts 30 s after the last stall of the machine. Longer means that it stalls again and again.",
			queries:     []query{{"redis_sentinel_tilt{SENTINEL}", bySentinel}},
		},
		{
			id: 10, kind: series, title: "Why commands fail", width: 12, height: 7, unit: "none", levels: levels(good, level{0.001, warn}), noValue: "none, as far as anybody saw",
			description: "Commands of the exporter that failed within 5 minutes, by reason. auth, permission and tls: the Sentinel may be well, but it and the exporter refuse each other.",
			queries:     []query{{"sum by (SENTINEL, reason) (" + counted("redis_sentinel_command_errors_total{SENTINEL}", "5m") + ") > 0", bySentinel + ": {{reason}}"}},
		},
		{
			id: 11, kind: timeline, title: "Are its events received?", width: 12, height: 7, unit: "none", states: yesNo("yes", "no", warn),
			description: "Without them failovers are neither counted nor timed, and the marks in the graphs are missing.",
			queries:     []query{{"redis_sentinel_event_stream_up{SENTINEL}", bySentinel}},
		},
		{
			id: 12, kind: series, title: "Time to ask it", width: 12, height: 7, unit: "s",
			description: "Seconds to ask it everything, or until it was given up.",
			queries:     []query{{"redis_sentinel_scrape_duration_seconds{SENTINEL}", bySentinel}},
		},
		{
			id: 13, kind: series, title: "Lost event streams", width: 12, height: 7, unit: "none", bars: true, noValue: "none, as far as anybody saw",
			description: "Gaps in which events may be missing: the subscription broke, or they came too fast to be counted.",
			queries:     []query{{grown("redis_sentinel_event_stream_losses_total{SENTINEL}", "[$__rate_interval]") + " > 0", bySentinel}},
		},
		{
			id: 25, kind: timeline, title: "Which commands does it answer?", width: gridWidth, height: 9, unit: "none", states: yesNo("yes", "no", warn), noValue: fine,
			description: "Those that it once failed to answer in the time that is shown. Where it answers only some, metrics are missing, and alerts that need them cannot fire.",
			queries: []query{{ever(`(1 * redis_sentinel_command_success{SENTINEL}
or 1 + 0 * last_over_time(redis_sentinel_command_success{SENTINEL}[$__range] @ end()) and on (SENTINEL) redis_sentinel_up{SENTINEL} == 1)`,
				"SENTINEL, command",
				"min_over_time(redis_sentinel_command_success{SENTINEL}[$__range] @ end()) == 0"), bySentinel + ": {{command}}"}},
		},
	}
}

func sentinelSays() []panel {
	return []panel{
		sentinelsTable(14, gridWidth, 7),
		{
			id: 15, kind: table, title: "Addresses that it gives to clients", width: 12, height: 8, unit: "none",
			description: "For each master. A loopback address means, on the machine of a client, the client's own machine.",
			queries:     []query{{expr: "max by (job, deployment, instance, sentinel, master_name, address) (redis_sentinel_master_info{MASTER})"}},
			columns: []column{
				{of: "master_name", title: "Master", links: []target{toMaster()}},
				{of: "address", title: "Address"},
				{of: "sentinel", title: "Sentinel"},
				{of: "instance", title: "Exporter"},
				{of: "job", title: "Job"},
				{of: "deployment", title: "Deployment"},
			},
		},
		{
			id: 16, kind: series, title: "Masters that it monitors", width: 12, height: 8, unit: "none", levels: levels(warn, level{1, good}),
			description: "All Sentinels of a deployment should monitor the same.",
			queries:     []query{{"redis_sentinel_masters{SENTINEL}", bySentinel}},
		},
		{
			id: 17, kind: series, title: "Others that run but do not answer it", width: 12, height: 8, unit: "none", levels: levels(good, level{1, warn}),
			description: "Sentinels that it considers down, whose hello messages still arrive through the master's nodes: a firewall, a bind line or a wrong announced address.",
			queries: []query{{
				"sum by (SENTINEL, master_name) ((redis_sentinel_peer_last_hello_seconds{MASTER} < bool 8) * redis_sentinel_peer_sdown{MASTER} or 0 * redis_sentinel_peer_last_hello_seconds{MASTER})", byBoth,
			}},
		},
		{
			id: 18, kind: series, title: "Age of the last hello", width: 12, height: 8, unit: "s",
			description: "Since each other Sentinel was last heard of through the master's nodes; about 4 or less in health.",
			queries:     []query{{"redis_sentinel_peer_last_hello_seconds{MASTER}", byBoth + " from {{peer}}"}},
		},
		{
			id: 19, kind: timeline, title: "Told to crash?", width: 12, height: 6, unit: "none",
			states:      []state{{0, "no", good}},
			spans:       []span{{new(1.0), nil, "will crash in the next failover", bad}},
			description: "SENTINEL SIMULATE-FAILURE, which somebody may have forgotten.",
			queries:     []query{{"1 * redis_sentinel_simulate_failure_flags{SENTINEL} or 0 * redis_sentinel_masters{SENTINEL}", bySentinel}},
		},
	}
}

func sentinelLoad() []panel {
	return []panel{
		{
			id: 20, kind: series, title: "Connections used", width: 12, height: 7, unit: "percentunit", levels: levels(good, level{connectionsBound, warn}),
			description: "Of those that it allows. At the limit it turns away clients and other Sentinels.",
			queries:     []query{{"redis_sentinel_connected_clients{SENTINEL} / redis_sentinel_max_clients{SENTINEL}", bySentinel}},
		},
		{
			id: 21, kind: series, title: "Connections", width: 12, height: 7, unit: "cps",
			description: "New ones, and those that it refused because it had its maximum.",
			queries: []query{
				{"rate(redis_sentinel_connections_received_total{SENTINEL}[$__rate_interval])", "accepted by " + bySentinel},
				{"rate(redis_sentinel_rejected_connections_total{SENTINEL}[$__rate_interval])", "refused by " + bySentinel},
			},
		},
		{
			id: 22, kind: series, title: "Scripts", width: 12, height: 7, unit: "none", levels: levels(good, level{129, warn}),
			description: "Notification and reconfiguration scripts that run or wait, and those that run. 16 run at a time; beyond 256 it drops them.",
			queries: []query{
				{"1 * redis_sentinel_scripts_queue_length{SENTINEL} or 0 * redis_sentinel_masters{SENTINEL}", "run or wait at " + bySentinel},
				{"1 * redis_sentinel_running_scripts{SENTINEL} or 0 * redis_sentinel_masters{SENTINEL}", "run at " + bySentinel},
			},
		},
		{
			id: 23, kind: series, title: "Processor time", width: 12, height: 7, unit: "percentunit",
			description: "Of one core. A Sentinel needs hardly any; one that gets none goes into TILT.",
			queries: []query{{
				`sum by (SENTINEL) (rate(redis_sentinel_cpu_seconds_total{SENTINEL, mode=~"sys|user"}[$__rate_interval]))`, bySentinel,
			}},
		},
		{
			id: 24, kind: series, title: "Commands", width: 12, height: 7, unit: "ops",
			description: "What it executes for clients, other Sentinels and the exporter.",
			queries:     []query{{"rate(redis_sentinel_commands_processed_total{SENTINEL}[$__rate_interval])", bySentinel}},
		},
	}
}
