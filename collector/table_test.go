package collector

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, d := range descriptions(tables(everything())) {
		if seen[d.name] {
			t.Errorf("%s stands in the tables twice", d.name)
		}
		seen[d.name] = true
	}
}

func TestDescriptions(t *testing.T) {
	t.Parallel()
	for _, d := range descriptions(tables(everything())) {
		if d.help == "" || !strings.HasSuffix(d.help, ".") || strings.ContainsAny(d.help, "|\n\\") {
			t.Errorf("%s: help %q is no sentence of one line for a Markdown table", d.name, d.help)
		}
		if counts := strings.HasSuffix(d.name, "_total"); counts != (d.kind == "counter") {
			t.Errorf("%s is a %s", d.name, d.kind)
		}
		if !slices.IsSorted(d.labels) || len(slices.Compact(slices.Clone(d.labels))) != len(d.labels) {
			t.Errorf("%s: labels %q are not sorted and unique", d.name, d.labels)
		}
		if hasInfo := strings.HasSuffix(d.name, "info"); !hasInfo && slices.ContainsFunc(d.labels, onlyOnInfo) {
			t.Errorf("%s: labels %q: some of them are for an info metric", d.name, d.labels)
		}
	}
}

// onlyOnInfo reports whether the value of a label changes in the life of what the
// series is about.
func onlyOnInfo(label string) bool {
	return slices.Contains([]string{"address", "run_id", "sentinel_id", "version", "product", "role", "replication_id"}, label)
}

// The names are a contract with dashboards and alerts: this list is written by
// hand.
func TestAllMetricsOfTheDesign(t *testing.T) {
	t.Parallel()
	want := strings.Fields(`
		up scrape_duration_seconds command_success command_errors_total info
		masters tilt tilt_seconds tilts_total running_scripts scripts_queue_length simulate_failure_flags
		uptime_seconds connected_clients max_clients rejected_connections_total connections_received_total
		commands_processed_total cpu_seconds_total

		master_info master_ok master_sdown master_odown master_disconnected master_failover_in_progress
		master_role_mismatch master_sdown_seconds master_odown_seconds master_failover_state
		master_last_ok_ping_reply_seconds master_last_ping_reply_seconds
		master_config_epoch master_replicas master_ok_replicas master_promotable_replicas
		master_sentinels master_ok_sentinels master_quorum master_down_after_seconds
		master_failover_timeout_seconds master_parallel_syncs master_quorum_ok master_quorum_reachable
		master_majority_reachable master_usable_sentinels master_quorum_margin master_failover_possible

		replica_info replica_ok replica_sdown replica_disconnected replica_link_up replica_link_down_seconds
		replica_priority replica_lag_bytes replica_promotable replica_role_mismatch
		replica_wrong_master replica_info_refresh_seconds

		peer_info peer_ok peer_sdown peer_disconnected peer_last_hello_seconds

		deployment_sentinels deployment_sentinels_up deployment_master_addresses 
		deployment_master_health deployment_host_loss deployment_check_status

		events_total event_stream_up event_stream_losses_total failover_duration_seconds last_switch_timestamp_seconds
		deployment_old_master_writable_seconds_total

		node_info node_replication_offset_bytes node_info_age_seconds
	`)
	var got []string
	for _, d := range descriptions(tables(everything())) {
		got = append(got, strings.TrimPrefix(d.name, "redis_sentinel_"))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// A row of the tests below.
type fruit struct {
	name, color string
	weight      float64
}

// One line adds a metric, and the table need not be in any order.
func TestTable(t *testing.T) {
	t.Parallel()
	rows := []fruit{{"pear", "green", 2}, {"apple", "red", -1}, {"pear", "brown", 7}}
	g := anyTableOf(table[fruit]{
		labels: []label[fruit]{{"name", func(f *fruit) string { return f.name }}},
		rows:   func(*input) []fruit { return rows },
		metrics: []metric[fruit]{
			{name: "grams", help: "Weight.", value: func(f *fruit) (float64, bool) { return f.weight, f.weight >= 0 }},
			{name: "eaten_total", help: "Eaten.", kind: counter, value: func(*fruit) (float64, bool) { return 3, true }},
			{name: "fruit_info", help: "Color.", value: always[fruit], info: []label[fruit]{
				{"taste", func(*fruit) string { return "sweet" }},
				{"color", func(f *fruit) string { return f.color }},
			}},
			{name: "stones", help: "None has one.", value: func(*fruit) (float64, bool) { return unknown() }},
		},
	})
	want := `# HELP redis_sentinel_grams Weight.
# TYPE redis_sentinel_grams gauge
redis_sentinel_grams{name="pear"} 2
# HELP redis_sentinel_eaten_total Eaten.
# TYPE redis_sentinel_eaten_total counter
redis_sentinel_eaten_total{name="apple"} 3
redis_sentinel_eaten_total{name="pear"} 3
# HELP redis_sentinel_fruit_info Color.
# TYPE redis_sentinel_fruit_info gauge
redis_sentinel_fruit_info{color="red",name="apple",taste="sweet"} 1
redis_sentinel_fruit_info{color="green",name="pear",taste="sweet"} 1
`
	var got strings.Builder
	w := newTextWriter()
	w.out = &got
	for _, f := range g.families(&input{}, &memory{}) {
		f.write(w)
	}
	w.flush()
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A table declares its labels in any order: newGroup must not reorder the
// caller's.
func TestAnyTableKeepsItsArgument(t *testing.T) {
	t.Parallel()
	labels := []label[fruit]{{name: "z"}, {name: "a"}}
	anyTableOf(table[fruit]{labels: labels})
	if labels[0].name != "z" {
		t.Error("the labels given were sorted in place")
	}
}
