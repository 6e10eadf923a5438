package main

// fleet is the dashboard of many deployments, for those who run them all. A row leads to
// the overview of its deployment.
func fleet() board {
	return board{
		file: "fleet.json", uid: "redis-sentinel-fleet", title: "Fleet",
		description: "Which of many deployments are not well? A row for each, the worst first; a job whose targets have no label deployment is one.",
		inBar:       []string{"job", "deployment"},
		rows: []row{
			{panels: fleetNow()},
			{title: "In the time that is shown", panels: fleetOverTime()},
		},
	}
}

// withVerdict counts the deployments that have it.
func withVerdict(status string) string {
	return "sum((" + verdicts() + ") == bool " + status + ")"
}

func fleetNow() []panel {
	const width, height = 4, 3
	count := func(id uint32, title, color, expr, description string) panel {
		return panel{
			id: id, kind: stats, title: title, width: width, height: height, unit: "none", description: description,
			states: []state{{0, "none", good}}, levels: levels(good, level{1, color}), queries: []query{{expr: expr}},
		}
	}
	return []panel{
		{
			id: 1, kind: stats, title: "Deployments", width: width, height: height, unit: "none",
			description: "Those that Prometheus has targets of, or had in the time that is shown.",
			queries:     []query{{expr: "count(" + verdicts() + ")"}},
		},
		count(2, "Critical", bad, withVerdict("2"), "Deployments on which something critical is found."),
		count(3, "Unknown", unknown, withVerdict("1.5"), "Deployments of which nobody can tell whether they are well: no exporter can be scraped, or nobody who answers can decide."),
		count(4, "Warning", warn, withVerdict("1"), "Deployments on which something is found that is not critical."),
		count(5, "Masters down", bad, "count("+mastersDown+") or 0 * count(redis_sentinel_master_ok{MASTER})",
			"Masters of all deployments that a quorum considers down, or most of the Sentinels that answer."),
		count(6, "Cannot fail over", bad, "sum(1 - max by (MASTER) (redis_sentinel_master_failover_possible{MASTER}))",
			"Masters of all deployments that no Sentinel could fail over if they died now."),
		deploymentsTable(),
	}
}

// deploymentsTable is one line for each deployment.
func deploymentsTable() panel {
	const masters = "count by (JOB) (count by (MASTER) (redis_sentinel_master_ok{MASTER}))"
	return panel{
		id: 10, kind: table, title: "Deployments", width: gridWidth, height: 16, unit: "none", noValue: "no exporter is known",
		description: "Each deployment as it is now, the worst first. Spare: how many more Sentinels can fail before its first master cannot be failed over.",
		first:       "Health",
		queries: []query{
			{expr: verdicts()},
			{expr: masters},
			{expr: "count by (JOB) (" + mastersDown + ") or 0 * " + masters},
			{expr: "sum by (JOB) (1 - max by (MASTER) (redis_sentinel_master_failover_possible{MASTER}))"},
			{expr: "min by (JOB) (max by (MASTER) (redis_sentinel_master_quorum_margin{MASTER}))"},
			{expr: "count by (JOB) (redis_sentinel_up{SENTINEL})"},
			{expr: "sum by (JOB) (1 - redis_sentinel_up{SENTINEL})"},
			{expr: "sum by (JOB) (" + switches("$__range") + ")"},
		},
		columns: []column{
			{of: "deployment", title: "Deployment", links: []target{toDeployment()}, width: 150},
			{of: valueOf(0), title: "Health", states: statuses(), width: 84},
			{of: valueOf(2), title: "Masters down", levels: levels(good, level{1, bad}), width: 120},
			{of: valueOf(3), title: "Cannot fail over", levels: levels(good, level{1, bad}), width: 130},
			{of: valueOf(4), title: "Spare", levels: levels(bad, level{0, warn}, level{1, good}), width: 76},
			{of: valueOf(6), title: "Silent Sentinels", levels: levels(good, level{1, warn}), width: 130},
			{of: valueOf(5), title: "Sentinels", width: 96},
			{of: valueOf(1), title: "Masters", width: 86},
			{of: valueOf(7), title: "Failovers", width: 96},
			{of: "job", title: "Job", links: []target{toJob()}},
		},
	}
}

func fleetOverTime() []panel {
	return []panel{
		{
			id: 11, kind: timeline, title: "Health", width: gridWidth, height: 9, unit: "none", states: statuses(), noValue: fine,
			description: "The worst that the checks found on each deployment that was once not well in the time that is shown.",
			queries: []query{{ever(
				"max by (JOB) ("+ranked("redis_sentinel_deployment_check_status{CHECKS}")+")", "JOB",
				"max by (JOB) (max_over_time(redis_sentinel_deployment_check_status{CHECKS}[$__range] @ end())) > 0",
			), "({{job}}) {{deployment}}"}},
		},
		{
			id: 12, kind: series, title: "Not well", width: 12, height: 7, unit: "none",
			description: "How many deployments have each verdict but OK.",
			colors:      map[string]string{"critical": bad, "unknown": unknown, "warning": warn},
			queries: []query{
				{withVerdict("2"), "critical"}, {withVerdict("1.5"), "unknown"}, {withVerdict("1"), "warning"},
			},
		},
		{
			id: 13, kind: series, title: "Failovers", width: 12, height: 7, unit: "none", bars: true, noValue: "none, as far as anybody saw",
			description: "Switches of the masters of each deployment, as the Sentinels published them.",
			queries: []query{{
				"sum by (JOB) (max by (MASTER) (" + grown(`redis_sentinel_events_total{MASTER, event="+switch-master"}`, "[$__rate_interval]") + ")) > 0", "({{job}}) {{deployment}}",
			}},
		},
	}
}
