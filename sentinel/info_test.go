package sentinel

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const infoText = "# Server\r\nredis_version:7.0.15\r\nredis_mode:sentinel\r\nrun_id:6d3e\r\nuptime_in_seconds:23\r\n" +
	"# Clients\r\nconnected_clients:5\r\nmaxclients:10000\r\n# Stats\r\ntotal_connections_received:12\r\n" +
	"total_commands_processed:345\r\nrejected_connections:1\r\n# CPU\r\nused_cpu_sys:0.045296\r\nused_cpu_user:0.1\r\n" +
	"used_cpu_sys_children:0.0\r\nused_cpu_user_children:0.0\r\n\r\n# Sentinel\r\nsentinel_masters:1\r\n" +
	"sentinel_tilt:0\r\nsentinel_tilt_since_seconds:-1\r\nsentinel_running_scripts:2\r\n" +
	"sentinel_scripts_queue_length:3\r\nsentinel_simulate_failure_flags:0\r\n" +
	"master0:name=a,b=c,status=ok,address=127.0.0.1:17000,slaves=2,sentinels=3\r\n"

func TestParseInfo(t *testing.T) {
	t.Parallel()
	want := &Info{
		Version: "7.0.15", Product: "redis", RunID: "6d3e", Uptime: Some(23 * time.Second),
		Masters: Some[int64](1), Tilt: Some(false), RunningScripts: Some[int64](2), ScriptsQueueLength: Some[int64](3),
		SimulateFailureFlags: Some[int64](0), ConnectedClients: Some[int64](5), MaxClients: Some[int64](10000),
		RejectedConnections: Some[int64](1), TotalConnections: Some[int64](12), TotalCommands: Some[int64](345),
		CPU: []CPUTime{{"sys", 0.045296}, {"user", 0.1}, {"sys_children", 0}, {"user_children", 0}},
	}
	got, err := readInfo(wire(infoText))
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}

func TestParseInfoVariants(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change []string
		check  func(*Info) any
		want   any
	}{
		{"valkey says its own version", []string{"redis_version:7.0.15", "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2"},
			func(i *Info) any { return i.Product + " " + i.Version }, "valkey 9.1.2"},
		{"in tilt since", []string{"tilt:0", "tilt:1", "since_seconds:-1", "since_seconds:7"},
			func(i *Info) any { return []any{i.Tilt, i.TiltSince} }, []any{Some(true), Some(7 * time.Second)}},
		{"6.2 has no since", []string{"tilt:0", "tilt:1", "sentinel_tilt_since_seconds:-1\r\n", ""},
			func(i *Info) any { return []any{i.Tilt, i.TiltSince} }, []any{Some(true), Duration{}}},
		{"valkey 9 counts tilts", []string{"sentinel_tilt:0", "sentinel_tilt:0\r\nsentinel_total_tilt:4"},
			func(i *Info) any { return i.TotalTilt }, Some[int64](4)},
		{"a field that is not sent", []string{"maxclients:10000\r\n", ""},
			func(i *Info) any { return i.MaxClients }, Number{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			info, err := parseInfo(strings.NewReplacer(test.change...).Replace(infoText))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, test.check(info)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseInfoMalformed(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "PONG", strings.ReplaceAll(infoText, "maxclients:10000", "maxclients:many"),
		strings.ReplaceAll(infoText, "used_cpu_user:0.1", "used_cpu_user:x"),
		strings.ReplaceAll(infoText, "uptime_in_seconds:23", "uptime_in_seconds:9223372036854775807"),
	} {
		if _, err := parseInfo(text); !errors.Is(err, errMalformed) {
			t.Errorf("parseInfo(%.40q): %v; want a malformed reply", text, err)
		}
	}
}

func TestParseInfoCache(t *testing.T) {
	t.Parallel()
	node := "# Server\r\nredis_version:7.0.15\r\nrun_id:abc\r\n# Replication\r\nrole:slave\r\nmaster_replid:def\r\nmaster_host:fd00::1\r\nmaster_port:6379\r\nmaster_repl_offset:42\r\nsecond_repl_offset:21\r\n" +
		"used_memory:5000\r\nmaxmemory:4096\r\nmaxmemory_policy:noeviction\r\nmem_not_counted_for_evict:1000\r\n"
	raw := wire([]any{"mymaster", []any{[]any{9041, node}, []any{0, "x"}}})
	raw = strings.ReplaceAll(raw, "$1\r\nx\r\n", "$-1\r\n") // a replica that never answered
	got, err := parseInfoCache(raw, "mymaster")
	want := []CachedInfo{{
		Age: ms(9041), RunID: "abc", Version: "7.0.15", Product: "redis", Role: "slave", ReplicationID: "def", ReplOffset: Some[int64](42), SecondReplOffset: Some[int64](21),
		MasterAddr: "[fd00::1]:6379", UsedMemory: Some[int64](4000), MaxMemory: Some[int64](4096), MaxMemoryPolicy: "noeviction",
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	loading := "uptime_in_seconds:31\r\nrun_id:abc\r\nloading:1\r\nloading_loaded_perc:37.12\r\nrole:master\r\ndb0:keys=3,expires=1,avg_ttl=7\r\ndb12:keys=4,expires=0\r\ndb3:keys=many\r\nmin_slaves_good_slaves:1\r\n" +
		"slave0:ip=10.0.0.11,port=6379,state=online,offset=14,lag=1\r\nslave1:ip=::1,port=6380,state=wait_bgsave,offset=0\r\nslave_read_only:1\r\n"
	got, err = parseInfoCache(wire([]any{"mymaster", []any{[]any{1, loading}}}), "mymaster")
	want = []CachedInfo{{
		Age: ms(1), RunID: "abc", Product: "redis", Role: "master", Uptime: ms(31_000), Loading: true, LoadedPercent: Some(37.12), GoodReplicas: Some[int64](1), Keys: 7, Expiring: 1,
		Attached: []AttachedReplica{{Addr: "10.0.0.11:6379", Online: true, ReplOffset: Some[int64](14), Lag: ms(1000)}, {Addr: "[::1]:6380", ReplOffset: Some[int64](0)}},
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("of a master that loads: error %v (-want +got):\n%s", err, diff)
	}
	endless := "run_id:abc\r\nrole:master\r\npaused_reason:failover_in_progress\r\npaused_timeout_milliseconds:9223370241035326898\r\nmaster_failover_state:waiting-for-sync\r\n"
	got, err = parseInfoCache(wire([]any{"mymaster", []any{[]any{1, endless}}}), "mymaster")
	want = []CachedInfo{{
		Age: ms(1), RunID: "abc", Product: "redis", Role: "master", FailoverState: "waiting-for-sync",
		PausedReason: "failover_in_progress", PausedFor: Some[time.Duration](math.MaxInt64),
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("of a FAILOVER without TIMEOUT in Valkey 9.1: error %v (-want +got):\n%s", err, diff)
	}
	if _, err := parseInfoCache("*0\r\n", "other"); !errors.Is(err, ErrNoSuchMaster) {
		t.Errorf("an unknown name gave %v", err)
	}
	if _, err := parseInfoCache(raw, "other"); !errors.Is(err, errMalformed) {
		t.Errorf("another name's reply gave %v", err)
	}
}

func TestParsePendingScripts(t *testing.T) {
	t.Parallel()
	raw := wire([]any{
		[]any{"argv", []any{"/notify.sh", "+monitor", "master ns 127.0.0.1 17003 quorum 1"}, "flags", "running", "pid", "23405", "run-time", "2040", "retry-num", "1"},
		[]any{"argv", []any{"/notify.sh"}, "flags", "scheduled", "pid", "0", "run-delay", "26399", "retry-num", "2"},
	})
	got, err := parsePendingScripts(raw)
	want := []PendingScript{
		{Argv: []string{"/notify.sh", "+monitor", "master ns 127.0.0.1 17003 quorum 1"}, Running: true, PID: 23405, RunTime: ms(2040), Retries: 1},
		{Argv: []string{"/notify.sh"}, RunDelay: ms(26399), Retries: 2},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}
