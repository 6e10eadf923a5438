package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/sentinel"
)

// node is an instance at an address.
func node(addr string, flags sentinel.Flags) sentinel.Instance {
	host, port, _ := strings.Cut(addr, ":")
	return sentinel.Instance{Name: addr, Host: host, Port: port, Addr: addr, Flags: flags, RunID: "run of " + addr}
}

func replica(addr string, up bool) sentinel.Replica {
	return sentinel.Replica{Instance: node(addr, sentinel.FlagReplica), MasterLinkUp: up}
}

func peer(id, addr string, flags sentinel.Flags) sentinel.Peer {
	p := sentinel.Peer{Instance: node(addr, sentinel.FlagSentinel|flags)}
	p.RunID = id
	return p
}

// watching is the snapshot of a Sentinel that monitors one master.
func watching(address, id string, epoch int64, m sentinel.Instance, replicas []sentinel.Replica, peers ...sentinel.Peer) *sentinel.Snapshot {
	s := well(address)
	s.ID = id
	m.Name = "mymaster"
	s.Masters = []sentinel.Master{{
		Instance: m, ConfigEpoch: sentinel.Some(epoch), Replicas: replicas, Peers: peers,
	}}
	return s
}

// targets are the lines "role master address healthy" of an answer.
func targets(t *testing.T, body string) []string {
	t.Helper()
	var groups []targetGroup
	if err := json.Unmarshal([]byte(body), &groups); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	lines := []string{}
	for _, g := range groups {
		lines = append(lines, strings.Join([]string{g.Labels.Role, g.Labels.Master, strings.Join(g.Targets, ","), g.Labels.Healthy}, " "))
	}
	return lines
}

func TestSDRoles(t *testing.T) {
	up := []sentinel.Replica{replica("c:1", true), replica("b:1", true)}
	half := []sentinel.Replica{replica("b:1", false)}
	d := always(
		watching("name-of-x:26379", "x", 3, node("a:1", sentinel.FlagMaster), up, peer("y", "10.0.0.2:26379", 0), peer("z", "10.0.0.3:26379", sentinel.FlagSDown)),
		watching("10.0.0.2:26379", "y", 3, node("a:1", sentinel.FlagMaster), half, peer("x", "10.0.0.1:26379", 0), peer("z", "10.0.0.3:26379", sentinel.FlagSDown)),
		dead("10.0.0.3:26379", sentinel.ReasonTimeout),
		watching("10.0.0.4:26379", "stale", 2, node("b:1", sentinel.FlagMaster), []sentinel.Replica{replica("a:1", true)}),
	)
	h := handler(t, d, defaults())
	data := []string{"master mymaster a:1 true", "replica mymaster b:1 false", "replica mymaster c:1 true"}
	sentinels := []string{
		"sentinel mymaster 10.0.0.1:26379 true", "sentinel mymaster 10.0.0.2:26379 true",
		"sentinel mymaster 10.0.0.3:26379 false", "sentinel mymaster 10.0.0.4:26379 true",
	}
	for path, want := range map[string][]string{
		"/sd":                                data,
		"/sd?role=redis":                     data,
		"/sd?role=redis&master=mymaster":     data,
		"/sd?role=master":                    data[:1],
		"/sd?role=replica":                   data[1:],
		"/sd?role=sentinel":                  sentinels,
		"/sd?master=mymaster&role=sentinel":  sentinels,
		"/sd?master=my%6Daster&role=replica": data[1:],
	} {
		for range 5 { // in the same order each time
			got := ask(h, http.MethodGet, path)
			if got.Code != http.StatusOK || !strings.HasPrefix(got.Header().Get("Content-Type"), "application/json") {
				t.Errorf("%s: got %d, %v", path, got.Code, got.Header())
			}
			if diff := cmp.Diff(want, targets(t, got.Body.String())); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		}
	}
}

func TestSDRefusals(t *testing.T) {
	good := watching("s:1", "x", 1, node("a:1", sentinel.FlagMaster), []sentinel.Replica{})
	noReplicas := watching("s:1", "x", 1, node("a:1", sentinel.FlagMaster), nil)
	noReplicas.Masters[0].ReplicasErr = errors.New("NOPERM")
	noPeers := watching("s:1", "x", 1, node("a:1", sentinel.FlagMaster), []sentinel.Replica{})
	noPeers.Masters[0].PeersErr = errors.New("NOPERM")
	unresolved := watching("s:1", "x", 1, node(":1", sentinel.FlagMaster), []sentinel.Replica{})
	down := []*sentinel.Snapshot{dead("s:1", sentinel.ReasonTimeout), dead("s:2", sentinel.ReasonAuth)}
	for _, tc := range []struct {
		path      string
		snapshots []*sentinel.Snapshot
		want      int
		text      string
	}{
		{"/sd?role=slave", []*sentinel.Snapshot{good}, http.StatusBadRequest, "roles are master, replica, redis, sentinel"},
		{"/sd?role=", []*sentinel.Snapshot{good}, http.StatusBadRequest, "no role"},
		{"/sd?role=master&role=replica", []*sentinel.Snapshot{good}, http.StatusBadRequest, "2 times"},
		{"/sd?master=a&master=b", []*sentinel.Snapshot{good}, http.StatusBadRequest, "2 times"},
		{"/sd?name=mymaster", []*sentinel.Snapshot{good}, http.StatusBadRequest, `no parameter "name"`},
		{"/sd?role=%zz", []*sentinel.Snapshot{good}, http.StatusBadRequest, "cannot be read"},
		{"/sd?role=master;x", []*sentinel.Snapshot{good}, http.StatusBadRequest, "cannot be read"},
		{"/sd?master=nosuch", []*sentinel.Snapshot{good}, http.StatusNotFound, `master "nosuch"`},
		{"/sd?master=", []*sentinel.Snapshot{good}, http.StatusNotFound, `master ""`},
		{"/sd?master=MyMaster", []*sentinel.Snapshot{good}, http.StatusNotFound, "MyMaster"},
		{"/sd", down, http.StatusServiceUnavailable, "s:2"},
		{"/sd?role=sentinel", down, http.StatusServiceUnavailable, "no Sentinel has answered"},
		{"/sd?master=mymaster", down, http.StatusServiceUnavailable, "no Sentinel has answered"},
		{"/sd", nil, http.StatusServiceUnavailable, "no Sentinel has answered"},
		{"/sd", []*sentinel.Snapshot{noReplicas}, http.StatusServiceUnavailable, "replicas of master"},
		{"/sd?role=replica", []*sentinel.Snapshot{noReplicas}, http.StatusServiceUnavailable, "replicas of master"},
		{"/sd?role=sentinel", []*sentinel.Snapshot{noPeers}, http.StatusServiceUnavailable, "Sentinels of master"},
		{"/sd?role=master", []*sentinel.Snapshot{noReplicas}, http.StatusOK, "a:1"},
		{"/sd?role=master", []*sentinel.Snapshot{unresolved}, http.StatusServiceUnavailable, "address of master"},
		{"/sd", []*sentinel.Snapshot{unresolved}, http.StatusServiceUnavailable, "address of master"},
		{"/sd?role=replica", []*sentinel.Snapshot{unresolved}, http.StatusOK, "[]"},
		{"/sd?role=replica", []*sentinel.Snapshot{good}, http.StatusOK, "[]"},
		{"/sd", []*sentinel.Snapshot{well("s:1"), down[0]}, http.StatusOK, "[]"}, // a Sentinel that monitors nothing
	} {
		got := ask(handler(t, always(tc.snapshots...), defaults()), http.MethodGet, tc.path)
		if got.Code != tc.want || !strings.Contains(got.Body.String(), tc.text) {
			t.Errorf("%s: got %d %s; want %d with %q", tc.path, got.Code, got.Body, tc.want, tc.text)
		}
	}
}

// TestSDOddNames: they are escaped as in the metrics, so that both can be joined.
func TestSDOddNames(t *testing.T) {
	for name, want := range map[string]struct{ query, label string }{
		"\xff\xfe":   {"%ff%fe", `\xff\xfe`},
		`\xff`:       {`%5Cxff`, `\x5cxff`},
		"a,b=c":      {"a,b%3Dc", "a,b=c"},
		"sp ace":     {"sp+ace", "sp ace"},
		"<größe>&":   {"%3Cgr%C3%B6%C3%9Fe%3E%26", "<größe>&"},
		"":           {"", ""},
		"\"quote'\"": {"%22quote'%22", "\"quote'\""},
	} {
		s := watching("[::1]:26379", "x", 1, sentinel.Instance{Host: "::1", Port: "1", Addr: "[::1]:1", Flags: sentinel.FlagMaster}, []sentinel.Replica{})
		s.Masters[0].Name = name
		other := watching("[::1]:26380", "y", 1, node("other:1", sentinel.FlagMaster), []sentinel.Replica{})
		h := handler(t, always(s, other), defaults())
		got := ask(h, http.MethodGet, "/sd?master="+want.query)
		if diff := cmp.Diff([]string{"master " + want.label + " [::1]:1 true"}, targets(t, got.Body.String())); diff != "" {
			t.Errorf("%q (-want +got):\n%s\n%s", name, diff, got.Body)
		}
		escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(want.label)
		if metrics := ask(h, http.MethodGet, "/metrics").Body.String(); !strings.Contains(metrics, `deployment_master_addresses{master_name="`+escaped+`"} 1`) {
			t.Errorf("%q: the metrics do not call it %q", name, want.label)
		}
	}
}

// TestSDFailover: the leader of a failover shows the promoted replica before the
// others do; the old master stays a target.
func TestSDFailover(t *testing.T) {
	promoted := replica("b:1", true)
	promoted.Flags |= sentinel.FlagPromoted
	leader := watching("s:1", "x", 2, node("a:1", sentinel.FlagMaster|sentinel.FlagODown|sentinel.FlagFailoverInProgress), []sentinel.Replica{promoted, replica("c:1", true)})
	leader.Masters[0].FailoverState = sentinel.FailoverReconfReplicas
	follower := watching("s:2", "y", 1, node("a:1", sentinel.FlagMaster|sentinel.FlagSDown), []sentinel.Replica{replica("b:1", true), replica("c:1", true)})
	got := ask(handler(t, always(follower, leader), defaults()), http.MethodGet, "/sd")
	want := []string{"master mymaster b:1 true", "replica mymaster a:1 false", "replica mymaster c:1 true"}
	if diff := cmp.Diff(want, targets(t, got.Body.String())); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestSDTilt: what a Sentinel in TILT holds to be down or up counts only if all
// are in it.
func TestSDTilt(t *testing.T) {
	frozen := watching("s:1", "x", 1, node("a:1", sentinel.FlagMaster), []sentinel.Replica{replica("b:1", true)})
	frozen.Info = &sentinel.Info{Tilt: sentinel.Some(true)}
	awake := watching("s:2", "y", 1, node("a:1", sentinel.FlagMaster|sentinel.FlagSDown), []sentinel.Replica{replica("b:1", false)})
	for _, tc := range []struct {
		snapshots []*sentinel.Snapshot
		healthy   string
	}{
		{[]*sentinel.Snapshot{frozen, awake}, "false"},
		{[]*sentinel.Snapshot{frozen}, "true"},
	} {
		got := ask(handler(t, always(tc.snapshots...), defaults()), http.MethodGet, "/sd")
		want := []string{"master mymaster a:1 " + tc.healthy, "replica mymaster b:1 " + tc.healthy}
		if diff := cmp.Diff(want, targets(t, got.Body.String())); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// TestSDDeadline is --sentinel.timeout, whatever a scrape's header says.
func TestSDDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := deploymentFunc(func(ctx context.Context) []*sentinel.Snapshot {
			<-ctx.Done()
			return []*sentinel.Snapshot{dead("s:1", sentinel.ReasonTimeout)}
		})
		start := time.Now()
		got := ask(handler(t, d, defaults()), http.MethodGet, "/sd", timeoutHeader, "1")
		if took := time.Since(start); got.Code != http.StatusServiceUnavailable || took != 5*time.Second {
			t.Errorf("got %d after %v", got.Code, took)
		}
	})
}
