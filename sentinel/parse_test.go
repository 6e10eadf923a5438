package sentinel

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func ms(n int64) Duration { return Some(time.Duration(n) * time.Millisecond) }

func TestParseMasters(t *testing.T) {
	t.Parallel()
	got, err := parseMasters(wire([]any{flat(healthyMaster), flat(failingMaster)}))
	if err != nil {
		t.Fatal(err)
	}
	healthy := Master{
		Instance: Instance{
			Name: "mymaster", Host: "127.0.0.1", Port: "17000", Addr: "127.0.0.1:17000",
			RunID: "0b996a27d2e593804f02b9b38e9fb298cb6443f9", Flags: FlagMaster,
			LinkPendingCommands: Some[int64](0), LinkRefcount: Some[int64](1),
			LastPingSent: ms(0), LastOKPingReply: ms(59), LastPingReply: ms(59), DownAfter: ms(3000),
		},
		InfoRefresh: ms(3771), RoleReported: "master", RoleReportedTime: ms(23870), ConfigEpoch: Some[int64](0),
		NumReplicas: Some[int64](2), NumOtherSentinels: Some[int64](2), Quorum: Some[int64](2),
		FailoverTimeout: ms(20000), ParallelSyncs: Some[int64](1),
	}
	failing := healthy
	failing.Flags = FlagSDown | FlagODown | FlagMaster | FlagFailoverInProgress
	failing.UnknownFlags = []string{"a_new_word"}
	failing.Unknown = map[string]string{"a-new-field": "1"}
	failing.LinkPendingCommands = Some[int64](61)
	failing.FailoverState = FailoverReconfReplicas
	failing.LastPingSent, failing.LastOKPingReply, failing.LastPingReply = ms(4100), ms(5200), ms(5200)
	failing.SDownTime, failing.ODownTime = ms(1177), ms(1076)
	failing.InfoRefresh, failing.RoleReportedTime = ms(12024), ms(60000)
	failing.ConfigEpoch = Some[int64](18446744)
	if diff := cmp.Diff([]Master{healthy, failing}, got); diff != "" {
		t.Errorf("MASTERS read wrong (-want +got):\n%s", diff)
	}
}

func TestParseReplicas(t *testing.T) {
	t.Parallel()
	got, err := parseReplicas(wire([]any{flat(healthyReplica), flat(neverLinkedReplica)}))
	if err != nil {
		t.Fatal(err)
	}
	want := []Replica{{
		Instance: Instance{
			Name: "127.0.0.1:17001", Host: "127.0.0.1", Port: "17001", Addr: "127.0.0.1:17001",
			RunID: "607db6430f945993212be6ef7c973aecdd0c5968", Flags: FlagReplica,
			LinkPendingCommands: Some[int64](0), LinkRefcount: Some[int64](1),
			LastPingSent: ms(0), LastOKPingReply: ms(880), LastPingReply: ms(880), DownAfter: ms(3000),
		},
		InfoRefresh: ms(9660), RoleReported: "slave", RoleReportedTime: ms(23894),
		MasterLinkDownTime: ms(0), MasterLinkUp: true, MasterHost: "127.0.0.1", MasterPort: "17000",
		Priority: Some[int64](100), ReplOffset: Some[int64](2472),
	}, {
		Instance: Instance{
			Name: "[::1]:17005", Host: "::1", Port: "17005", Addr: "[::1]:17005", Flags: FlagReplica | FlagDisconnected,
			LinkPendingCommands: Some[int64](0), LinkRefcount: Some[int64](1),
			LastPingSent: ms(0), LastOKPingReply: ms(10), LastPingReply: ms(10), DownAfter: ms(3000),
		},
		InfoRefresh: ms(0), RoleReported: "slave", RoleReportedTime: ms(10),
		MasterHost: "?", MasterPort: "0", Priority: Some[int64](100), ReplOffset: Some[int64](0),
	}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Replica{})); diff != "" {
		t.Errorf("REPLICAS read wrong (-want +got):\n%s", diff)
	}
}

// TestUnresolvedReplica: the name that it got when it was found tells more.
func TestUnresolvedReplica(t *testing.T) {
	t.Parallel()
	r := row(t, readReplica, healthyReplica, "name=127.0.0.1:17001 ip=127.0.0.1", "name=redis-1.redis:17001 ip=")
	if r.Addr != "redis-1.redis:17001" || r.HasAddr() {
		t.Errorf("it is at %q, %v", r.Addr, r.HasAddr())
	}
	for change, has := range map[string]bool{"port=17001": true, "port=0": false} {
		if r := row(t, readReplica, healthyReplica, "port=17001", change); r.HasAddr() != has {
			t.Errorf("with %s it has an address: %v", change, r.HasAddr())
		}
	}
}

func TestParsePeers(t *testing.T) {
	t.Parallel()
	got, err := parsePeers(wire([]any{flat(healthyPeer)}))
	if err != nil {
		t.Fatal(err)
	}
	want := []Peer{{
		Instance: Instance{
			Name: "a299190e21d5a431b39730adddc13a1173f866db", Host: "127.0.0.1", Port: "17011", Addr: "127.0.0.1:17011",
			RunID: "a299190e21d5a431b39730adddc13a1173f866db", Flags: FlagSentinel,
			LinkPendingCommands: Some[int64](0), LinkRefcount: Some[int64](1),
			LastPingSent: ms(0), LastOKPingReply: ms(167), LastPingReply: ms(167), DownAfter: ms(3000),
		},
		LastHello: ms(1504), VotedLeader: "?", VotedLeaderEpoch: Some[int64](0),
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("SENTINELS read wrong (-want +got):\n%s", diff)
	}
}

func TestParseLinkNeverUpBefore62(t *testing.T) {
	t.Parallel()
	old := strings.Replace(neverLinkedReplica, "master-link-down-time=-1000", "master-link-down-time=1700000000000", 1)
	got, err := parseReplicas(wire([]any{flat(old)}))
	if err != nil {
		t.Fatal(err)
	}
	old = strings.Replace(old, "info-refresh=0", "info-refresh=1700000000000", 1)
	if got, err := parseReplicas(wire([]any{flat(old)})); err != nil || got[0].InfoRefresh != ms(0) || got[0].Informed() {
		t.Errorf("a replica without INFO: refreshed %v ago, error %v", got[0].InfoRefresh, err)
	}
	if got[0].MasterLinkDownTime.Present || !got[0].downSince1970 {
		t.Errorf("link down time %v, downSince1970 %v; want it absent and marked", got[0].MasterLinkDownTime, got[0].downSince1970)
	}
}

func TestMissingFieldsAreAbsent(t *testing.T) {
	t.Parallel()
	got, err := parseMasters(wire([]any{flat("name= ip=h port=1 flags=master")}))
	if err != nil {
		t.Fatal(err)
	}
	want := []Master{{Instance: Instance{Host: "h", Port: "1", Addr: "h:1", Flags: FlagMaster}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseMalformed(t *testing.T) {
	t.Parallel()
	master := func(change ...string) string {
		return wire([]any{flat(strings.NewReplacer(change...).Replace(healthyMaster))})
	}
	tests := map[string]string{
		"empty":                 "",
		"a number":              ":1\r\n",
		"a string":              "+OK\r\n",
		"nil":                   "*-1\r\n",
		"no end of line":        "*1",
		"claims more":           "*2\r\n" + wire(flat(healthyMaster)),
		"claims a billion":      "*1000000000\r\n",
		"negative":              "*-2\r\n",
		"length is no number":   "*x\r\n",
		"entry is a string":     wire([]any{"x"}),
		"odd number of fields":  wire([]any{append(flat(healthyMaster), "extra")}),
		"field is an array":     wire([]any{append(flat(healthyMaster), "extra", []any{"x"})}),
		"value shorter":         "*1\r\n*2\r\n$4\r\nname\r\n$9\r\nabc\r\n",
		"value longer":          "*1\r\n*2\r\n$4\r\nname\r\n$1\r\nabc\r\n",
		"nil value":             "*1\r\n*2\r\n$4\r\nname\r\n$-1\r\n",
		"quorum is no number":   master("quorum=2", "quorum=two"),
		"quorum out of range":   master("quorum=2", "quorum=99999999999999999999"),
		"age out of range":      master("info-refresh=3771", "info-refresh=9223372036854775807"),
		"port is no number":     master("port=17000", "port=http"),
		"flags lack the kind":   master("flags=master", "flags=slave"),
		"no port":               master("port=17000", "other=17000"),
		"something after":       master() + "+OK\r\n",
		"empty line in between": "*1\r\n\r\n",
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := parseMasters(raw); !errors.Is(err, errMalformed) {
				t.Errorf("parseMasters(%q) = %v, %v; want a malformed reply", raw, got, err)
			}
		})
	}
}

func TestParseCKQuorum(t *testing.T) {
	t.Parallel()
	const (
		ok       = "+OK 3 usable Sentinels. Quorum and failover authorization can be reached"
		quorum   = "-NOQUORUM 2 usable Sentinels. Not enough available Sentinels to reach the specified quorum for this master"
		majority = "-NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the majority and authorize a failover"
		both     = quorum + ". Not enough available Sentinels to reach the majority and authorize a failover"
	)
	tests := []struct {
		raw  string
		want *CKQuorum
	}{
		{ok, &CKQuorum{Usable: 3, QuorumReachable: true, MajorityReachable: true}},
		{quorum, &CKQuorum{Usable: 2, MajorityReachable: true}},
		{majority, &CKQuorum{Usable: 1, QuorumReachable: true}},
		{both, &CKQuorum{Usable: 2}},
		{"+OK", nil},
		{"+OK three usable Sentinels", nil},
		{"+OK -1 usable Sentinels", nil},
		{"-NOQUORUM 1 usable Sentinels. Something new", nil},
		{":1", nil},
	}
	for _, test := range tests {
		t.Run(test.raw, func(t *testing.T) {
			t.Parallel()
			got, err := readCKQuorum(test.raw + "\r\n")
			if test.want == nil {
				if !errors.Is(err, errMalformed) {
					t.Errorf("got %v, %v; want a malformed reply", got, err)
				}
				return
			}
			test.want.Text = test.raw[1:]
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	const all = "s_down,o_down,master,slave,sentinel,disconnected,master_down,failover_in_progress,promoted,reconf_sent," +
		"reconf_inprog,reconf_done,force_failover,coordinated_failover,script_kill_sent,master_reboot"
	flags, unknown := parseFlags(all + ",later_word")
	if got := flags.String(); got != all {
		t.Errorf("flags came back as %q", got)
	}
	if diff := cmp.Diff([]string{"later_word"}, unknown); diff != "" {
		t.Error(diff)
	}
	if !flags.Has(FlagMasterReboot|FlagSDown) || Flags(0).Any(flags) {
		t.Error("Has or Any is wrong")
	}
}

func TestFailoverStates(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]int{
		"none": 0, "wait_start": 1, "select_slave": 2, "send_slaveof_noone": 3, "wait_promotion": 4, "reconf_slaves": 5,
		"update_config": 6, "something_new": 7,
	} {
		got := parseFailoverState(word)
		if int(got) != want {
			t.Errorf("%s is %d, want %d", word, got, want)
		}
		if want < 7 && got.String() != word {
			t.Errorf("%s is printed as %s", word, got)
		}
	}
}
