package health

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

func TestHealthyDeployment(t *testing.T) {
	t.Parallel()
	r := Assess(healthy(), nil)
	if r.Status != OK || len(r.All()) > 0 {
		t.Errorf("got %s with %+v", r.Status, r.All())
	}
	const want = "OK mymaster: 10.0.0.10:6379 is up, 2 of 2 replicas can be promoted, 1 more Sentinel can fail"
	if r.Summary != want {
		t.Errorf("got  %s\nwant %s", r.Summary, want)
	}
}

// Every check is always there, in the order of the table, whoever answered.
func TestEveryCheckIsInTheReport(t *testing.T) {
	t.Parallel()
	for _, snapshots := range [][]*sentinel.Snapshot{healthy(), {healthy()[0], silent(1, sentinel.ReasonTimeout, "late")}} {
		r := Assess(snapshots, nil)
		var got, want []string
		for _, c := range append(slices.Clone(r.Checks), r.Masters[0].Checks...) {
			got = append(got, c.Check)
		}
		for _, c := range Checks() {
			want = append(want, c.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestNobodyAnsweredIsUnknown(t *testing.T) {
	t.Parallel()
	for name, snapshots := range map[string][]*sentinel.Snapshot{
		"none":    nil,
		"one":     {silent(0, sentinel.ReasonTimeout, "late")},
		"refused": {silent(0, sentinel.ReasonAuth, "WRONGPASS"), silent(1, sentinel.ReasonPermission, "NOPERM")},
		"all":     {silent(0, sentinel.ReasonTimeout, "late"), silent(1, sentinel.ReasonUnreachable, "refused")},
	} {
		r := Assess(snapshots, nil)
		if r.Status != Unknown || !strings.HasPrefix(r.Summary, "UNKNOWN: ") {
			t.Errorf("%s: got %s: %s", name, r.Status, r.Summary)
		}
		if narrowed, known := r.Narrowed("mymaster"); !known || narrowed.Status != Unknown {
			t.Errorf("%s: of one master: got %s, known: %v", name, narrowed.Status, known)
		}
	}
}

func TestOneInWords(t *testing.T) {
	t.Parallel()
	one := []*sentinel.Snapshot{healthySentinel(0, 1)}
	one[0].Masters[0].Quorum = num(1)
	for want, snapshots := range map[string][]*sentinel.Snapshot{
		"connection refused; 1 of 1 Sentinel is unreachable":               {silent(0, sentinel.ReasonUnreachable, "connection refused")},
		"1 of 1 Sentinel is usable and 1 is needed (quorum 1, majority 1)": one,
		"there is only 1 Sentinel: with fewer than 3 none can be lost":     one,
	} {
		r := Assess(snapshots, nil)
		if !slices.ContainsFunc(r.All(), func(f Finding) bool { return strings.Contains(f.Message, want) }) {
			t.Errorf("no finding says %q: %+v", want, r.All())
		}
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	two := func(change func([]*sentinel.Snapshot)) func([]*sentinel.Snapshot) {
		return func(all []*sentinel.Snapshot) {
			for i, s := range all {
				other := healthySentinel(i, 3).Masters[0]
				other.Name, other.Replicas, other.NumReplicas = "zzz", nil, num(0)
				other.Addr, other.RunID = elsewhere, "another process"
				other.Replicas = []sentinel.Replica{healthyReplica("10.0.0.67:6379", "y")}
				other.Replicas[0].MasterHost = "10.0.0.10"
				s.Masters = append(s.Masters, other)
			}
			change(all)
		}
	}
	nothing := func([]*sentinel.Snapshot) {}
	for _, tc := range []struct {
		name   string
		change func([]*sentinel.Snapshot)
		want   string
	}{
		{"one finding", at(0, func(m *sentinel.Master) { replicaDead(&m.Replicas[0], 5000) }),
			"WARNING mymaster: the replica 10.0.0.11:6379 has been down for 5.0 s, according to 1 of 3 Sentinels (10.0.0.1:26379)"},
		{"the worst first", each(func(m *sentinel.Master) { down(m); m.ODownTime = ms(2000) }),
			"CRITICAL mymaster: the master 10.0.0.10:6379 has been objectively down (o_down) for 12 s, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379)"},
		{"TILT", both(tilted(0), tilted(1), tilted(2)),
			"UNKNOWN mymaster: master_odown cannot be determined: every Sentinel that monitors it is in TILT, and sees nothing go down"},
		{"the deployment", func(all []*sentinel.Snapshot) { all[2].ID = all[0].ID },
			"CRITICAL: Sentinels 10.0.0.1:26379 and 10.0.0.3:26379 have one id, 0000000000000000000000000000000000000001"},
		{"a replica that is not announced", each(func(m *sentinel.Master) { m.Replicas = m.Replicas[:1] }),
			"OK mymaster: 10.0.0.10:6379 is up, at least 1 of 2 replicas can be promoted, of 1 nothing is known (replica-announced no), 1 more Sentinel can fail"},
		{"an old address of a replica that has moved", each(func(m *sentinel.Master) {
			m.Replicas = append(m.Replicas, m.Replicas[1])
			m.Replicas[2].Instance = instance("10.0.0.13:6379", m.Replicas[1].RunID, sentinel.FlagReplica|sentinel.FlagSDown)
			m.Replicas[2].DownAfter, m.NumReplicas = ms(0), num(3)
		}),
			"WARNING mymaster: the replica 10.0.0.13:6379 has been down for 0.0 s, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379); its process answers at 10.0.0.12:6379, where it is listed as well: it has moved"},
		{"failing over", at(0, func(m *sentinel.Master) { m.Flags |= sentinel.FlagFailoverInProgress }),
			"OK mymaster: 10.0.0.10:6379 is up, 2 of 2 replicas can be promoted, 1 more Sentinel can fail; a failover is in progress"},
		{"two masters", two(nothing), "OK: 2 masters, 3 of 3 Sentinels answered"},
		{"two masters down", two(func(all []*sentinel.Snapshot) {
			for _, s := range all {
				down(&s.Masters[0])
				down(&s.Masters[1])
				s.Masters[0].ODownTime, s.Masters[1].ODownTime = ms(2000), ms(2000)
			}
		}), "CRITICAL mymaster: the master 10.0.0.10:6379 has been objectively down (o_down) for 12 s, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379); as bad: 1 more of 2 masters"},
		{"a strange name", each(func(m *sentinel.Master) { m.Name = "a\nb" }),
			`OK "a\nb": 10.0.0.10:6379 is up, 2 of 2 replicas can be promoted, 1 more Sentinel can fail`},
	} {
		snapshots := healthy()
		tc.change(snapshots)
		if got := Assess(snapshots, nil).Summary; got != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tc.name, got, tc.want)
		}
	}
}

func TestReportOfOneMaster(t *testing.T) {
	t.Parallel()
	snapshots := healthy()
	for i, s := range snapshots {
		other := healthySentinel(i, 3).Masters[0]
		other.Name = "other"
		other.Addr, other.RunID = elsewhere, "another process"
		other.Replicas = []sentinel.Replica{healthyReplica("10.0.0.67:6379", "y")}
		s.Masters = append(s.Masters, other)
		down(&s.Masters[0])
	}
	r := Assess(snapshots, nil)
	if one, known := r.Narrowed("other"); !known || one.Status != OK || len(one.Masters) != 1 {
		t.Errorf("of the one that is well: got %+v", one)
	}
	if one, known := r.Narrowed("mymaster"); !known || one.Status != Critical {
		t.Errorf("of the one that is down: got %+v", one)
	}
	if _, known := r.Narrowed("nosuch"); known {
		t.Error("an unknown name is known")
	}
}

// TestAddressIsThatOfTheMajority where the epochs are equal, as in discovery; the first
// Sentinel asked decides nothing.
func TestAddressIsThatOfTheMajority(t *testing.T) {
	t.Parallel()
	moved := func(m *sentinel.Master) { m.Instance = instance(replicaOne, strings.Repeat("e", 40), m.Flags) }
	for _, test := range []struct {
		name   string
		change func([]*sentinel.Snapshot)
		want   string
	}{
		{"two of three", at(0, moved), masterAddr},
		{"the newest", both(at(0, moved), at(0, func(m *sentinel.Master) { m.ConfigEpoch = num(5) })), replicaOne},
		{"not by those in TILT", both(at(0, moved), tilted(1), tilted(2)), replicaOne},
	} {
		snapshots := healthy()
		test.change(snapshots)
		for _, s := range snapshots {
			s.Masters[0].Name = "m"
		}
		r := Assess(snapshots, nil)
		if got := r.Masters[0].Address; got != test.want || got != deployment.MergedMasters(snapshots)[0].Master.Addr {
			t.Errorf("%s: the master is at %s, want %s", test.name, got, test.want)
		}
	}
}

func TestReportAsJSON(t *testing.T) {
	t.Parallel()
	snapshots := healthy()
	down(&snapshots[0].Masters[0])
	want := Assess(snapshots, nil)
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"status":"critical"`, `"quorum_margin":1`, `{"check":"sentinel_tilt","status":"ok"}`, `"sentinels_asked":3`} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%s is missing in %s", part, text)
		}
	}
	var got Report
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Masters[0], got.Masters[0]); diff != "" {
		t.Errorf("read back (-written +read):\n%s", diff)
	}
}

// What a master is called may be anything; what is to be pasted into a shell must
// stay one word.
func TestCommandsAreQuoted(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"mymaster": "mymaster", "": "''", "a b": "'a b'", "$(x)": "'$(x)'", "it's": `'it'\''s'`, "a*": "'a*'", "é": "'é'",
	} {
		if got := quote(word); got != want {
			t.Errorf("quote(%q) = %s, want %s", word, got, want)
		}
	}
	for got, want := range map[string]string{
		redisCLI("[::1]:26379", "SENTINEL", "MASTER", "a*b"): "redis-cli -h ::1 -p 26379 SENTINEL MASTER 'a*b'",
		resetOn("a*b", []deployment.View{{Snapshot: &sentinel.Snapshot{Sentinel: "[::1]:1"}}, {Snapshot: &sentinel.Snapshot{Sentinel: "b:2"}}}): "redis_sentinel_exporter reset 'a*b' --sentinel.address='[::1]:1,b:2'",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
