package main

func masterReplicas() []panel {
	const legend = "{{master_name}}: {{replica}}"
	return []panel{
		replicasTable(),
		{
			id: 20, kind: timeline, title: "State of each replica", width: 12, height: 8, unit: "none",
			states: []state{
				{0, "good", good},
				{1, "no link to the master", warn},
				{2, "follows another node", warn},
				{3, "down", bad},
				{4, "says it is a master", bad},
			},
			description: "As the Sentinel sees it that sees it worst. One that says it is a master takes writes: for some seconds after a failover that is the new master.",
			queries: []query{{`4 * (max by (MASTER, replica) (redis_sentinel_replica_role_mismatch{MASTER}) == 1)
or 3 * (max by (MASTER, replica) (redis_sentinel_replica_sdown{MASTER}) == 1)
or 2 * (max by (MASTER, replica) (redis_sentinel_replica_wrong_master{MASTER}) == 1)
or 1 + (max by (MASTER, replica) (redis_sentinel_replica_link_up{MASTER}) == 0)
or 0 * max by (MASTER, replica) (redis_sentinel_replica_ok{MASTER})`, legend}},
		},
		{
			id: 21, kind: timeline, title: "Which replicas could take over?", width: 12, height: 8, unit: "none", states: yesNo("could", "could not", warn),
			description: "Whether a Sentinel would promote it now. Why not: down, no link for too long, INFO too old, or a replica-priority of 0.",
			queries:     []query{{"max by (MASTER, replica) (redis_sentinel_replica_promotable{MASTER})", legend}},
		},
		{
			id: 22, kind: series, title: "Lag", width: 12, height: 8, unit: "bytes", levels: levels(good, level{lagBound, warn}),
			description: "How much would be lost in a failover to it: bytes behind the most advanced node known, as the Sentinel with the newest INFO tells. INFOs are up to 10 s old, so a busy master shows some lag in health.",
			queries:     []query{{"min by (MASTER, replica) (redis_sentinel_replica_lag_bytes{MASTER})", legend}},
		},
		{
			id: 23, kind: series, title: "How long the link to the master has been down", width: 12, height: 8, unit: "s",
			description: "As the replica's last INFO tells. Sentinel does not promote a replica whose link was down for longer than 10 times down-after before the master went down.",
			queries:     []query{{"max by (MASTER, replica) (redis_sentinel_replica_link_down_seconds{MASTER} or 0 * (redis_sentinel_replica_link_up{MASTER} == 1))", legend}},
		},
	}
}

func replicasTable() panel {
	return panel{
		id: 19, kind: table, title: "Replicas", width: gridWidth, height: 7, unit: "none", noValue: "no Sentinel that answers knows one, or nobody watches",
		first: "Good", ascending: true,
		description: "Each replica now: of what the Sentinels say the worst, and of lag and eligibility the best. Of the promotable ones the lowest priority goes first, then the most advanced.",
		queries: []query{
			{expr: "min by (MASTER, replica) (redis_sentinel_replica_ok{MASTER})"},
			{expr: "max by (MASTER, replica) (redis_sentinel_replica_promotable{MASTER})"},
			{expr: "max by (MASTER, replica) (redis_sentinel_replica_priority{MASTER} or 100 + 0 * redis_sentinel_replica_ok{MASTER})"},
			{expr: "max by (MASTER, replica) (redis_sentinel_replica_sdown{MASTER} or 0 * redis_sentinel_replica_ok{MASTER})"},
			{expr: "max by (MASTER, replica) (redis_sentinel_replica_link_up{MASTER})"},
			{expr: "min by (MASTER, replica) (redis_sentinel_replica_lag_bytes{MASTER})"},
			{expr: "max by (MASTER, replica) (redis_sentinel_replica_wrong_master{MASTER} or 0 * redis_sentinel_replica_ok{MASTER})"},
			{expr: "max by (MASTER, replica) (redis_sentinel_replica_role_mismatch{MASTER} or 0 * redis_sentinel_replica_ok{MASTER})"},
			{expr: "min by (MASTER, replica) (redis_sentinel_replica_info_refresh_seconds{MASTER})"},
		},
		columns: []column{
			{of: "replica", title: "Replica"},
			{of: valueOf(0), title: "Good", states: yesNo("yes", "no", warn), width: 72},
			{of: valueOf(1), title: "Could take over", states: yesNo("yes", "no", warn), width: 132},
			{of: valueOf(3), title: "Down", states: noYes("no", "yes", bad), width: 74},
			{of: valueOf(4), title: "Link", states: yesNo("up", "down", warn), width: 68},
			{of: valueOf(5), title: "Lag", unit: "bytes", levels: levels(good, level{lagBound, warn}), width: 96},
			{of: valueOf(7), title: "Says it is a master", states: noYes("no", "yes", bad), width: 150},
			{of: valueOf(6), title: "Follows another", states: noYes("no", "yes", warn), width: 136},
			{of: valueOf(2), title: "Priority", levels: levels(warn, level{1, good}), width: 84},
			{of: valueOf(8), title: "Age of INFO", unit: "s", width: 108},
			{of: "master_name", title: "Master"},
			{of: "job", title: "Job"},
			{of: "deployment", title: "Deployment"},
		},
	}
}
