package collector

import "redis_sentinel_exporter/health"

// A healthRow is the verdict on one master.
type healthRow struct{ *health.Master }

func healthTable() table[healthRow] {
	return table[healthRow]{
		section: sectionDeployment,
		labels:  []label[healthRow]{{labelMaster, func(r *healthRow) string { return r.Name }}},
		rows:    healthRows,
		metrics: []metric[healthRow]{{
			name:  "deployment_master_health",
			help:  "The worst that the checks found on the master: 0 ok, 1 warning, 2 critical, 3 nobody who answered can tell.",
			value: func(r *healthRow) (float64, bool) { return float64(r.Status), true },
		}},
	}
}

func healthRows(v *view) []healthRow {
	rows := make([]healthRow, len(v.report.Masters))
	for i := range rows {
		rows[i] = healthRow{&v.report.Masters[i]}
	}
	return rows
}

// A checkRow is how one check came out.
type checkRow struct {
	master string
	result *health.Result
}

// checkTable has the checks on the deployment with an empty name of the master.
// A master may have the empty name, too; its checks are others.
func checkTable() table[checkRow] {
	return table[checkRow]{
		section: sectionDeployment,
		labels: []label[checkRow]{
			{labelMaster, func(r *checkRow) string { return r.master }},
			{"check", func(r *checkRow) string { return r.result.Check }},
		},
		rows: checkRows,
		metrics: []metric[checkRow]{{
			name:  "deployment_check_status",
			help:  "How a check came out: 0 ok, 1 warning, 2 critical, 3 nobody who answered can tell. Each check of docs/checks.md is always there; master_name is empty for those on the deployment.",
			value: func(r *checkRow) (float64, bool) { return float64(r.result.Status), true },
		}},
	}
}

func checkRows(v *view) []checkRow {
	rows := make([]checkRow, 0, len(v.report.Checks)+len(v.report.Masters)*len(health.Checks()))
	add := func(master string, results []health.Result) {
		for i := range results {
			rows = append(rows, checkRow{master, &results[i]})
		}
	}
	add("", v.report.Checks)
	for i := range v.report.Masters {
		m := &v.report.Masters[i]
		add(m.Name, m.Checks)
	}
	return rows
}
