package collector

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"redis_sentinel_exporter/sentinel"
)

func everything() Options { return Options{Replicas: true, Peers: true, InfoCache: true, Events: true} }

// A scenario is what some Sentinels say, and all samples that the metrics named
// shall have of it: a metric without a line must have none.
type scenario struct {
	name      string
	options   Options
	snapshots []*sentinel.Snapshot
	metrics   string // their names without the prefix, "x*" for all that begin with x; empty means all
	want      string // in the order of the text format; empty where it is in testdata
}

// wanted returns the lines of the samples.
func (sc scenario) wanted(t *testing.T) []string {
	t.Helper()
	if sc.want != "" {
		return strings.Split(strings.Trim(sc.want, "\n"), "\n")
	}
	name := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(sc.name), "-"), "-")
	text, err := os.ReadFile(filepath.Join("testdata", name+".prom"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func scenarios() []scenario {
	return []scenario{
		{
			name:      "healthy",
			options:   Options{Replicas: true, Peers: true},
			snapshots: []*sentinel.Snapshot{healthy()},
		},
		{
			name:      "replicas and peers off",
			snapshots: []*sentinel.Snapshot{healthy()},
			metrics:   "replica_* peer_* node_* master_ok_* master_promotable_*",
			want: `
redis_sentinel_master_ok_replicas{master_name="mymaster",sentinel="10.0.0.1:26379"} 2
redis_sentinel_master_ok_sentinels{master_name="mymaster",sentinel="10.0.0.1:26379"} 3
redis_sentinel_master_promotable_replicas{master_name="mymaster",sentinel="10.0.0.1:26379"} 1
`,
		},
		{
			name: "a replica that is not announced",
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				m.Replicas, m.NumReplicas = []sentinel.Replica{}, num(1)
			})},
			metrics: "master_replicas master_ok_replicas master_promotable_replicas master_failover_possible",
			want: `
redis_sentinel_master_ok_replicas{master_name="mymaster",sentinel="10.0.0.1:26379"} 0
redis_sentinel_master_replicas{master_name="mymaster",sentinel="10.0.0.1:26379"} 1
`,
		},
		{
			// The first Sentinel leads and already gives the promoted replica's
			// address to clients, the second has switched.
			name:      "failing over",
			options:   everything(),
			snapshots: []*sentinel.Snapshot{leader(), follower()},
			metrics:   "master_info master_ok* master_sdown* master_odown* master_failover_* master_config_epoch replica_role_mismatch replica_wrong_master deployment_*",
		},
		{
			name:    "failover step unknown",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				m.Flags |= sentinel.FlagFailoverInProgress
				m.FailoverState = sentinel.FailoverUnknown
			})},
			metrics: "master_failover_in_progress master_failover_state",
			want: `
redis_sentinel_master_failover_in_progress{master_name="mymaster",sentinel="10.0.0.1:26379"} 1
`,
		},
		{
			name:    "replica dead",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				r := &m.Replicas[0]
				r.Flags |= sentinel.FlagSDown | sentinel.FlagDisconnected
				r.LastOKPingReply, r.InfoRefresh, r.LinkPendingCommands = ms(40829), ms(49479), num(3)
			})},
			metrics: "replica_* master_replicas master_ok_replicas master_promotable_replicas master_failover_possible",
		},
		{
			name:      "Sentinel dead",
			options:   everything(),
			snapshots: []*sentinel.Snapshot{failed(sentinel.ReasonUnreachable, sentinel.CommandInfo, sentinel.CommandMyID, sentinel.CommandMasters)},
		},
		{
			name:      "credentials refused",
			options:   Options{Replicas: true, Peers: true},
			snapshots: []*sentinel.Snapshot{failed(sentinel.ReasonAuth, sentinel.CommandInfo, sentinel.CommandMyID, sentinel.CommandMasters), healthy()},
			metrics:   "up info masters command_success deployment_*",
		},
		{
			name:      "TILT",
			options:   everything(),
			snapshots: []*sentinel.Snapshot{tilted(ms(12_500)), at("10.0.0.2:26379", tilted(sentinel.Duration{}))},
			metrics:   "tilt* master_ok master_failover_possible master_quorum_ok",
		},
		{
			name:      "REPLICAS, SENTINELS and CKQUORUM not permitted",
			options:   everything(),
			snapshots: []*sentinel.Snapshot{notPermitted()},
			metrics:   "up command_success replica_* peer_* master_replicas master_ok* master_promotable_* master_sentinels master_quorum* master_majority_* master_usable_* master_failover_possible",
		},
		{
			name:    "INFO not permitted",
			options: everything(),
			snapshots: func() []*sentinel.Snapshot {
				s := healthy()
				s.Info = nil
				fail(s, sentinel.ReasonPermission, sentinel.CommandInfo)
				return []*sentinel.Snapshot{s}
			}(),
			metrics: "up info masters tilt* cpu_* running_* scripts_* simulate_* uptime_* connected_* max_* rejected_* connections_* commands_* master_failover_possible master_quorum_ok",
			want: `
redis_sentinel_info{product="",sentinel="10.0.0.1:26379",sentinel_id="1111111111111111111111111111111111111111",version=""} 1
redis_sentinel_master_quorum_ok{master_name="mymaster",sentinel="10.0.0.1:26379"} 1
redis_sentinel_up{sentinel="10.0.0.1:26379"} 1
`,
		},
		{
			name:    "no quorum",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				for i := range m.Peers {
					m.Peers[i].Flags |= sentinel.FlagSDown
				}
				m.CKQuorum = &sentinel.CKQuorum{Usable: 1, QuorumReachable: true}
				m.Quorum = num(1)
			})},
			metrics: "peer_ok peer_sdown master_quorum* master_majority_* master_usable_* master_sentinels master_ok_sentinels master_failover_possible",
		},
		{
			// CKQUORUM counts a peer whose link is just being made again.
			name:    "peer reconnects",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				m.Peers = m.Peers[:1]
				m.Peers[0].Flags |= sentinel.FlagDisconnected
			})},
			metrics: "peer_ok peer_disconnected",
			want: `
redis_sentinel_peer_disconnected{master_name="mymaster",peer="10.0.0.2:26379",sentinel="10.0.0.1:26379"} 1
`,
		},
		{
			name:      "replica never informed",
			options:   everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) { m.Replicas = []sentinel.Replica{neverInformed()} })},
			metrics:   "replica_*",
			want: `
redis_sentinel_replica_info{master_name="mymaster",replica="10.0.0.11:6379",run_id="",sentinel="10.0.0.1:26379"} 1
redis_sentinel_replica_ok{master_name="mymaster",replica="10.0.0.11:6379",sentinel="10.0.0.1:26379"} 0
redis_sentinel_replica_promotable{master_name="mymaster",replica="10.0.0.11:6379",sentinel="10.0.0.1:26379"} 0
`,
		},
		{
			// Informed, but the link to its master was never up.
			name:    "replica never linked",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				m.Replicas = m.Replicas[:1]
				m.Replicas[0].MasterLinkUp = false
				m.Replicas[0].MasterLinkDownTime = sentinel.Duration{}
			})},
			metrics: "replica_link_up replica_link_down_seconds replica_ok",
			want: `
redis_sentinel_replica_link_up{master_name="mymaster",replica="10.0.0.11:6379",sentinel="10.0.0.1:26379"} 0
redis_sentinel_replica_ok{master_name="mymaster",replica="10.0.0.11:6379",sentinel="10.0.0.1:26379"} 0
`,
		},
		{
			name:    "replica cut off",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				m.Replicas[1].MasterLinkUp = false
				m.Replicas[1].MasterLinkDownTime = ms(7000)
			})},
			metrics: "replica_link_up replica_link_down_seconds replica_lag_bytes",
			want: `
redis_sentinel_replica_lag_bytes{master_name="mymaster",replica="10.0.0.11:6379",sentinel="10.0.0.1:26379"} 0
redis_sentinel_replica_lag_bytes{master_name="mymaster",replica="10.0.0.12:6379",sentinel="10.0.0.1:26379"} 472
redis_sentinel_replica_link_down_seconds{master_name="mymaster",replica="10.0.0.12:6379",sentinel="10.0.0.1:26379"} 7
redis_sentinel_replica_link_up{master_name="mymaster",replica="10.0.0.11:6379",sentinel="10.0.0.1:26379"} 1
redis_sentinel_replica_link_up{master_name="mymaster",replica="10.0.0.12:6379",sentinel="10.0.0.1:26379"} 0
`,
		},
		{
			// The third name is what the first would be if its bytes were escaped
			// without escaping backslashes.
			name:      "names that are not valid UTF-8",
			options:   everything(),
			snapshots: []*sentinel.Snapshot{named("\xff", "\xfe\\", `\xff`, `C:\redis`, "a,b=\"c\"\n", "")},
			metrics:   "master_ok deployment_master_addresses",
		},
		{
			name:    "two peers and two replicas at one address",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				for i := range m.Peers {
					m.Peers[i].Host, m.Peers[i].Port, m.Peers[i].Addr = "", "0", ":0"
				}
				for i := range m.Replicas {
					r := &m.Replicas[i]
					r.Host, r.Addr, r.Name = "", ":6379", ":6379"
				}
			})},
			metrics: "peer_info peer_ok replica_info replica_ok",
			want: `
redis_sentinel_peer_info{master_name="mymaster",peer=":0",sentinel="10.0.0.1:26379",sentinel_id="2222222222222222222222222222222222222222"} 1
redis_sentinel_replica_info{master_name="mymaster",replica=":6379",run_id="bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",sentinel="10.0.0.1:26379"} 1
redis_sentinel_replica_ok{master_name="mymaster",replica=":6379",sentinel="10.0.0.1:26379"} 1
`,
		},
		{
			name:      "one Sentinel twice",
			snapshots: []*sentinel.Snapshot{healthy(), healthy()},
			metrics:   "up master_ok",
			want: `
redis_sentinel_master_ok{master_name="mymaster",sentinel="10.0.0.1:26379"} 1
redis_sentinel_up{sentinel="10.0.0.1:26379"} 1
`,
		},
		{
			name:      "IPv6",
			options:   everything(),
			snapshots: []*sentinel.Snapshot{at("[2001:db8::1]:26379", overIPv6())},
			metrics:   "master_info master_ok replica_ok replica_wrong_master peer_ok deployment_master_addresses",
			want: `
redis_sentinel_deployment_master_addresses{master_name="mymaster"} 1
redis_sentinel_master_info{address="[2001:db8::10]:6379",master_name="mymaster",run_id="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",sentinel="[2001:db8::1]:26379"} 1
redis_sentinel_master_ok{master_name="mymaster",sentinel="[2001:db8::1]:26379"} 1
redis_sentinel_replica_ok{master_name="mymaster",replica="[2001:db8::11]:6379",sentinel="[2001:db8::1]:26379"} 1
`,
		},
		{
			// Only what every version sends, and what counting gives.
			name:      "fields absent",
			options:   everything(),
			snapshots: []*sentinel.Snapshot{bare()},
		},
		{
			// The first two monitor another master too, the third holds a stale view,
			// and the one that failed does not count.
			name:    "Sentinels disagree",
			options: everything(),
			snapshots: []*sentinel.Snapshot{
				named("other", "mymaster"),
				at("10.0.0.2:26379", named("mymaster", "other")),
				at("10.0.0.3:26379", with(func(m *sentinel.Master) {
					m.Addr, m.Host, m.RunID, m.ConfigEpoch = "10.0.0.11:6379", "10.0.0.11", "another process", num(3)
				})),
				failed(sentinel.ReasonTimeout, sentinel.CommandMasters),
			},
			metrics: "deployment_*",
			want: `
redis_sentinel_deployment_master_addresses{master_name="mymaster"} 2
redis_sentinel_deployment_master_addresses{master_name="other"} 1
redis_sentinel_deployment_master_health{master_name="mymaster"} 2
redis_sentinel_deployment_master_health{master_name="other"} 2
redis_sentinel_deployment_sentinels 4
redis_sentinel_deployment_sentinels_up 3
`,
		},
		{
			// The master is ahead of both replicas, one node is not known any more,
			// and one was never reached.
			name:    "INFO-CACHE",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				m.Cache = []sentinel.CachedInfo{
					{RunID: runReplica, Age: ms(8936), Version: "7.2.5", Product: "redis", Role: "slave", ReplicationID: "feed", ReplOffset: num(2472)},
					{RunID: runMaster, Age: ms(9041), Version: "8.0.1", Product: "valkey", Role: "master", ReplicationID: "feed", ReplOffset: num(2500)},
					{RunID: "dddd", Age: ms(1), Version: "7.2.5", Product: "redis", Role: "slave", ReplOffset: num(9999)},
					{Age: ms(0)},
				}
			})},
			metrics: "node_* replica_lag_bytes",
			want: `
redis_sentinel_node_info{master_name="mymaster",node="10.0.0.10:6379",product="valkey",replication_id="feed",role="master",sentinel="10.0.0.1:26379",version="8.0.1"} 1
redis_sentinel_node_info{master_name="mymaster",node="10.0.0.11:6379",product="redis",replication_id="feed",role="slave",sentinel="10.0.0.1:26379",version="7.2.5"} 1
redis_sentinel_node_info_age_seconds{master_name="mymaster",node="10.0.0.10:6379",sentinel="10.0.0.1:26379"} 9.041
redis_sentinel_node_info_age_seconds{master_name="mymaster",node="10.0.0.11:6379",sentinel="10.0.0.1:26379"} 8.936
redis_sentinel_node_replication_offset_bytes{master_name="mymaster",node="10.0.0.10:6379",sentinel="10.0.0.1:26379"} 2500
redis_sentinel_node_replication_offset_bytes{master_name="mymaster",node="10.0.0.11:6379",sentinel="10.0.0.1:26379"} 2472
redis_sentinel_replica_lag_bytes{master_name="mymaster",replica="10.0.0.11:6379",sentinel="10.0.0.1:26379"} 28
redis_sentinel_replica_lag_bytes{master_name="mymaster",replica="10.0.0.12:6379",sentinel="10.0.0.1:26379"} 500
`,
		},
		{
			// After a switch the master's INFO is still that of the old one, which is a
			// replica now and has an INFO of its own as well.
			name:    "INFO-CACHE with two INFOs of one process",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				m.Cache = []sentinel.CachedInfo{
					{RunID: runReplica, Age: ms(4000), Role: "master"}, {RunID: runReplica, Age: ms(300), Role: "slave"}, {RunID: runReplica, Age: ms(5000), Role: "master"},
				}
			})},
			metrics: "node_*",
			want: `
redis_sentinel_node_info{master_name="mymaster",node="10.0.0.11:6379",product="",replication_id="",role="slave",sentinel="10.0.0.1:26379",version=""} 1
redis_sentinel_node_info_age_seconds{master_name="mymaster",node="10.0.0.11:6379",sentinel="10.0.0.1:26379"} 0.3
`,
		},
		{
			// After a node came back at another address Sentinel knows its process
			// at both: the dead one keeps the run id.
			name:    "INFO-CACHE of a process at two addresses",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				m.Replicas[0].Flags |= sentinel.FlagSDown
				m.Replicas[1].RunID = runReplica
				m.Cache = []sentinel.CachedInfo{{RunID: runReplica, Age: ms(1000)}}
			})},
			metrics: "node_*",
			want: `
redis_sentinel_node_info{master_name="mymaster",node="10.0.0.12:6379",product="",replication_id="",role="",sentinel="10.0.0.1:26379",version=""} 1
redis_sentinel_node_info_age_seconds{master_name="mymaster",node="10.0.0.12:6379",sentinel="10.0.0.1:26379"} 1
`,
		},
		{
			// Sentinel was told of a master that it has never reached.
			name:    "master never informed",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				m.RunID, m.InfoRefresh = "", ms(0)
				m.Replicas, m.NumReplicas = nil, num(0)
				m.Cache = []sentinel.CachedInfo{{Age: ms(0), ReplOffset: num(1)}}
			})},
			metrics: "master_info master_replicas master_ok_replicas master_promotable_replicas master_failover_possible replica_* node_*",
			want: `
redis_sentinel_master_failover_possible{master_name="mymaster",sentinel="10.0.0.1:26379"} 0
redis_sentinel_master_info{address="10.0.0.10:6379",master_name="mymaster",run_id="",sentinel="10.0.0.1:26379"} 1
redis_sentinel_master_ok_replicas{master_name="mymaster",sentinel="10.0.0.1:26379"} 0
redis_sentinel_master_promotable_replicas{master_name="mymaster",sentinel="10.0.0.1:26379"} 0
redis_sentinel_master_replicas{master_name="mymaster",sentinel="10.0.0.1:26379"} 0
`,
		},
		{
			// A switch makes Sentinel forget run ids, not the age of the last INFO.
			name:    "just switched",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				m.RunID = ""
				m.Replicas = m.Replicas[:1]
				m.Replicas[0].RunID = ""
				m.Cache = []sentinel.CachedInfo{{Age: ms(0), ReplOffset: num(9999)}}
			})},
			metrics: "replica_lag_bytes replica_link_up node_*",
			want: `
redis_sentinel_replica_lag_bytes{master_name="mymaster",replica="10.0.0.11:6379",sentinel="10.0.0.1:26379"} 0
redis_sentinel_replica_link_up{master_name="mymaster",replica="10.0.0.11:6379",sentinel="10.0.0.1:26379"} 1
`,
		},
		{
			name:      "master says it is a replica",
			options:   everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) { m.RoleReported = "slave" })},
			metrics:   "master_ok master_role_mismatch",
			want: `
redis_sentinel_master_ok{master_name="mymaster",sentinel="10.0.0.1:26379"} 1
redis_sentinel_master_role_mismatch{master_name="mymaster",sentinel="10.0.0.1:26379"} 1
`,
		},
		{
			name:    "REPLICAS not permitted",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				m.Replicas, m.ReplicasErr = nil, errors.New("NOPERM")
			})},
			metrics: "master_quorum_ok master_failover_possible replica_*",
			want: `
redis_sentinel_master_quorum_ok{master_name="mymaster",sentinel="10.0.0.1:26379"} 1
`,
		},
		{
			name:    "TILT not told",
			options: everything(),
			snapshots: func() []*sentinel.Snapshot {
				s := healthy()
				s.Info.Tilt = sentinel.Optional[bool]{}
				return []*sentinel.Snapshot{s}
			}(),
			metrics: "tilt tilt_seconds masters master_failover_possible",
			want: `
redis_sentinel_masters{sentinel="10.0.0.1:26379"} 1
`,
		},
		{
			// One reconnects, the other is stopped: its connection stays.
			name:    "replicas not ok",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				m.Replicas[0].Flags |= sentinel.FlagDisconnected
				m.Replicas[1].Flags |= sentinel.FlagSDown
			})},
			metrics: "replica_ok replica_sdown replica_disconnected replica_link_up master_ok_replicas",
			want: `
redis_sentinel_master_ok_replicas{master_name="mymaster",sentinel="10.0.0.1:26379"} 0
redis_sentinel_replica_disconnected{master_name="mymaster",replica="10.0.0.11:6379",sentinel="10.0.0.1:26379"} 1
redis_sentinel_replica_link_up{master_name="mymaster",replica="10.0.0.11:6379",sentinel="10.0.0.1:26379"} 1
redis_sentinel_replica_ok{master_name="mymaster",replica="10.0.0.11:6379",sentinel="10.0.0.1:26379"} 0
redis_sentinel_replica_ok{master_name="mymaster",replica="10.0.0.12:6379",sentinel="10.0.0.1:26379"} 0
redis_sentinel_replica_sdown{master_name="mymaster",replica="10.0.0.12:6379",sentinel="10.0.0.1:26379"} 1
`,
		},
		{
			name:    "a dead master on which nobody agrees",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				m.Flags |= sentinel.FlagSDown
				m.SDownTime = ms(38_000)
			})},
			metrics: "master_quorum_ok master_failover_possible",
			want: `
redis_sentinel_master_failover_possible{master_name="mymaster",sentinel="10.0.0.1:26379"} 0
redis_sentinel_master_quorum_ok{master_name="mymaster",sentinel="10.0.0.1:26379"} 1
`,
		},
		{
			name:    "a dead master on which they are about to agree",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				m.Flags |= sentinel.FlagSDown
				m.SDownTime = ms(2000)
				for i := range m.Replicas {
					m.Replicas[i].InfoRefresh = ms(1000)
				}
			})},
			metrics: "master_failover_possible",
			want: `
redis_sentinel_master_failover_possible{master_name="mymaster",sentinel="10.0.0.1:26379"} 1
`,
		},
		{
			name:    "an old master that loads its data",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				m.Replicas[0].RoleReported, m.Replicas[1].RoleReported = "master", "master"
				m.Cache = []sentinel.CachedInfo{{RunID: m.Replicas[0].RunID, Age: ms(1000), Loading: true}}
			})},
			metrics: "replica_role_mismatch",
			want: `
redis_sentinel_replica_role_mismatch{master_name="mymaster",replica="10.0.0.12:6379",sentinel="10.0.0.1:26379"} 1
`,
		},
		{
			// What a replica is behind a dead master would be lost.
			name:    "INFO-CACHE of a dead master",
			options: everything(),
			snapshots: []*sentinel.Snapshot{with(func(m *sentinel.Master) {
				m.Flags |= sentinel.FlagSDown
				m.Cache = []sentinel.CachedInfo{{RunID: runMaster, Age: ms(60_000), ReplOffset: num(9999)}}
			})},
			metrics: "replica_lag_bytes node_info_age_seconds",
			want: `
redis_sentinel_node_info_age_seconds{master_name="mymaster",node="10.0.0.10:6379",sentinel="10.0.0.1:26379"} 60
redis_sentinel_replica_lag_bytes{master_name="mymaster",replica="10.0.0.11:6379",sentinel="10.0.0.1:26379"} 7527
redis_sentinel_replica_lag_bytes{master_name="mymaster",replica="10.0.0.12:6379",sentinel="10.0.0.1:26379"} 7999
`,
		},
		{
			// What came before the failure is not to be trusted.
			name:    "masters of a Sentinel that is not up",
			options: everything(),
			snapshots: func() []*sentinel.Snapshot {
				s := healthy()
				fail(s, sentinel.ReasonProtocol, sentinel.CommandMasters)
				return []*sentinel.Snapshot{s}
			}(),
			metrics: "up master_* replica_* peer_* deployment_*",
			want: `
redis_sentinel_deployment_sentinels 1
redis_sentinel_deployment_sentinels_up 0
redis_sentinel_up{sentinel="10.0.0.1:26379"} 0
`,
		},
		{
			name:      "nobody asked",
			options:   everything(),
			snapshots: nil,
			want: `
redis_sentinel_deployment_sentinels 0
redis_sentinel_deployment_sentinels_up 0
`,
		},
	}
}

func leader() *sentinel.Snapshot {
	return with(func(m *sentinel.Master) {
		m.Flags |= sentinel.FlagSDown | sentinel.FlagODown | sentinel.FlagFailoverInProgress
		m.FailoverState = sentinel.FailoverReconfReplicas
		m.SDownTime, m.ODownTime, m.ConfigEpoch = ms(1177), ms(1076), num(5)
		m.Replicas[0].Flags |= sentinel.FlagPromoted
		m.Replicas[0].RoleReported = "master"
		m.Replicas[1].MasterHost = "10.0.0.11"
	})
}

func follower() *sentinel.Snapshot {
	s := at("10.0.0.2:26379", healthy())
	m := &s.Masters[0]
	m.Host, m.Addr, m.RunID, m.ConfigEpoch = "10.0.0.11", "10.0.0.11:6379", "", num(5)
	m.Replicas = []sentinel.Replica{healthyReplica("10.0.0.12:6379", runReserve, 2000)}
	return s
}

func at(addr string, s *sentinel.Snapshot) *sentinel.Snapshot {
	s.Sentinel = addr
	return s
}

func tilted(since sentinel.Duration) *sentinel.Snapshot {
	s := healthy()
	s.Info.Tilt, s.Info.TiltSince = sentinel.Some(true), since
	return s
}

func notPermitted() *sentinel.Snapshot {
	s := healthy()
	fail(s, sentinel.ReasonPermission, sentinel.CommandReplicas, sentinel.CommandSentinels, sentinel.CommandCKQuorum)
	m := &s.Masters[0]
	m.Replicas, m.ReplicasErr = nil, s.Failures[0].Err
	m.Peers, m.PeersErr = nil, s.Failures[1].Err
	m.CKQuorum, m.CKQuorumErr = nil, s.Failures[2].Err
	return s
}

func neverInformed() sentinel.Replica {
	r := healthyReplica("10.0.0.11:6379", "", 0)
	r.InfoRefresh, r.MasterLinkUp, r.MasterHost, r.MasterPort = ms(0), false, "?", "0"
	return r
}

func named(names ...string) *sentinel.Snapshot {
	s := healthy()
	s.Masters = nil
	for _, name := range names {
		m := healthyMaster()
		m.Name = name
		s.Masters = append(s.Masters, m)
	}
	return s
}

func overIPv6() *sentinel.Snapshot {
	return with(func(m *sentinel.Master) {
		m.Host, m.Addr = "2001:db8::10", "[2001:db8::10]:6379"
		r := healthyReplica("[2001:db8::11]:6379", runReplica, 1)
		r.MasterHost = "2001:db8::10"
		m.Replicas = []sentinel.Replica{r}
		m.Peers = []sentinel.Peer{healthyPeer("[2001:db8::2]:26379", idTwo)}
	})
}

func bare() *sentinel.Snapshot {
	m := sentinel.Master{
		Instance: instance("10.0.0.10:6379", runMaster, sentinel.FlagMaster|sentinel.FlagSDown),
		Replicas: []sentinel.Replica{{Instance: instance("10.0.0.11:6379", runReplica, sentinel.FlagReplica)}},
		Peers:    []sentinel.Peer{{Instance: instance("10.0.0.2:26379", idTwo, sentinel.FlagSentinel)}},
	}
	m.Name = "mymaster"
	return &sentinel.Snapshot{
		Sentinel: "10.0.0.1:26379",
		Duration: time.Millisecond,
		Info:     &sentinel.Info{},
		Masters:  []sentinel.Master{m},
	}
}

// A pattern that fits no metric would hide what it was meant to show.
func TestScenariosNameMetrics(t *testing.T) {
	t.Parallel()
	all := descriptions(tables(everything()))
	for _, sc := range scenarios() {
		for pattern := range strings.FieldsSeq(sc.metrics) {
			if !slices.ContainsFunc(all, func(d description) bool { return fits(d.name, pattern) }) {
				t.Errorf("%s: %q fits no metric", sc.name, pattern)
			}
		}
	}
}

func TestFamilies(t *testing.T) {
	t.Parallel()
	for _, sc := range scenarios() {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			got := samples(text(t, New(sc.options), sc.snapshots), strings.Fields(sc.metrics))
			want := sc.wanted(t)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("samples (-want +got):\n%s", diff)
			}
		})
	}
}

// samples returns the lines of the text format that are samples of the metrics
// named.
func samples(text string, names []string) []string {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if !strings.HasPrefix(line, "#") && wanted(line, names) {
			lines = append(lines, line)
		}
	}
	return lines
}

func wanted(line string, patterns []string) bool {
	name := line[:strings.IndexAny(line, "{ ")]
	switch name {
	case "redis_sentinel_command_errors_total", "redis_sentinel_deployment_check_status": // their many zeros have tests of their own
		return false
	}
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool { return fits(name, p) })
}

func fits(name, pattern string) bool {
	if start, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, prefix+start)
	}
	return name == prefix+pattern
}

func TestCommandErrors(t *testing.T) {
	t.Parallel()
	s := failed(sentinel.ReasonAuth, sentinel.CommandInfo, sentinel.CommandMyID, sentinel.CommandMasters)
	s.ErrorTotals[sentinel.CommandMasters][sentinel.ReasonTimeout] = 41
	var got []string
	for line := range strings.Lines(text(t, New(Options{}), []*sentinel.Snapshot{s})) {
		if rest, ok := strings.CutPrefix(line, "redis_sentinel_command_errors_total"); ok {
			got = append(got, strings.TrimSpace(rest))
		}
	}
	var want []string
	for _, command := range []string{"ckquorum", "info", "masters", "myid", "replicas", "sentinels"} {
		for _, reason := range []string{"auth", "other", "permission", "protocol", "timeout", "tls", "unreachable"} {
			n := 0
			switch command + " " + reason {
			case "info auth", "masters auth", "myid auth":
				n = 1
			case "masters timeout":
				n = 41
			case "ckquorum unreachable", "ckquorum timeout", "ckquorum tls", "ckquorum auth":
			default:
				if reason != "permission" {
					continue
				}
			}
			want = append(want, fmt.Sprintf(`{command="%s",reason="%s",sentinel="10.0.0.9:26379"} %d`, command, reason, n))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("command_errors_total (-want +got):\n%s", diff)
	}
}

// The registry is not used to make metrics, but its checks hold for them: that
// names, types, labels and UTF-8 are right and no series comes twice.
func TestFamiliesPassTheRegistrysChecks(t *testing.T) {
	t.Parallel()
	for _, sc := range scenarios() {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			gatherer := prometheus.Gatherers{prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
				return families(t, New(sc.options), sc.snapshots), nil
			})}
			if _, err := gatherer.Gather(); err != nil {
				t.Error(err)
			}
			problems, err := testutil.GatherAndLint(gatherer)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range problems {
				t.Errorf("%s: %s", p.Metric, p.Text)
			}
		})
	}
}

// TestTextIsAsPrometheusWritesIt: what Prometheus' own parser reads in the text
// is written by Prometheus' own encoder in the same words, but for the numbers,
// which are read to be the same.
func TestTextIsAsPrometheusWritesIt(t *testing.T) {
	t.Parallel()
	for _, sc := range scenarios() {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			if diff := asPrometheusWrites(t, text(t, New(sc.options), sc.snapshots)); diff != "" {
				t.Errorf("(-Prometheus +written):\n%s", diff)
			}
		})
	}
}

func asPrometheusWrites(t *testing.T, text string) (diff string) {
	t.Helper()
	var again strings.Builder
	for _, f := range read(t, text) {
		if _, err := expfmt.MetricFamilyToText(&again, f); err != nil {
			t.Fatal(err)
		}
	}
	return cmp.Diff(withNumbers(t, again.String()), withNumbers(t, text))
}

// withNumbers reads the number at the end of each sample.
func withNumbers(t *testing.T, text string) []string {
	t.Helper()
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		end := strings.LastIndexByte(line, ' ')
		if end < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		value, err := strconv.ParseFloat(line[end+1:], 64)
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = line[:end+1] + strconv.FormatFloat(value, 'g', -1, 64)
	}
	return lines
}

func TestFamiliesTwiceAtOnce(t *testing.T) {
	t.Parallel()
	c := New(everything())
	snapshots := []*sentinel.Snapshot{leader(), follower()}
	var wg sync.WaitGroup
	texts := make([]string, 4)
	for i := range texts {
		wg.Go(func() {
			for range 20 {
				texts[i] = text(t, c, snapshots)
			}
		})
	}
	wg.Wait()
	for _, other := range texts[1:] {
		if diff := cmp.Diff(texts[0], other); diff != "" {
			t.Errorf("one call differs from another:\n%s", diff)
		}
	}
}

// Sentinel lists in the order of a hash table, so the order must not matter.
func TestFamiliesDoNotDependOnOrder(t *testing.T) {
	t.Parallel()
	c := New(everything())
	a, b := named("x", "y", "z"), at("10.0.0.2:26379", named("y", "z", "x"))
	want := text(t, c, []*sentinel.Snapshot{a, b})
	for _, s := range []*sentinel.Snapshot{a, b} {
		slices.Reverse(s.Masters)
		for i := range s.Masters {
			slices.Reverse(s.Masters[i].Replicas)
			slices.Reverse(s.Masters[i].Peers)
		}
	}
	if diff := cmp.Diff(want, text(t, c, []*sentinel.Snapshot{b, a})); diff != "" {
		t.Errorf("(-in order +reversed):\n%s", diff)
	}
}
