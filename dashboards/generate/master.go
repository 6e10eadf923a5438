package main

// oneMaster is the dashboard of one master: what each Sentinel says about it, and whether a
// failover would work.
func oneMaster() board {
	return board{
		file: "master.json", uid: "redis-sentinel-master", title: "Master",
		description: "One master: who is it according to each Sentinel, could it be failed over, its replicas, what the Sentinels are set to, and its failovers.",
		inBar:       []string{"job", "master_name"}, oneOf: []string{"job", "master_name"},
		rows: []row{
			{panels: masterNow()},
			{title: "Who is master?", panels: masterRole()},
			{title: "Would a failover work?", panels: masterQuorum()},
			{title: "Replicas", panels: masterReplicas()},
			{title: "Failovers", panels: masterFailovers()},
			{title: "Epochs", closed: true, panels: masterEpochs()},
		},
	}
}

func masterNow() []panel {
	const small, high = 4, 3
	return []panel{
		{
			id: 1, kind: stats, title: "Health", width: small, height: high, unit: "none", states: statuses(),
			description: "The worst that the checks find on the master, with critical before unknown. What it is stands beside it.",
			queries:     []query{{expr: "max(" + ranked("redis_sentinel_deployment_master_health{ALL}") + "\nor\n" + blindness() + ")"}},
		},
		{
			id: 30, kind: stats, title: "Is it up?", width: small, height: high, unit: "none", states: noYes("yes", "down", bad),
			description: "Down: a quorum of the Sentinels considers it down, or most of those that answer. For some seconds before a failover that is normal. Of several masters the worst.",
			queries:     []query{{expr: "max(" + mastersDown + " > bool 0) or 0 * max(redis_sentinel_master_ok{MASTER})"}},
		},
		{
			id: 2, kind: stats, title: "Can it fail over?", width: small, height: high, unit: "none", states: yesNo("yes", "no", bad),
			description: "Whether a Sentinel could do it: quorum and majority can be reached, a replica can be promoted, no TILT, and the others agree if it considers the master down. Of several masters the worst.",
			queries:     []query{{expr: "min(max by (MASTER) (redis_sentinel_master_failover_possible{MASTER}))"}},
		},
		whatIsWrong(4, 12, 3*high),
		{
			id: 3, kind: stats, title: "Spare Sentinels", width: small, height: high, unit: "none",
			levels:      levels(bad, level{0, warn}, level{1, good}),
			description: "How many more can fail before no failover is possible. Below 0 none is.",
			queries:     []query{{expr: "min(max by (MASTER) (redis_sentinel_master_quorum_margin{MASTER}))"}},
		},
		{
			id: 5, kind: stats, title: "Promotable replicas", width: small, height: high, unit: "none",
			levels:      levels(bad, level{1, good}),
			description: "Replicas that Sentinel's own rules would let it promote now.",
			queries:     []query{{expr: "min(max by (MASTER) (redis_sentinel_master_promotable_replicas{MASTER}))"}},
		},
		{
			id: 6, kind: stats, title: "Addresses given", width: small, height: high, unit: "none",
			states: []state{{1, "one", good}}, levels: levels(good, level{2, bad}),
			description: "How many different addresses the Sentinels give to clients for it. More than one at rest means that clients may write to different nodes.",
			queries:     []query{{expr: "max(count by (MASTER) (count by (MASTER, address) (redis_sentinel_master_info{MASTER})))"}},
		},
		{
			id: 31, kind: stats, title: "Silent Sentinels", width: small, height: high, unit: "none",
			states: []state{{0, "none", good}}, levels: levels(good, level{1, warn}),
			description: "Of the Sentinels of its deployment those that do not answer.",
			queries:     []query{{expr: "count(redis_sentinel_up{SENTINEL}) - sum(redis_sentinel_up{SENTINEL})"}},
		},
		{
			id: 32, kind: stats, title: "Failovers", width: small, height: high, unit: "none",
			states: []state{{0, "none", plain}}, levels: levels(plain, level{1, busy}),
			description: "Switches to another node in the time that is shown, as the epoch tells.",
			queries:     []query{{expr: "sum(" + switches("$__range") + ")"}},
		},
		{
			id: 7, kind: stats, title: "Last failover", width: small, height: high, unit: "dateTimeFromNow", noValue: "none seen",
			description: "When the exporter last saw the master switched to another node.",
			levels:      levels(busy),
			queries:     []query{{expr: "max(redis_sentinel_last_switch_timestamp_seconds{ALL}) * 1000"}},
		},
	}
}

func masterRole() []panel {
	return []panel{
		{
			id: 8, kind: places, title: "The master, as each Sentinel says", width: gridWidth, height: 7, unit: "string",
			description: "The address that each Sentinel gives to clients. In a failover all change to the same new one within seconds; a line of another colour is a Sentinel that sends clients elsewhere.",
			queries:     []query{{expr: "max by (job, deployment, instance, sentinel, master_name, address) (redis_sentinel_master_info{MASTER})"}},
		},
		{
			id: 9, kind: timeline, title: "State of the master, as each Sentinel sees it", width: 12, height: 7, unit: "none",
			states:      []state{{0, "up", good}, {1, "s_down", warn}, {2, "o_down", bad}, {3, "says it is a replica", bad}},
			description: "s_down: this Sentinel alone gets no answer. o_down: a quorum agrees. In TILT both are frozen. A master that says it is a replica takes no writes.",
			queries: []query{{
				`3 * (redis_sentinel_master_role_mismatch{MASTER} == 1)
or 2 * (redis_sentinel_master_odown{MASTER} == 1)
or 1 * redis_sentinel_master_sdown{MASTER}
or 0 * redis_sentinel_master_ok{MASTER}`, byBoth,
			}},
		},
		{
			id: 10, kind: series, title: "How long the master has been down", width: 12, height: 7, unit: "s", levels: levels(good, level{0.001, bad}),
			description: "As the Sentinels report it, each time the longest: for one of them (s_down), and for a quorum (o_down). A failover that works ends it within seconds.",
			queries: []query{
				{"max by (MASTER) (redis_sentinel_master_odown_seconds{MASTER} or 0 * redis_sentinel_master_ok{MASTER})", "o_down " + byMaster},
				{"max by (MASTER) (redis_sentinel_master_sdown_seconds{MASTER} or 0 * redis_sentinel_master_ok{MASTER})", "s_down " + byMaster},
			},
		},
		{
			id: 11, kind: timeline, title: "Steps of a failover", width: 12, height: 7, unit: "none", states: failoverSteps(),
			description: "What the Sentinel that drives a failover is at; the others show none. It takes seconds: longer than failover-timeout at one step means that it is stuck.",
			queries: []query{{
				"1 * redis_sentinel_master_failover_state{MASTER} or 7 * redis_sentinel_master_failover_in_progress{MASTER}", byBoth,
			}},
		},
		{
			id: 12, kind: series, title: "Good answers to PING behind all answers", width: 12, height: 7, unit: "s", levels: levels(good, level{2, warn}),
			description: "By how much the master's last valid answer is older than its last answer. If they differ it answers with errors: usually a wrong auth-pass.",
			queries: []query{{
				"redis_sentinel_master_last_ok_ping_reply_seconds{MASTER} - redis_sentinel_master_last_ping_reply_seconds{MASTER}", byBoth,
			}},
		},
	}
}

func failoverSteps() []state {
	return []state{
		{0, "none", good},
		{1, "waits to start", busy},
		{2, "selects a replica", busy},
		{3, "promotes it", busy},
		{4, "waits for its promotion", busy},
		{5, "points the others to it", busy},
		{6, "updates the configuration", busy},
		{7, "another step", busy},
	}
}

func masterQuorum() []panel {
	return []panel{
		{
			id: 13, kind: series, title: "Quorum arithmetic", width: 12, height: 8, unit: "none",
			description: "Usable Sentinels, as the one that sees most counts, beside what a failover needs: the quorum to agree that the master is down, the majority of all known ones to elect who does it. And how many hosts there are whose loss alone would be too much, if that is known.",
			queries: []query{
				{"max by (MASTER) (redis_sentinel_master_usable_sentinels{MASTER})", "usable " + byMaster},
				{"max by (MASTER) (redis_sentinel_master_sentinels{MASTER})", "known " + byMaster},
				{"max by (MASTER) (redis_sentinel_master_quorum{MASTER})", "quorum " + byMaster},
				{"floor(max by (MASTER) (redis_sentinel_master_sentinels{MASTER}) / 2) + 1", "majority " + byMaster},
				{"max by (MASTER) (redis_sentinel_deployment_host_loss{ALL})", "hosts that must not be lost " + byMaster},
			},
		},
		{
			id: 14, kind: timeline, title: "Sentinels that can still fail", width: 12, height: 8, unit: "none", spans: atLeast(0, warn),
			description: "What each Sentinel counts: usable ones less the larger of quorum and majority. Below 0 it sees too few to fail over.",
			queries:     []query{{"redis_sentinel_master_quorum_margin{MASTER}", byBoth}},
		},
		{
			id: 15, kind: timeline, title: "Can each Sentinel reach enough others?", width: 12, height: 8, unit: "none",
			states:      []state{{0, "yes", good}, {1, "no quorum", bad}, {2, "no majority", bad}, {3, "neither", bad}},
			description: "CKQUORUM by cause: without the quorum no failover starts, without the majority nobody is elected to do it.",
			queries: []query{{
				"(1 - redis_sentinel_master_quorum_reachable{MASTER}) + 2 * (1 - redis_sentinel_master_majority_reachable{MASTER})", byBoth,
			}},
		},
		{
			id: 16, kind: timeline, title: "Replicas that could take over", width: 12, height: 8, unit: "none",
			spans:       []span{{new(0.0), new(0.0), "", bad}, {new(1.0), nil, "", good}},
			description: "How many replicas each Sentinel could promote now.",
			queries:     []query{{"redis_sentinel_master_promotable_replicas{MASTER}", byBoth}},
		},
		{
			id: 17, kind: timeline, title: "The Sentinels, as each of the others sees them", width: gridWidth, height: 7, unit: "none",
			states:      []state{{0, "up", good}, {1, "not connected", plain}, {2, "down", bad}},
			description: "Who is down for long still counts towards the majority, until a RESET. Two that consider each other down cannot vote for each other.",
			queries: []query{{
				`2 * (redis_sentinel_peer_sdown{MASTER} == 1)
or 1 * redis_sentinel_peer_disconnected{MASTER}
or 0 * redis_sentinel_peer_last_hello_seconds{MASTER}`, byBoth + " sees {{peer}}",
			}},
		},
		settingsTable(),
	}
}

// settingsTable shows the settings of each Sentinel beside those of the others.
func settingsTable() panel {
	return panel{
		id: 18, kind: table, title: "Settings, side by side", width: gridWidth, height: 6, unit: "none",
		description: "SENTINEL SET is local to one Sentinel: all lines of a master should be equal. The quorum should be the majority of an odd number of Sentinels, at least 3; Knows: those that it knows, itself included.",
		first:       "Quorum", ascending: true,
		queries: []query{
			{expr: "max by (MASTER, instance, sentinel) (redis_sentinel_master_quorum{MASTER})"},
			{expr: "max by (MASTER, instance, sentinel) (redis_sentinel_master_sentinels{MASTER})"},
			{expr: "max by (MASTER, instance, sentinel) (redis_sentinel_master_down_after_seconds{MASTER})"},
			{expr: "max by (MASTER, instance, sentinel) (redis_sentinel_master_failover_timeout_seconds{MASTER})"},
			{expr: "max by (MASTER, instance, sentinel) (redis_sentinel_master_parallel_syncs{MASTER})"},
		},
		columns: []column{
			{of: "sentinel", title: "Sentinel", links: []target{toSentinel()}},
			{of: valueOf(0), title: "Quorum", levels: levels(warn, level{2, good}), width: 82},
			{of: valueOf(1), title: "Knows", levels: levels(warn, level{3, good}), width: 78},
			{of: valueOf(2), title: "down-after", unit: "s", width: 100},
			{of: valueOf(3), title: "failover-timeout", unit: "s", width: 136},
			{of: valueOf(4), title: "parallel-syncs", width: 120},
			{of: "master_name", title: "Master"},
			{of: "instance", title: "Exporter"},
			{of: "job", title: "Job"},
			{of: "deployment", title: "Deployment"},
		},
	}
}
