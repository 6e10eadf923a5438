package deployment_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// entry is a node at an address, with the run id of its process.
func entry(host, runID string) sentinel.Instance {
	return sentinel.Instance{Host: host, Port: "6379", Addr: host + ":6379", RunID: runID}
}

// seeing is a Sentinel with a master and its replicas.
func seeing(master sentinel.Instance, replicas ...sentinel.Instance) deployment.View {
	m := &sentinel.Master{Instance: master}
	for _, r := range replicas {
		m.Replicas = append(m.Replicas, sentinel.Replica{Instance: r})
	}
	return deployment.View{Master: m, Snapshot: &sentinel.Snapshot{}}
}

// TestByReplicaKnowsProcesses: one replica by name and by IP address is one, but not to a
// Sentinel that has it twice.
func TestByReplicaKnowsProcesses(t *testing.T) {
	t.Parallel()
	master := entry("10.0.0.10", "m")
	byName, byIP, other := entry("redis-1", "a"), entry("10.0.0.11", "a"), entry("10.0.0.12", "b")
	for _, tc := range []struct {
		name  string
		views []deployment.View
		want  [][]string // addresses
	}{
		{"named differently", []deployment.View{seeing(master, other, byName), seeing(master, byIP, other)},
			[][]string{{"10.0.0.12:6379", "10.0.0.12:6379"}, {"redis-1:6379", "10.0.0.11:6379"}}},
		{"listed twice by one", []deployment.View{seeing(master, byName, byIP), seeing(master, byIP)},
			[][]string{{"10.0.0.11:6379", "10.0.0.11:6379"}, {"redis-1:6379"}}},
		{"before the first INFO", []deployment.View{seeing(master, entry("redis-1", "")), seeing(master, entry("10.0.0.11", ""))},
			[][]string{{"10.0.0.11:6379"}, {"redis-1:6379"}}},
	} {
		var got [][]string
		for _, group := range deployment.ByReplica(tc.views) {
			var addrs []string
			for _, r := range group {
				addrs = append(addrs, r.Addr)
			}
			got = append(got, addrs)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

// TestMostNameOneNode: those who name one node at different addresses are of one opinion.
func TestMostNameOneNode(t *testing.T) {
	t.Parallel()
	right, alias, wrong := entry("10.0.0.10", "m"), entry("redis-0", "m"), entry("10.0.0.66", "x")
	views := []deployment.View{seeing(wrong), seeing(wrong), seeing(right), seeing(alias), seeing(right)}
	var got []string
	for _, v := range deployment.Authoritative(views) {
		got = append(got, v.Addr)
	}
	if diff := cmp.Diff([]string{"10.0.0.10:6379", "redis-0:6379", "10.0.0.10:6379"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := deployment.Authoritative(append(views, seeing(wrong), seeing(wrong))); got[0].Addr != wrong.Addr || len(got) != 4 {
		t.Errorf("four against three: %d name %s", len(got), got[0].Addr)
	}
}
