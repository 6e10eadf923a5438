package canstop_test

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/sentinel"
)

// A site makes snapshots of Sentinels that all see the same.
type site struct {
	master    string
	replicas  []string
	sentinels []string
	masters   int // how many are monitored that are placed alike, each with ports of its own; default 1
}

// on is an address on the same host, another one for each master.
func on(addr string, k int) string {
	host, port, _ := net.SplitHostPort(addr)
	n, _ := strconv.Atoi(port)
	return net.JoinHostPort(host, strconv.Itoa(n+k))
}

func instance(addr, runID string, flags sentinel.Flags) sentinel.Instance {
	host, port, _ := net.SplitHostPort(addr)
	return sentinel.Instance{Name: addr, Host: host, Port: port, Addr: addr, RunID: runID, Flags: flags}
}

func (s site) snapshots() []*sentinel.Snapshot {
	var snapshots []*sentinel.Snapshot
	for i, addr := range s.sentinels {
		snapshot := &sentinel.Snapshot{Sentinel: addr, ID: fmt.Sprintf("s%d", i), Info: &sentinel.Info{}}
		for k := range max(1, s.masters) {
			m := sentinel.Master{
				Instance: instance(on(s.master, k), fmt.Sprintf("m%d", k), sentinel.FlagMaster), RoleReported: sentinel.RoleMaster,
				Quorum: sentinel.Some(int64(len(s.sentinels)/2 + 1)), NumOtherSentinels: sentinel.Some(int64(len(s.sentinels) - 1)),
				NumReplicas: sentinel.Some(int64(len(s.replicas))),
			}
			m.Name = fmt.Sprintf("m%d", k)
			for n, replica := range s.replicas {
				m.Replicas = append(m.Replicas, sentinel.Replica{
					Instance:     instance(on(replica, k), fmt.Sprintf("r%d-%d", k, n), sentinel.FlagReplica),
					RoleReported: sentinel.RoleReplica, MasterLinkUp: true, MasterLinkDownTime: sentinel.Some(time.Duration(0)), Priority: sentinel.Some(int64(100)),
				})
			}
			for n, peer := range s.sentinels {
				if n != i {
					m.Peers = append(m.Peers, sentinel.Peer{Instance: instance(peer, fmt.Sprintf("s%d", n), sentinel.FlagSentinel)})
				}
			}
			snapshot.Masters = append(snapshot.Masters, m)
		}
		snapshots = append(snapshots, snapshot)
	}
	return snapshots
}

// TestHosts: which addresses are one host decides. A guess is never a yes.
func TestHosts(t *testing.T) {
	t.Parallel()
	three := site{master: "10.0.0.1:6379", replicas: []string{"10.0.0.2:6379", "10.0.0.3:6379"}, sentinels: []string{"10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"}}
	named := site{master: "redis-0:6379", replicas: []string{"redis-1:6379", "redis-2:6379"}, sentinels: three.sentinels}
	for _, test := range []struct {
		name  string
		site  site
		alter func([]*sentinel.Snapshot)
		hosts canstop.HostMap
		ask   string
		want  canstop.Verdict
	}{
		{"one of three", three, nil, nil, "10.0.0.2", canstop.Yes},
		{"IPv4 in IPv6", three, nil, nil, "::ffff:10.0.0.2", canstop.Yes},
		{"two of three", three, nil, nil, "10.0.0.1 10.0.0.2", canstop.No},
		{"a host that holds nothing", three, nil, nil, "10.0.0.9", canstop.Yes},
		{"a name that nothing connects with an address", three, nil, nil, "db1", canstop.Unknown},
		{"nodes by name, Sentinels by address", named, nil, nil, "10.0.0.1", canstop.Unknown},
		{"the same, and it decides", named, nil, nil, "redis-0 redis-1", canstop.Unknown},
		{"the map says which", named, nil, canstop.HostMap{
			"redis-0": "a", "redis-1": "b", "redis-2": "c", "10.0.0.1": "a", "10.0.0.2": "b", "10.0.0.3": "c",
		}, "a b", canstop.No},
		{"the map says which, and all is well", named, nil, canstop.HostMap{
			"redis-0": "a", "redis-1": "b", "redis-2": "c", "10.0.0.1": "a", "10.0.0.2": "b", "10.0.0.3": "c",
		}, "a", canstop.Yes},
		{"the map by port", three, nil, canstop.HostMap{"10.0.0.2:6379": "x", "10.0.0.3:6379": "x", "10.0.0.1": "x"}, "x", canstop.No},
		{"the run id says that a name is an address", named, func(snapshots []*sentinel.Snapshot) {
			// One Sentinel has resolved the names, and says where each node is.
			m := &snapshots[0].Masters[0]
			m.Instance = instance("10.0.0.1:6379", m.RunID, m.Flags)
			m.Name = "m0"
			for i := range m.Replicas {
				r := &m.Replicas[i]
				r.Instance = instance(fmt.Sprintf("10.0.0.%d:6379", 2+i), r.RunID, r.Flags)
			}
		}, nil, "redis-0 redis-1", canstop.No},
		{"the other form of a name", site{master: "redis-0.redis:6379", replicas: []string{"redis-1.redis:6379", "redis-2.redis:6379"}, sentinels: []string{"redis-0.redis.db:26379", "redis-1.redis.db:26379", "redis-2.redis.db:26379"}}, nil, nil, "redis-0.redis redis-1.redis", canstop.Unknown},
		{"asked through a forwarded port, announced elsewhere", three, func(snapshots []*sentinel.Snapshot) {
			for i, s := range snapshots {
				s.Sentinel = fmt.Sprintf("127.0.0.1:%d", 5000+i)
			}
		}, nil, "10.0.0.1 10.0.0.2", canstop.No},
		{"priority 0 on the only other host", three, func(snapshots []*sentinel.Snapshot) {
			for _, s := range snapshots {
				s.Masters[0].Replicas = s.Masters[0].Replicas[:1]
				s.Masters[0].NumReplicas = sentinel.Some(int64(1))
				s.Masters[0].Replicas[0].Priority = sentinel.Some(int64(0))
			}
		}, nil, "10.0.0.1", canstop.No},
		{"a replica that is not listed", three, func(snapshots []*sentinel.Snapshot) {
			for _, s := range snapshots {
				s.Masters[0].Replicas = nil
			}
		}, nil, "10.0.0.1", canstop.Unknown},
		{"a Sentinel that its peers see, and we do not", three, func(snapshots []*sentinel.Snapshot) {
			*snapshots[1] = sentinel.Snapshot{Sentinel: snapshots[1].Sentinel, Err: sentinel.ErrNoSuchMaster}
		}, nil, "10.0.0.1", canstop.Unknown},
		{"a Sentinel in TILT is one less that agrees", three, func(snapshots []*sentinel.Snapshot) {
			snapshots[1].Info.Tilt = sentinel.Some(true)
		}, nil, "10.0.0.1", canstop.No},
		{"the master is down as it is", three, func(snapshots []*sentinel.Snapshot) {
			for _, s := range snapshots {
				s.Masters[0].Flags |= sentinel.FlagSDown | sentinel.FlagODown
			}
		}, nil, "10.0.0.3", canstop.No},
		{"only an empty replica is left", three, func(snapshots []*sentinel.Snapshot) {
			for _, s := range snapshots {
				for i := range s.Masters[0].Replicas {
					r := &s.Masters[0].Replicas[i]
					r.MasterLinkUp, r.MasterLinkDownTime, r.ReplOffset = false, sentinel.Duration{}, sentinel.Some(int64(0))
				}
			}
		}, nil, "10.0.0.1", canstop.No},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			snapshots := test.site.snapshots()
			if test.alter != nil {
				test.alter(snapshots)
			}
			got, err := canstop.NewLayout(snapshots, test.hosts).Ask(strings.Fields(test.ask)...)
			if err != nil || got.Verdict != test.want {
				t.Errorf("got %s, want %s (%v): %+v", got.Verdict, test.want, err, got)
			}
		})
	}
}

// TestOverview: a pair that must not go together, and an order of restarts.
func TestOverview(t *testing.T) {
	t.Parallel()
	five := site{master: "10.0.0.1:6379", replicas: []string{"10.0.0.2:6379"}, sentinels: []string{"10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379", "10.0.0.4:26379", "10.0.0.5:26379"}}
	o, err := canstop.NewLayout(five.snapshots(), nil).Overview()
	if err != nil {
		t.Fatal(err)
	}
	var pairs, steps []string
	for _, p := range o.Pairs {
		pairs = append(pairs, strings.Join(p.Hosts, "+"))
	}
	for _, s := range o.Drain {
		steps = append(steps, string(s.Action)+" "+s.Host)
	}
	if got, want := strings.Join(pairs, " "), "10.0.0.1+10.0.0.2"; got != want {
		t.Errorf("got the pairs %s, want %s", got, want)
	}
	want := "restart 10.0.0.2, restart 10.0.0.3, restart 10.0.0.4, restart 10.0.0.5, failover 10.0.0.1, restart 10.0.0.1"
	if got := strings.Join(steps, ", "); got != want {
		t.Errorf("got the steps %s, want %s", got, want)
	}
}

// BenchmarkOverview answers for 5 hosts and their pairs, of 1,000 masters.
func BenchmarkOverview(b *testing.B) {
	snapshots := site{
		master: "10.0.0.1:6379", replicas: []string{"10.0.0.2:6379", "10.0.0.3:6379"}, masters: 1000,
		sentinels: []string{"10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379", "10.0.0.4:26379", "10.0.0.5:26379"},
	}.snapshots()
	for b.Loop() {
		if _, err := canstop.NewLayout(snapshots, nil).Overview(); err != nil {
			b.Fatal(err)
		}
	}
}

// TestFailoverCommand: a command that is pasted means the master, whatever its name looks like.
func TestFailoverCommand(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"orders":     "redis_sentinel_exporter failover orders",
		"two words":  "redis_sentinel_exporter failover 'two words'",
		"--for-real": "redis_sentinel_exporter failover -- --for-real",
	} {
		three := site{master: "10.0.0.1:6379", replicas: []string{"10.0.0.2:6379"}, sentinels: []string{"10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"}}
		snapshots := three.snapshots()
		for _, s := range snapshots {
			s.Masters[0].Name = name
		}
		step, err := canstop.NewLayout(snapshots, nil).Next([]string{"10.0.0.2", "10.0.0.3"})
		if err != nil || step.Command != want {
			t.Errorf("%q: got %q and the error %v, want %q", name, step.Command, err, want)
		}
	}
}

// TestUnheard: what is known of before a restart does not count.
func TestUnheard(t *testing.T) {
	t.Parallel()
	three := site{master: "10.0.0.1:6379", replicas: []string{"10.0.0.2:6379"}, sentinels: []string{"10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"}}
	for _, test := range []struct {
		name  string
		alter func(*sentinel.Master)
		want  string
	}{
		{"all is new", func(m *sentinel.Master) { m.Replicas[0].InfoRefresh = sentinel.Some(time.Second) }, ""},
		{"the replica", func(m *sentinel.Master) { m.Replicas[0].InfoRefresh = sentinel.Some(8 * time.Second) }, "Sentinel 10.0.0.1:26379 has had no INFO from 10.0.0.2:6379 since"},
		{"one that is down anyway", func(m *sentinel.Master) {
			m.Replicas[0].InfoRefresh, m.Replicas[0].Flags = sentinel.Some(8*time.Second), sentinel.FlagReplica|sentinel.FlagSDown
		}, ""},
		{"the master", func(m *sentinel.Master) { m.InfoRefresh = sentinel.Some(8 * time.Second) }, "Sentinel 10.0.0.1:26379 has had no INFO from 10.0.0.1:6379 since"},
		{"a Sentinel", func(m *sentinel.Master) { m.Peers[1].LastOKPingReply = sentinel.Some(8 * time.Second) }, "Sentinel 10.0.0.1:26379 has not heard from Sentinel 10.0.0.3:26379 since"},
	} {
		snapshots := three.snapshots()
		test.alter(&snapshots[0].Masters[0])
		if got := canstop.Unheard(snapshots, 2*time.Second); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
