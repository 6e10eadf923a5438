package health

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/sentinel"
)

// tree writes the groups of a report, each consequence indented under its cause.
func tree(groups []Problem) []string {
	var lines []string
	line := func(indent string, f *Finding) {
		words := []string{indent + f.Severity.String()}
		for _, word := range []string{f.Master, f.Check, f.Sentinel, f.Node} {
			if word != "" {
				words = append(words, word)
			}
		}
		lines = append(lines, strings.Join(words, " "))
	}
	for i := range groups {
		line("", &groups[i].Cause)
		for k := range groups[i].Consequences {
			line("  ", &groups[i].Consequences[k])
		}
	}
	return lines
}

// lose makes Sentinels consider one of them down, as they do when it is dead.
func lose(i int, by ...int) func([]*sentinel.Snapshot) {
	return func(all []*sentinel.Snapshot) {
		for _, k := range by {
			m := &all[k].Masters[0]
			for n := range m.Peers {
				if p := &m.Peers[n]; p.Addr == sentinelAddr(i) {
					p.Flags |= sentinel.FlagSDown | sentinel.FlagDisconnected
					p.SDownTime, p.LastHello = ms(40_000), ms(70_000)
				}
			}
			q := m.CKQuorum
			q.Usable--
			q.QuorumReachable, q.MajorityReachable = q.Usable >= m.Quorum.Value, q.Usable > m.Voters().Value/2
		}
	}
}

// cutOffSentinel is the third Sentinel without the others, the master and the replicas.
func cutOffSentinel(all []*sentinel.Snapshot) {
	both(lose(0, 2), lose(1, 2), lose(2, 0, 1))(all)
	m := &all[2].Masters[0]
	m.Flags |= sentinel.FlagSDown
	m.SDownTime = ms(40_000)
	for i := range m.Replicas {
		replicaDead(&m.Replicas[i], 400_000)
	}
}

func TestCauses(t *testing.T) {
	t.Parallel()
	dead := func(i int) func([]*sentinel.Snapshot) {
		return replace(i, silent(i, sentinel.ReasonUnreachable, "connection refused"))
	}
	for _, tc := range []struct {
		name    string
		change  func([]*sentinel.Snapshot)
		summary string // how it begins
		want    []string
	}{
		{"a Sentinel is dead", both(lose(2, 0, 1), dead(2)),
			"WARNING mymaster: Sentinel 10.0.0.3:26379 did not answer: unreachable: connection refused", []string{
				"warning sentinel_unreachable 10.0.0.3:26379",
				"  warning mymaster quorum_fragile",
			}},
		{"we cannot reach a Sentinel that the others reach, and one more", both(lose(1, 0), func(all []*sentinel.Snapshot) {
			all[0].Masters[0].Peers[1].Flags = sentinel.FlagSentinel
		}, dead(1), dead(2)),
			"CRITICAL: Sentinel 10.0.0.2:26379 did not answer: unreachable: connection refused; 2 of 3 Sentinels are unreachable (and 1 more)", []string{
				"critical sentinel_unreachable 10.0.0.2:26379",
				"  warning mymaster quorum_fragile",
				"critical sentinel_unreachable 10.0.0.3:26379",
			}},
		{"two are dead", both(lose(1, 0), lose(2, 0), dead(1), dead(2)),
			"CRITICAL mymaster: Sentinel 10.0.0.2:26379 did not answer: unreachable: connection refused; 2 of 3 Sentinels are unreachable (and 1 more)", []string{
				"critical sentinel_unreachable 10.0.0.2:26379",
				"  critical mymaster quorum_unreachable 10.0.0.1:26379",
				"  critical mymaster majority_unreachable 10.0.0.1:26379",
				"critical sentinel_unreachable 10.0.0.3:26379",
			}},
		{"what was known of a dead master is forgotten, and two Sentinels know one other each", each(func(m *sentinel.Master) {
			m.Flags |= sentinel.FlagSDown | sentinel.FlagODown
			m.SDownTime, m.ODownTime = ms(400_000), ms(399_000)
			m.RunID, m.Replicas, m.NumReplicas = "", nil, num(0)
			m.Peers, m.NumOtherSentinels = m.Peers[:1], num(1)
			m.CKQuorum.Usable = 2
		}), "CRITICAL mymaster: the master 10.0.0.10:6379 has been objectively down (o_down) for 7 min", []string{
			"critical mymaster master_odown 10.0.0.10:6379",
			"  warning mymaster master_sdown 10.0.0.10:6379",
			"critical mymaster replicas_forgotten 10.0.0.10:6379",
			"  critical mymaster no_promotable_replica",
			"  critical mymaster failover_stuck 10.0.0.10:6379",
			"  warning mymaster peers_unknown",
			"  warning mymaster quorum_fragile",
		}},
		{"each Sentinel has a master of its own", parted(0, 0, 5), "CRITICAL mymaster: the Sentinels give clients 3 different masters: 10.0.0.52:6379 with epoch 4 and 5 keys", []string{
			"critical mymaster master_disagreement",
			"  critical mymaster peers_unknown",
			"  critical mymaster quorum_unreachable 10.0.0.1:26379",
			"  critical mymaster quorum_unreachable 10.0.0.2:26379",
			"  critical mymaster quorum_unreachable 10.0.0.3:26379",
			"  critical mymaster no_promotable_replica",
		}},
		{"a master that is a replica, and held down for that", each(func(m *sentinel.Master) {
			down(m)
			m.RoleReported, m.RoleReportedTime = "slave", ms(90_000)
			m.Replicas[0].InfoRefresh, m.Replicas[1].InfoRefresh = ms(900), ms(900)
		}), "CRITICAL mymaster: 10.0.0.10:6379, the master according to Sentinel 10.0.0.1:26379, has said for 90 s that it is a replica", []string{
			"critical mymaster master_role_mismatch 10.0.0.1:26379 10.0.0.10:6379",
			"critical mymaster master_role_mismatch 10.0.0.2:26379 10.0.0.10:6379",
			"critical mymaster master_role_mismatch 10.0.0.3:26379 10.0.0.10:6379",
			"critical mymaster no_named_master",
			"  critical mymaster master_odown 10.0.0.10:6379",
			"  warning mymaster master_sdown 10.0.0.10:6379",
		}},
		{"a balancer for a master", balanced(3_000_000), "CRITICAL mymaster: 10.0.0.10:6379, where the Sentinels monitor the master, is no single server", []string{
			"critical mymaster master_disagreement 10.0.0.10:6379",
			"  critical mymaster master_role_mismatch 10.0.0.2:26379 10.0.0.10:6379",
			"  critical mymaster master_role_mismatch 10.0.0.3:26379 10.0.0.10:6379",
		}},
		{"all other Sentinels' addresses are something else's, and the master is dead", func(all []*sentinel.Snapshot) {
			m := &all[0].Masters[0]
			m.Flags |= sentinel.FlagSDown
			m.SDownTime, m.Peers[0].LastHello, m.Peers[1].LastHello = ms(38_000), ms(40_000), ms(40_000)
			both(replace(1, silent(1, sentinel.ReasonUnreachable, "connection refused")), replace(2, silent(2, sentinel.ReasonUnreachable, "connection refused")))(all)
		}, "CRITICAL mymaster: what answers at 10.0.0.2:26379 does not take part", []string{
			"critical sentinel_unreachable 10.0.0.2:26379",
			"critical sentinel_unreachable 10.0.0.3:26379",
			"critical mymaster ghost_sentinels 10.0.0.2:26379",
			"  critical mymaster agreement_missing 10.0.0.10:6379",
			"  warning mymaster master_sdown 10.0.0.10:6379",
			"critical mymaster ghost_sentinels 10.0.0.3:26379",
		}},
		{"a Sentinel's address is something else's", func(all []*sentinel.Snapshot) {
			all[0].Masters[0].Peers[1].LastHello, all[1].Masters[0].Peers[1].LastHello = ms(40_000), ms(40_000)
			replace(2, silent(2, sentinel.ReasonUnreachable, "connection refused"))(all)
		}, "WARNING mymaster: what answers at 10.0.0.3:26379 does not take part", []string{
			"warning sentinel_unreachable 10.0.0.3:26379",
			"warning mymaster ghost_sentinels 10.0.0.3:26379",
			"  warning mymaster quorum_fragile",
		}},
		{"a replica is dead for long, another one for a moment", each(func(m *sentinel.Master) {
			replicaDead(&m.Replicas[0], 400_000)
			replicaDead(&m.Replicas[1], 2_000)
		}), "CRITICAL mymaster: the replica 10.0.0.11:6379 has been down for 7 min, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379) (and 1 more)", []string{
			"warning mymaster replica_down 10.0.0.11:6379",
			"  critical mymaster no_promotable_replica",
			"  warning mymaster ghost_replicas 10.0.0.11:6379",
			"warning mymaster replica_down 10.0.0.12:6379",
		}},
		{"the replica on another host is dead", both(hosts(func(host string) string {
			if host == "10.0.0.11" {
				return "10.0.0.10"
			}
			return host
		}), each(func(m *sentinel.Master) { replicaDead(&m.Replicas[1], 40_000) })),
			"WARNING mymaster: the replica 10.0.0.12:6379 has been down for 40 s, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379)", []string{
				"warning mymaster replica_down 10.0.0.12:6379",
				"  warning mymaster single_point_of_failure",
			}},
		{"votes are wanted, and a replica is dead", both(hosts(func(host string) string {
			if host == "10.0.0.2" || host == "10.0.0.10" {
				return "10.0.0.1"
			}
			return host
		}), each(func(m *sentinel.Master) { replicaDead(&m.Replicas[1], 40_000) })),
			"WARNING mymaster: the replica 10.0.0.12:6379 has been down for 40 s", []string{
				"warning mymaster replica_down 10.0.0.12:6379",
				"warning mymaster single_point_of_failure",
			}},
		{"a Sentinel has a wrong password", at(1, func(m *sentinel.Master) {
			m.Flags |= sentinel.FlagSDown
			m.SDownTime, m.LastOKPingReply, m.LastPingReply = ms(40_000), ms(70_000), ms(800)
			replicaDead(&m.Replicas[0], 40_000)
		}), "CRITICAL mymaster: the master 10.0.0.10:6379 answers Sentinel 10.0.0.2:26379 with errors", []string{
			"critical mymaster master_answers_errors 10.0.0.2:26379 10.0.0.10:6379",
			"  warning mymaster master_sdown 10.0.0.10:6379",
			"  warning mymaster replica_down 10.0.0.11:6379",
		}},
		{"a wrong password at one, and a replica that others miss as well", both(each(func(m *sentinel.Master) { replicaDead(&m.Replicas[0], 40_000) }),
			at(1, func(m *sentinel.Master) {
				m.Flags |= sentinel.FlagSDown
				m.SDownTime, m.LastOKPingReply, m.LastPingReply = ms(40_000), ms(70_000), ms(800)
			})), "CRITICAL mymaster: the master 10.0.0.10:6379 answers", []string{
			"critical mymaster master_answers_errors 10.0.0.2:26379 10.0.0.10:6379",
			"  warning mymaster master_sdown 10.0.0.10:6379",
			"warning mymaster replica_down 10.0.0.11:6379",
		}},
		{"nobody can take over", each(func(m *sentinel.Master) {
			down(m)
			m.ODownTime = ms(200_000)
			m.Replicas[0].Priority, m.Replicas[1].Priority = num(0), num(0)
		}), "CRITICAL mymaster: the master 10.0.0.10:6379 has been objectively down", []string{
			"critical mymaster master_odown 10.0.0.10:6379",
			"  warning mymaster master_sdown 10.0.0.10:6379",
			"critical mymaster no_promotable_replica",
			"  critical mymaster failover_stuck 10.0.0.10:6379",
		}},
		{"a Sentinel is cut off from all others", cutOffSentinel,
			"WARNING mymaster: Sentinel 10.0.0.3:26379 sees 1 usable Sentinel, and the quorum is 2: it cannot start a failover", []string{
				"warning mymaster quorum_unreachable 10.0.0.3:26379",
				"  warning mymaster majority_unreachable 10.0.0.3:26379",
				"  warning mymaster master_sdown 10.0.0.10:6379",
				"  warning mymaster quorum_fragile",
				"  warning mymaster replica_down 10.0.0.11:6379",
				"  warning mymaster replica_down 10.0.0.12:6379",
			}},
		{"a Sentinel monitors nothing", func(all []*sentinel.Snapshot) { all[2].Masters = nil },
			"CRITICAL mymaster: Sentinel 10.0.0.3:26379 monitors no master", []string{
				"warning no_masters 10.0.0.3:26379",
				"  critical mymaster master_missing 10.0.0.3:26379",
				"  warning mymaster quorum_fragile",
			}},
		{"one group has two names", func(all []*sentinel.Snapshot) {
			for i, s := range all {
				other := healthySentinel(i, 3).Masters[0]
				other.Name = "zzz"
				s.Masters = append(s.Masters, other)
			}
		}, "CRITICAL mymaster: 3 nodes belong to zzz as well: 10.0.0.10:6379, 10.0.0.11:6379, 10.0.0.12:6379", []string{
			"critical mymaster shared_node",
			"  critical zzz shared_node",
		}},
		{"a replica at two addresses, of which a Sentinel misses one", both(each(func(m *sentinel.Master) { m.Replicas[1].RunID = m.Replicas[0].RunID }),
			at(2, func(m *sentinel.Master) { replicaDead(&m.Replicas[1], 40_000) })),
			"CRITICAL mymaster: the replica is listed at 2 addresses, 10.0.0.11:6379 and 10.0.0.12:6379", []string{
				"critical mymaster node_listed_twice",
				"  warning mymaster replica_down 10.0.0.12:6379",
			}},
		{"the master loads its data", each(func(m *sentinel.Master) {
			masterLoads(m, 400)
			for i := range m.Replicas {
				m.Replicas[i].MasterLinkUp, m.Replicas[i].MasterLinkDownTime = false, ms(390_000)
			}
		}), "CRITICAL mymaster: the master 10.0.0.10:6379 has been loading its data for 7 min (37 %)", []string{
			"critical mymaster master_refuses_writes 10.0.0.10:6379",
			"  critical mymaster no_promotable_replica",
		}},
		{"the master wants replicas, and they are down", each(func(m *sentinel.Master) {
			wanting(m)
			for i := range m.Replicas {
				replicaDead(&m.Replicas[i], 40_000)
			}
		}), "CRITICAL mymaster: the replica 10.0.0.11:6379 has been down for 40 s", []string{
			"warning mymaster replica_down 10.0.0.11:6379",
			"  critical mymaster master_refuses_writes 10.0.0.10:6379",
			"  critical mymaster no_promotable_replica",
			"warning mymaster replica_down 10.0.0.12:6379",
		}},
		{"two Sentinels do not reach each other", both(lose(1, 0), lose(0, 1), func(all []*sentinel.Snapshot) {
			all[0].Masters[0].Peers[0].LastHello, all[1].Masters[0].Peers[0].LastHello = ms(900), ms(900)
		}), "WARNING mymaster: Sentinel 10.0.0.1:26379 has had no answer from 10.0.0.2:26379", []string{
			"warning mymaster peers_unreachable 10.0.0.1:26379",
			"  warning mymaster peers_unreachable 10.0.0.2:26379",
		}},
		{"a replica is told again what it does", each(func(m *sentinel.Master) {
			r := &m.Replicas[0]
			m.Replicas, m.NumReplicas = m.Replicas[:1], num(1)
			r.Flags |= sentinel.FlagDisconnected
			r.LastPingReply, r.LastOKPingReply = ms(3000), ms(3000)
			m.Recent = []sentinel.RecentEvent{{Event: sentinel.Event{Name: sentinel.EventFixReplicaConfig, Kind: sentinel.RoleReplica, Address: r.Addr}, Count: 9, First: time.Minute, Last: r.InfoRefresh.Value}}
		}), "CRITICAL mymaster: the replica 10.0.0.11:6379 is told again and again", []string{
			"warning mymaster replica_told_again 10.0.0.11:6379",
			"  critical mymaster no_promotable_replica",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			snapshots := healthy()
			tc.change(snapshots)
			r := Assess(snapshots, nil)
			if diff := cmp.Diff(tc.want, tree(r.Problems())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !strings.HasPrefix(r.Summary, tc.summary) {
				t.Errorf("the summary is\n%s, want\n%s", r.Summary, tc.summary)
			}
		})
	}
}

// TestCauseOfManyMasters: the summary of them all names what they have in common.
func TestCauseOfManyMasters(t *testing.T) {
	t.Parallel()
	snapshots := healthy()
	for i, s := range snapshots {
		other := healthySentinel(i, 3).Masters[0]
		other.Instance = instance(elsewhere, "x", sentinel.FlagMaster) // another node
		other.Name = "other"
		other.Replicas = []sentinel.Replica{healthyReplica("10.0.0.67:6379", "y")}
		other.Replicas[0].MasterHost = "10.0.0.66"
		s.Masters = append(s.Masters, other)
	}
	snapshots[2].Masters = nil
	r := Assess(snapshots, nil)
	if want := "CRITICAL: Sentinel 10.0.0.3:26379 monitors no master"; r.Summary != want {
		t.Errorf("got  %s\nwant %s", r.Summary, want)
	}
	one, _ := r.Narrowed("other")
	if want := "CRITICAL other: Sentinel 10.0.0.3:26379 monitors no master"; one.Summary != want {
		t.Errorf("of one: got  %s\nwant %s", one.Summary, want)
	}
}

// TestCauseIsNotInTheReport: a consequence stands for itself where its cause is left out.
func TestCauseIsNotInTheReport(t *testing.T) {
	t.Parallel()
	effect := Finding{Check: "shared_node", Severity: Critical, Master: "b", FollowsFrom: []Cause{{Check: "shared_node", Master: "a"}}}
	if got := tree(problemsOf([]Finding{effect})); !slices.Equal(got, []string{"critical b shared_node"}) {
		t.Errorf("got %q", got)
	}
	text, err := json.Marshal(effect)
	if err != nil || !strings.Contains(string(text), `"follows_from":[{"check":"shared_node","master":"a"}]`) {
		t.Errorf("as JSON: %s, %v", text, err)
	}
}

// TestExplanations: the table names checks that there are, and no check follows from
// itself, through however many others.
func TestExplanations(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, c := range Checks() {
		known[c.Name] = true
	}
	causes := map[string][]string{}
	for _, e := range explanations() {
		if !known[e.effect] || !known[e.cause] {
			t.Errorf("there is no check %s or %s", e.effect, e.cause)
		}
		causes[e.effect] = append(causes[e.effect], e.cause)
	}
	var follow func(check string, path []string)
	follow = func(check string, path []string) {
		if slices.Contains(path, check) {
			t.Fatalf("%s follows from itself: %v", check, path)
		}
		for _, c := range causes[check] {
			follow(c, append(slices.Clone(path), check))
		}
	}
	for check := range causes {
		follow(check, nil)
	}
}
