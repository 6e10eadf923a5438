package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// watching is the snapshot of a Sentinel that has answered and monitors a master
// without replicas.
func monitoring(address, name string, flags sentinel.Flags) *sentinel.Snapshot {
	s := well(address)
	s.Info = &sentinel.Info{}
	number := func(n int64) sentinel.Number { return sentinel.Some(n) }
	m := sentinel.Master{
		Quorum: number(2), NumOtherSentinels: number(2), ConfigEpoch: number(1), NumReplicas: number(1),
		Replicas: []sentinel.Replica{{Priority: number(100), MasterLinkUp: true, RoleReported: "slave"}},
		CKQuorum: &sentinel.CKQuorum{Usable: 3, QuorumReachable: true, MajorityReachable: true},
	}
	m.Name, m.Host, m.Port, m.Addr = name, "10.0.0.10", "6379", "10.0.0.10:6379"
	m.RunID, m.Flags, m.RoleReported = "x", sentinel.FlagMaster|flags, "master"
	m.Replicas[0].Instance = node("10.0.0.11:6379", sentinel.FlagReplica)
	s.Masters = []sentinel.Master{m}
	return s
}

func TestVerdict(t *testing.T) {
	const down = sentinel.FlagSDown | sentinel.FlagODown
	fine := monitoring("a:1", "m", 0)
	shaky := monitoring("a:1", "m", sentinel.FlagSDown)
	bad := monitoring("a:1", "m", down)
	silent := dead("a:1", sentinel.ReasonTimeout)
	strange := monitoring("a:1", "\xffa b", 0)
	strangeBad := monitoring("a:1", "\xffa b", down)
	for _, tc := range []struct {
		name     string
		snapshot *sentinel.Snapshot
		path     string
		want     int
		body     string
	}{
		{"ok", fine, "/health", 200, `"status": "ok"`},
		{"ok, stricter", fine, "/health?fail_on=warning", 200, `"status": "ok"`},
		{"warning", shaky, "/health", 200, `"status": "warning"`},
		{"warning, as usual", shaky, "/health?fail_on=critical", 200, `"status": "warning"`},
		{"warning, stricter", shaky, "/health?fail_on=warning", 503, `"status": "warning"`},
		{"critical", bad, "/health", 503, `"status": "critical"`},
		{"unknown", silent, "/health", 503, `"status": "unknown"`},
		{"one master", bad, "/health?master=m", 503, `"summary": "CRITICAL m: the master 10.0.0.10:6379 has been objectively down`},
		{"one master, stricter", shaky, "/health?master=m&fail_on=warning", 503, `"status": "warning"`},
		{"unknown name", fine, "/health?master=nosuch", 404, `no Sentinel that answered monitors a master named "nosuch"`},
		{"empty name", fine, "/health?master=", 404, `named ""`},
		{"unknown name, nobody answered", silent, "/health?master=nosuch", 503, `"status": "unknown"`},
		{"name of strange bytes", strange, "/health?master=%FFa+b", 200, `"name": "\\xffa b"`},
		{"finding on strange bytes", strangeBad, "/health?master=%FFa+b", 503, `"master": "\\xffa b"`},
		{"nothing is escaped for HTML", monitoring("a:1", "<&>", 0), "/health", 200, `"name": "<&>"`},
		{"unknown parameter", fine, "/health?name=m", 400, `there is no parameter "name": there are master, fail_on`},
		{"repeated parameter", fine, "/health?master=m&master=m", 400, `the parameter "master" is given 2 times`},
		{"bad fail_on", fine, "/health?fail_on=ok", 400, `fail_on must be warning or critical, not "ok"`},
		{"empty fail_on", fine, "/health?fail_on=", 400, `fail_on must be warning or critical, not ""`},
		{"bad query", fine, "/health?master=%zz", 400, "cannot be read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ask(handler(t, always(tc.snapshot), defaults()), http.MethodGet, tc.path)
			if got.Code != tc.want || !strings.Contains(got.Body.String(), tc.body) {
				t.Errorf("got %d, want %d with %s in:\n%s", got.Code, tc.want, tc.body, got.Body)
			}
			if tc.want == 200 || tc.want == 503 {
				var report health.Report
				if err := json.Unmarshal(got.Body.Bytes(), &report); err != nil || got.Header().Get("Content-Type") != "application/json" {
					t.Errorf("it is not JSON: %v, %s", err, got.Header().Get("Content-Type"))
				}
			}
		})
	}
}

// busy is what a machine with much else to do may add to any deadline.
const busy = 5 * time.Second

// With every Sentinel hung /health still answers, by its deadline.
func TestVerdictWithEverySentinelHung(t *testing.T) {
	topology := sentineltest.Run(t, sentineltest.Config{Replicas: sentineltest.None})
	var clients []*sentinel.Client
	for _, s := range topology.Sentinels {
		clients = append(clients, sentinel.NewClient(sentinel.Options{Address: s.Addr()}))
	}
	deployment := deployment.New(clients...)
	defer deployment.Close()
	opts := defaults()
	opts.Timeout = 500 * time.Millisecond
	h := handler(t, deployment, opts)
	ask(h, http.MethodGet, "/health") // so that there are connections to hang
	for _, s := range topology.Sentinels {
		if err := s.Hang(); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"/health", "/health?master=mymaster"} {
		began := time.Now()
		got := ask(h, http.MethodGet, path)
		if took := time.Since(began); took > opts.Timeout+busy {
			t.Errorf("%s took %s", path, took)
		}
		var report health.Report
		if err := json.Unmarshal(got.Body.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
		if got.Code != http.StatusServiceUnavailable || report.Status != health.Unknown || report.Answered != 0 {
			t.Errorf("%s: got %d %s", path, got.Code, got.Body)
		}
	}
}
