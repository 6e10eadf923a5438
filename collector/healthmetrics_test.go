package collector

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// A check has the status of the report; one that is ok is there only if alerts name it.
func TestCheckStatus(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		snapshots []*sentinel.Snapshot
		masters   []string
		not       map[string]int // the checks that are not ok
	}{
		{"one Sentinel", []*sentinel.Snapshot{healthy()}, []string{"mymaster"}, nil},
		{"TILT", []*sentinel.Snapshot{tilted(ms(12_500))}, []string{"mymaster"},
			map[string]int{
				"sentinel_tilt": 1, "master_odown": 3, "master_sdown": 3, "agreement_missing": 3,
				"quorum_unreachable": 3, "majority_unreachable": 3, "quorum_fragile": 3,
			}},
		{"two masters", []*sentinel.Snapshot{named("a", "b\xff")}, []string{"a", `b\xff`}, map[string]int{"shared_node": 2}},
		{"nobody", []*sentinel.Snapshot{failed(sentinel.ReasonTimeout, sentinel.CommandInfo, sentinel.CommandMasters)}, nil,
			map[string]int{
				"sentinel_unreachable": 2, "no_masters": 3, "sentinel_id_duplicate": 3, "sentinel_tilt": 3,
				"sentinel_clients_near_limit": 3, "sentinel_scripts_backlog": 3, "failure_simulation": 3,
			}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var want []string
			for _, c := range health.Checks() {
				masters := tc.masters
				if !c.PerMaster {
					masters = []string{""}
				}
				named := strings.Contains(" failover_loses_data master_emptied master_paused master_refuses_writes master_reset_again no_named_master node_listed_twice replica_lagging replica_told_again sentinel_restart_fails shared_node ", " "+c.Name+" ")
				if tc.not[c.Name] == 0 && !named {
					continue
				}
				for _, m := range masters {
					want = append(want, fmt.Sprintf("%s %s %d", c.Name, m, tc.not[c.Name]))
				}
			}
			slices.Sort(want)
			var got []string
			for _, f := range families(t, New(Options{}), tc.snapshots) {
				if f.GetName() != "redis_sentinel_deployment_check_status" {
					continue
				}
				for _, m := range f.Metric {
					got = append(got, fmt.Sprintf("%s %s %v", m.Label[0].GetValue(), m.Label[1].GetValue(), m.GetGauge().GetValue()))
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestHostLoss: the number is that of the report, and absent where nobody can tell.
func TestHostLoss(t *testing.T) {
	t.Parallel()
	snapshots := []*sentinel.Snapshot{healthy()}
	for name, n := range map[string]*int{"two": new(2), "none": new(0), "not known": nil} {
		report := health.Assess(snapshots, nil)
		report.Masters[0].HostLoss = n
		var b strings.Builder
		if err := New(Options{}).WriteText(&b, Page{Snapshots: snapshots, Report: &report}); err != nil {
			t.Fatal(err)
		}
		line := `redis_sentinel_deployment_host_loss{master_name="mymaster"}`
		if n == nil {
			if strings.Contains(b.String(), line) {
				t.Errorf("%s: there is a sample", name)
			}
		} else if line += fmt.Sprintf(" %d\n", *n); !strings.Contains(b.String(), line) {
			t.Errorf("%s: there is no %s", name, line)
		}
	}
}

// TestLoudRowsOfChecks: to make only the loud rows is to leave the others out.
func TestLoudRowsOfChecks(t *testing.T) {
	t.Parallel()
	down := healthy()
	down.Masters[0].Flags |= sentinel.FlagSDown | sentinel.FlagODown
	for name, snapshots := range map[string][]*sentinel.Snapshot{"well": {healthy()}, "down": {down}, "nobody": nil} {
		report := health.Assess(snapshots, nil)
		v := newInput(snapshots, &report)
		checks := compiledTable[checkRow]{table: checkTable()}
		got, want := checks.loud(v), checks.loudRows(checks.rows(v))
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(checkRow{})); diff != "" {
			t.Errorf("%s: %d rows (-want +got):\n%s", name, len(got), diff)
		}
	}
}
