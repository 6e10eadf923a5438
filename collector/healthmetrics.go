package collector

import (
	"cmp"
	"slices"
	"strings"

	"redis_sentinel_exporter/health"
)

// A healthRow is the report on one master.
type healthRow struct{ *health.MasterReport }

func healthTable() table[healthRow] {
	return table[healthRow]{
		section: sectionDeployment,
		labels:  []label[healthRow]{{labelMaster, func(r *healthRow) string { return r.Name }}},
		rows:    healthRows,
		metrics: []metric[healthRow]{{
			name:  "deployment_master_health",
			help:  "The worst result of the checks on the master: 0 ok, 1 warning, 2 critical, 3 if nobody who answered can tell. Absent while no Sentinel that answers monitors it.",
			value: func(r *healthRow) (float64, bool) { return float64(r.Status), true },
		}, {
			name:  "deployment_host_loss",
			help:  "Hosts whose loss alone the master would not survive: no failover could complete, or no Sentinel would be left to name a node to write to (see can-stop). Absent while the master is down or a failover is in progress, if all is on one loopback address, and if it is not known of a host and certain of none, as when not all Sentinels are asked.",
			value: hostLoss,
		}},
	}
}

func hostLoss(r *healthRow) (float64, bool) {
	if r.HostLoss == nil {
		return unknown()
	}
	return count(*r.HostLoss)
}

func healthRows(v *input) []healthRow {
	rows := make([]healthRow, len(v.report.Masters))
	for i := range rows {
		rows[i] = healthRow{&v.report.Masters[i]}
	}
	return rows
}

// A checkRow is the result of one check.
type checkRow struct {
	master string
	result *health.Result
	named  bool // see namedChecks
}

// checkTable has the checks on the deployment with an empty master name. A master can have
// an empty name, too, but its checks have other names.
func checkTable() table[checkRow] {
	return table[checkRow]{
		section: sectionDeployment,
		labels: []label[checkRow]{
			{labelMaster, func(r *checkRow) string { return r.master }},
			{"check", func(r *checkRow) string { return r.result.Check }},
		},
		rows: func(v *input) []checkRow { return checkRows(v, false) },
		loud: func(v *input) []checkRow { return checkRows(v, true) },
		metrics: []metric[checkRow]{{
			name:   "deployment_check_status",
			help:   "Result of a check: 0 ok, 1 warning, 2 critical, 3 if nobody who answered can tell. Those on the deployment have an empty master_name. The checks are listed in docs/checks.md; " + strings.Join(namedChecks(), ", ") + " are there also while they are ok, since alerts name them.",
			value:  func(r *checkRow) (float64, bool) { return float64(r.result.Status), true },
			quiet:  when(float64(health.OK)),
			always: func(r *checkRow) bool { return r.named },
		}},
	}
}

// checkRows returns the rows in the order of the text, by check first. That saves sorting
// them, of which there are many. The loud ones are those that are named or not ok.
func checkRows(v *input, onlyLoud bool) []checkRow {
	type about struct {
		master string
		checks []health.Result
	}
	deployment, masters, ill := []about{{"", v.report.Checks}}, make([]about, len(v.report.Masters)), []about(nil)
	for i := range masters {
		m := &v.report.Masters[i]
		masters[i] = about{m.Name, m.Checks}
		if m.Status != health.OK {
			ill = append(ill, masters[i])
		}
	}
	type column struct { // of one check, which is at the same place of all
		of, ill []about
		place   int
	}
	var columns []column
	for place := range v.report.Checks {
		columns = append(columns, column{deployment, deployment, place})
	}
	if len(masters) > 0 {
		for place := range masters[0].checks {
			columns = append(columns, column{masters, ill, place})
		}
	}
	slices.SortFunc(columns, func(a, b column) int {
		return cmp.Compare(a.of[0].checks[a.place].Check, b.of[0].checks[b.place].Check)
	})
	named := namedChecks()
	rows := make([]checkRow, 0, len(named)*len(masters)+len(columns)*(1+len(ill)))
	for _, c := range columns {
		isNamed := slices.Contains(named, c.of[0].checks[c.place].Check)
		of := c.of
		if onlyLoud && !isNamed {
			of = c.ill
		}
		for i := range of {
			if r := &of[i].checks[c.place]; !onlyLoud || isNamed || r.Status != health.OK {
				rows = append(rows, checkRow{of[i].master, r, isNamed})
			}
		}
	}
	return rows
}

// namedChecks are those that alerts and runbooks ask for by their names.
func namedChecks() []string {
	return []string{"failover_loses_data", "master_emptied", "master_paused", "master_refuses_writes", "master_reset_again", "no_named_master", "node_listed_twice", "replica_lagging", "replica_told_again", "sentinel_restart_fails", "shared_node"}
}
