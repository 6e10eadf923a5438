package canstop_test

import (
	"fmt"
	"strings"
	"testing"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// TestHostLoss: the hosts that must not be lost, and the cheapest remedy.
func TestHostLoss(t *testing.T) {
	t.Parallel()
	two := []string{"10.0.0.1:26379", "10.0.0.1:26380", "10.0.0.2:26379"}
	for _, test := range []struct {
		name  string
		site  site
		alter func([]*sentinel.Snapshot)
		hosts canstop.HostMap
		want  string // host, whether each process on it may be lost, and the remedy
	}{
		{"each on its own", site{master: "10.0.0.1:6379", replicas: []string{"10.0.0.2:6379", "10.0.0.3:6379"}, sentinels: []string{"10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"}}, nil, nil, "none"},
		{"two of three Sentinels, and somewhere to go", site{master: "10.0.0.1:6379", replicas: []string{"10.0.0.2:6379"}, sentinels: two}, nil, nil,
			"10.0.0.1 true: fail over to [10.0.0.2:6379]"},
		{"and nowhere", site{master: "10.0.0.1:6379", replicas: []string{"10.0.0.1:6380"}, sentinels: two}, nil, nil,
			"10.0.0.1 true: move one of its Sentinels to another host; add a replica on another host"},
		{"five Sentinels, four of them there", site{master: "10.0.0.1:6379", replicas: []string{"10.0.0.1:6380", "10.0.0.2:6379"},
			sentinels: []string{"10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3", "10.0.0.1:4", "10.0.0.2:1"}},
			func(all []*sentinel.Snapshot) {
				for _, s := range all {
					s.Masters[0].Replicas[1].Priority = sentinel.Some(int64(0))
				}
			}, nil,
			"10.0.0.1 true: move 2 of its Sentinels to other hosts; let 10.0.0.2:6379 be promoted: its replica-priority is 0"},
		{"a quorum of all", site{master: "10.0.0.1:6379", replicas: []string{"10.0.0.2:6379", "10.0.0.3:6379"}, sentinels: []string{"10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"}},
			func(all []*sentinel.Snapshot) {
				for _, s := range all {
					s.Masters[0].Quorum = sentinel.Some(int64(3))
				}
			}, nil,
			"10.0.0.1 true: set the quorum to 2, the majority, on every Sentinel"},
		{"one process is too much", site{master: "10.0.0.1:6379", sentinels: []string{"10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"}}, nil, nil,
			"10.0.0.1 false: add a replica on another host"},
		{"loopback", site{master: "127.0.0.1:6379", replicas: []string{"127.0.0.1:6380"}, sentinels: []string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"}}, nil, nil, "not known"},
		{"and what is called so", site{master: "localhost:6379", replicas: []string{"[::1]:6380"}, sentinels: []string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"}}, nil, nil, "not known"},
		{"on one machine, by the map", site{master: "127.0.0.1:6379", replicas: []string{"127.0.0.1:6380"}, sentinels: []string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"}}, nil,
			canstop.HostMap{"127.0.0.1": "rack"}, "rack true: move 2 of its Sentinels to other hosts; add a replica on another host"},
		{"names and addresses", site{master: "redis-0:6379", replicas: []string{"redis-1:6379"}, sentinels: []string{"10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"}}, nil, nil, "not known"},
		{"it is down", site{master: "10.0.0.1:6379", replicas: []string{"10.0.0.2:6379"}, sentinels: two}, func(all []*sentinel.Snapshot) {
			for _, s := range all {
				s.Masters[0].Flags |= sentinel.FlagSDown | sentinel.FlagODown
			}
		}, nil, "not known"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			snapshots := test.site.snapshots()
			if test.alter != nil {
				test.alter(snapshots)
			}
			loss := canstop.LayoutOf(deployment.ByMaster(snapshots), snapshots, test.hosts).HostLoss(0)
			got := "none"
			switch {
			case !loss.Known:
				got = "not known"
			case len(loss.Hosts) > 0:
				var lines []string
				for _, h := range loss.Hosts {
					remedy := strings.Join(h.Remedies, "; ")
					if len(h.FailOverTo) > 0 {
						remedy = fmt.Sprintf("fail over to %v", h.FailOverTo)
					}
					lines = append(lines, fmt.Sprintf("%s %t: %s", h.Host, h.Together, remedy))
				}
				got = strings.Join(lines, "\n")
			}
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
