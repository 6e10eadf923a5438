package main

func masterFailovers() []panel {
	return []panel{
		{
			id: 24, kind: series, title: "Failovers", width: 12, height: 7, unit: "none", bars: true, noValue: "none, as far as anybody saw",
			description: "Switches to another node, and failovers that were given up. Every Sentinel publishes a switch, only the one that gave up an abort.",
			queries: []query{
				{`max by (MASTER) (` + grown(`redis_sentinel_events_total{MASTER, event="+switch-master"}`, "[$__rate_interval]") + `) > 0`, "switched " + byMaster},
				{`sum by (MASTER, event) (` + grown(`redis_sentinel_events_total{MASTER, event=~"-failover-abort-.*"}`, "[$__rate_interval]") + `) > 0`, "{{event}} " + byMaster},
			},
		},
		{
			id: 25, kind: series, title: "How long they took", width: 12, height: 7, unit: "s", bars: true,
			noValue:     "no failover in this time",
			description: "From the first try to the end, on average of those that ended between two points, by how they did. One of which the exporter missed a part is left out.",
			queries: []query{{
				`max by (MASTER, result) (increase(redis_sentinel_failover_duration_seconds_sum{ALL}[$__rate_interval])
/
(increase(redis_sentinel_failover_duration_seconds_count{ALL}[$__rate_interval]) > 0))`, "{{result}} " + byMaster,
			}},
		},
		{
			id: 29, kind: series, title: "Events", width: gridWidth, height: 8, unit: "none", bars: true, noValue: "none, as far as anybody saw",
			description: "What the Sentinels publish about the master and its nodes. A switch ends +odown without -odown.",
			queries:     []query{{"sum by (MASTER, event) (" + counted("redis_sentinel_events_total{MASTER}", "$__rate_interval") + ") > 0", "{{event}} {{master_name}}"}},
		},
	}
}

func masterEpochs() []panel {
	return []panel{
		{
			id: 26, kind: series, title: "Epochs apart", width: 8, height: 7, unit: "none", levels: levels(good, level{1, warn}),
			description: "The highest epoch of a Sentinel less the lowest. Who has a lower one has missed a failover.",
			queries: []query{{
				"max by (MASTER) (redis_sentinel_master_config_epoch{MASTER}) - min by (MASTER) (redis_sentinel_master_config_epoch{MASTER})", byMaster,
			}},
		},
		{
			id: 27, kind: series, title: "Epoch, as each Sentinel has it", width: 8, height: 7, unit: "none",
			description: "The version of the master's configuration; each failover raises it by one or more.",
			queries:     []query{{"redis_sentinel_master_config_epoch{MASTER}", byBoth}},
		},
		{
			id: 28, kind: series, title: "Failovers within an hour", width: 8, height: 7, unit: "none", levels: levels(good, level{3, warn}),
			description: "How often the epoch changed in the hour before, whether or not the events were seen. More than 2 is flapping.",
			queries:     []query{{switches("1h"), byMaster}},
		},
	}
}
