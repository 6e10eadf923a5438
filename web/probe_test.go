package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/probe"
)

// A rig is a handler that probes, with the file of its modules.
type rig struct {
	http.Handler
	prober *Prober
	file   string
	log    *sentineltest.LockedBuffer
	end    func() // of the work in the background
}

// newRig returns a handler with a configuration, and ends it with the test.
func newRig(t *testing.T, config string, opts ProberOptions) *rig {
	t.Helper()
	r := &rig{file: filepath.Join(t.TempDir(), "probe.yml")}
	r.write(t, config)
	file, err := probe.Open(r.file)
	if err != nil {
		t.Fatal(err)
	}
	logger, log := newLog()
	r.log = log
	r.prober = NewProber(file, opts, logger)
	web := defaults()
	web.EnableLifecycle = true
	r.Handler = handlerOf(t, Sources{Deployment: always(), Prober: r.prober}, web, logger)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { r.prober.Run(ctx) })
	r.end = func() {
		cancel()
		wg.Wait()
	}
	t.Cleanup(r.end)
	return r
}

func (r *rig) write(t *testing.T, config string) {
	t.Helper()
	if err := os.WriteFile(r.file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// probe asks for some targets, which must be answered with a status.
func (r *rig) probe(t *testing.T, status int, query string, headers ...string) string {
	t.Helper()
	w := ask(r, http.MethodGet, "/probe?"+query, headers...)
	if w.Code != status {
		t.Errorf("%s: got %d %s, want %d", query, w.Code, w.Body, status)
	}
	return w.Body.String()
}

// roomy are limits that no test comes near to.
var roomy = ProberOptions{MaxConnections: 1000, IdleTimeout: time.Hour}

func wantUp(t *testing.T, body, address, value string) {
	t.Helper()
	if line := fmt.Sprintf("\nredis_sentinel_up{sentinel=%q} %s\n", address, value); !strings.Contains(body, line) {
		t.Errorf("there is no%sin:\n%s", line, body)
	}
}

func open(f *sentineltest.Fake) int {
	_, n := f.Connections()
	return n
}

// Whoever is refused is told why in one sentence, and no Sentinel is asked.
func TestProbeRefusals(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	r := newRig(t, `
allowed_targets: [127.0.0.1]
modules:
  names: {allowed_targets: ["*.example.com"]}
  none: {allowed_targets: []}
`, roomy)
	good := "target=" + fake.Addr()
	for _, tc := range []struct {
		query  string
		status int
		want   string
	}{
		{"", 400, "no Sentinel is given: write ?target=host:port"},
		{"target=", 400, "no Sentinel is given"},
		{"module=names", 400, "no Sentinel is given"},
		{"target=a:b", 400, `"a:b": the port is not a number`},
		{"target=::1", 400, "needs brackets"},
		{"target=http://127.0.0.1:1/", 400, "not host:port"},
		{"target=me:hush@127.0.0.1:1", 400, "holds no credentials"},
		{good + "&" + good, 400, "is given twice"},
		{good + "&module=other", 400, `module: there is none named "other"`},
		{good + "&module=", 400, `module: there is none named ""`},
		{good + "&module=names&module=names", 400, `the parameter "module" is given 2 times`},
		{good + "&modul=names", 400, `there is no parameter "modul": there are target, name[], module`},
		{good + "&%zz", 400, "the query cannot be read"},
		{"target=127.0.0.2", 403, "target: 127.0.0.2: not in allowed_targets"},
		{good + "&target=127.0.0.2", 403, "target: 127.0.0.2: not in allowed_targets"},
		{"target=[::1]", 403, "target: ::1: not in allowed_targets"},
		{good + "&module=names", 403, "target: 127.0.0.1: not in allowed_targets"},
		{good + "&module=none", 403, "target: 127.0.0.1: not in allowed_targets"},
		{"target=localhost&module=names", 403, "target: localhost: not in allowed_targets"},
	} {
		body := r.probe(t, tc.status, tc.query)
		if !strings.Contains(body, tc.want) || strings.Count(body, "\n") != 1 || strings.Contains(body, "hush") {
			t.Errorf("%s: got %q, want %q in one line", tc.query, body, tc.want)
		}
	}
	r.probe(t, http.StatusBadRequest, good, timeoutHeader, "soon")
	if w := ask(r, http.MethodPost, "/probe?"+good); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: got %d", w.Code)
	}
	if total, _ := fake.Connections(); total > 0 {
		t.Errorf("%d connections were made", total)
	}
	wantUp(t, r.probe(t, http.StatusOK, good), fake.Addr(), "1")
}

// What a name resolves to is looked at before it is connected to.
func TestProbeOfANameThatLeadsAstray(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	port := fake.Addr()[strings.LastIndex(fake.Addr(), ":")+1:]
	other := sentineltest.RunFake(t, sentineltest.FakeConfig{Listen: "127.0.0.2:0"})
	r := newRig(t, `
allowed_targets: [10.0.0.0/8, 127.0.0.2]
modules:
  right: {allowed_targets: ["local*", 127.0.0.1]}
`, roomy)
	body := r.probe(t, http.StatusForbidden, "target=localhost:"+port)
	if !strings.Contains(body, "not in allowed_targets") || strings.Count(body, "\n") != 1 {
		t.Errorf("got %q", body)
	}
	// The others of the deployment are of use all the same.
	body = r.probe(t, http.StatusOK, "target=localhost:"+port+","+other.Addr())
	wantUp(t, body, "localhost:"+port, "0")
	wantUp(t, body, other.Addr(), "1")
	if total, _ := fake.Connections(); total > 0 {
		t.Errorf("%d connections were made to an address that is not allowed", total)
	}
	wantUp(t, r.probe(t, http.StatusOK, "module=right&target=localhost:"+port), "localhost:"+port, "1")
}

// A probe has what the module asks for, and nothing about the exporter or of
// another deployment.
func TestProbeFamilies(t *testing.T) {
	t.Parallel()
	a := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 2, Peers: 2})
	b := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 2, Peers: 2})
	r := newRig(t, `
modules:
  few: {collectors: {replicas: false, peers: false}}
  many: {collectors: {info_cache: true}}
`, roomy)
	both := "target=" + a.Addr() + "&target=" + b.Addr()
	for _, tc := range []struct {
		query       string
		there, gone []string
	}{
		{
			both,
			[]string{"redis_sentinel_deployment_sentinels 2", "redis_sentinel_replica_ok{", "redis_sentinel_peer_info{", "redis_sentinel_deployment_check_status{", "redis_sentinel_deployment_master_health{"},
			[]string{"go_", "process_", "promhttp_", "redis_sentinel_exporter_", "redis_sentinel_event", "redis_sentinel_failover_duration", `redis_sentinel_command_errors_total{command="info_cache"`},
		},
		{both + "&module=few", []string{"redis_sentinel_up{"}, []string{"redis_sentinel_replica_ok{", "redis_sentinel_peer_info{"}},
		{both + "&module=many", []string{`redis_sentinel_command_errors_total{command="info_cache"`}, nil},
		{both + "&name[]=redis_sentinel_up", []string{"redis_sentinel_up{"}, []string{"redis_sentinel_replica_ok{"}},
		{"target=" + a.Addr(), []string{"redis_sentinel_deployment_sentinels 1"}, nil},
	} {
		body := r.probe(t, http.StatusOK, tc.query)
		for _, want := range tc.there {
			if !strings.Contains(body, "\n"+want) {
				t.Errorf("%s: %s is missing", tc.query, want)
			}
		}
		for _, unwanted := range tc.gone {
			if strings.Contains(body, "\n"+unwanted) {
				t.Errorf("%s: %s is there", tc.query, unwanted)
			}
		}
	}
	if own := ask(r, http.MethodGet, "/metrics").Body.String(); !strings.Contains(own, "\nredis_sentinel_exporter_probed_sentinels 7\n") {
		t.Errorf("7 Sentinels are kept, counted by deployment and module; /metrics says:\n%s", own)
	}
}

// A connection is kept from probe to probe, whatever the order of the targets.
func TestProbeKeepsConnections(t *testing.T) {
	t.Parallel()
	a, b := sentineltest.RunFake(t, sentineltest.FakeConfig{}), sentineltest.RunFake(t, sentineltest.FakeConfig{})
	r := newRig(t, "", roomy)
	for range 3 {
		r.probe(t, http.StatusOK, "target="+a.Addr()+"&target="+b.Addr())
		r.probe(t, http.StatusOK, "target="+b.Addr()+","+a.Addr())
	}
	for _, fake := range []*sentineltest.Fake{a, b} {
		if total, open := fake.Connections(); total != 1 || open != 1 {
			t.Errorf("%d connections were made, %d are open", total, open)
		}
	}
	r.end()
	sentineltest.WaitFor(t, "the connections to be closed at the end", func() bool { return open(a) == 0 && open(b) == 0 })
	// A probe that outlives the work in the background leaves nothing behind.
	r.probe(t, http.StatusOK, "target="+a.Addr())
	sentineltest.WaitFor(t, "the late connection to be closed", func() bool { return open(a) == 0 })
}

func TestProbeClosesIdleConnections(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	r := newRig(t, "", ProberOptions{MaxConnections: 10, IdleTimeout: 20 * time.Millisecond})
	for range 2 {
		r.probe(t, http.StatusOK, "target="+fake.Addr())
		sentineltest.WaitFor(t, "the connection to be closed", func() bool { return open(fake) == 0 })
	}
	if total, _ := fake.Connections(); total != 2 {
		t.Errorf("%d connections were made", total)
	}
}

// With room for two Sentinels, a third one takes the place of that which was not
// probed for longest; when both are being asked it is refused.
func TestProbeBoundsConnections(t *testing.T) {
	t.Parallel()
	var fakes []*sentineltest.Fake
	for range 3 {
		fakes = append(fakes, sentineltest.RunFake(t, sentineltest.FakeConfig{}))
	}
	r := newRig(t, "", ProberOptions{MaxConnections: 2, IdleTimeout: time.Hour})
	target := func(i int) string { return "target=" + fakes[i].Addr() }
	for _, i := range []int{0, 1, 0, 2} {
		r.probe(t, http.StatusOK, target(i))
	}
	sentineltest.WaitFor(t, "the second one to be closed", func() bool { return open(fakes[1]) == 0 })
	if open(fakes[0]) != 1 || open(fakes[2]) != 1 {
		t.Errorf("open are %d and %d connections, want one each", open(fakes[0]), open(fakes[2]))
	}

	asked := make(chan struct{}, 2)
	hung := func(c *sentineltest.ScriptConn) {
		asked <- struct{}{}
		c.Silence()
	}
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	for _, i := range []int{0, 2} {
		fakes[i].Script("INFO", hung)
		wg.Go(func() {
			request := httptest.NewRequest(http.MethodGet, "/probe?"+target(i), nil).WithContext(ctx)
			request.Header.Set(timeoutHeader, "1000")
			r.ServeHTTP(httptest.NewRecorder(), request)
		})
		<-asked
	}
	if body := r.probe(t, http.StatusServiceUnavailable, target(1)); !strings.Contains(body, "--probe.max-connections") && !strings.Contains(body, "Limit") {
		t.Errorf("got %q", body)
	}
	cancel()
	wg.Wait()
	wantUp(t, r.probe(t, http.StatusOK, target(1)), fakes[1].Addr(), "1")
	if body := r.probe(t, http.StatusServiceUnavailable, target(0)+"&"+target(1)+"&"+target(2)); !strings.Contains(body, "--probe.max-connections") {
		t.Errorf("more Sentinels than there may be connections: got %q", body)
	}
}

// A module's timeout holds where the scrape would give more.
func TestProbeTimeout(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	fake.Script("INFO", sentineltest.Silent(nil))
	r := newRig(t, "modules: {quick: {timeout: 50ms}}", roomy)
	body := r.probe(t, http.StatusOK, "module=quick&target="+fake.Addr(), timeoutHeader, "3600")
	wantUp(t, body, fake.Addr(), "0")
	// Less than 3600 s is waited by the offset, or half of what there is.
	body = r.probe(t, http.StatusOK, "target="+fake.Addr(), timeoutHeader, "0.1")
	wantUp(t, body, fake.Addr(), "0")
}

// A Sentinel's failure is logged once, and counted from probe to probe.
func TestProbeLogsAndCounts(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	fake.Reply("SENTINEL CKQUORUM", []byte("-NOPERM this user has no permissions to run the 'sentinel|ckquorum' command\r\n"))
	r := newRig(t, "modules: {m: {}}", roomy)
	for i := range 3 {
		body := r.probe(t, http.StatusOK, "module=m&target="+fake.Addr())
		if line := fmt.Sprintf("\nredis_sentinel_command_errors_total{command=\"ckquorum\",reason=\"permission\",sentinel=%q} %d\n", fake.Addr(), i+1); !strings.Contains(body, line) {
			t.Errorf("there is no%sin:\n%s", line, body)
		}
	}
	want := fmt.Sprintf("level=WARN msg=\"Sentinel does not answer some commands\" probe=%s module=m sentinel=%[1]s command=ckquorum reason=permission err=", fake.Addr())
	if log := r.log.String(); strings.Count(log, "\n") != 1 || !strings.HasPrefix(log, want) {
		t.Errorf("got the log\n%swant one line\n%s", log, want)
	}
}

// Many probes at once, of which some are forgotten meanwhile, leave no connection.
func TestProbesAtOnce(t *testing.T) {
	t.Parallel()
	fakes := make([]*sentineltest.Fake, 5)
	for i := range fakes {
		fakes[i] = sentineltest.RunFake(t, sentineltest.FakeConfig{})
	}
	r := newRig(t, "modules: {a: {}, b: {}}", ProberOptions{MaxConnections: 7, IdleTimeout: time.Millisecond})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			for j := range 10 {
				module := []string{"", "&module=a", "&module=b"}[(i+j)%3]
				w := ask(r, http.MethodGet, "/probe?target="+fakes[(i+j)%5].Addr()+module)
				if w.Code != http.StatusOK && w.Code != http.StatusServiceUnavailable {
					t.Errorf("got %d %s", w.Code, w.Body)
				}
				if w.Code == http.StatusOK && !strings.Contains(w.Body.String(), "\nredis_sentinel_deployment_sentinels_up 1\n") {
					t.Errorf("a Sentinel is not up:\n%s", w.Body)
				}
				if i == 0 && r.prober.Reload() != nil {
					t.Error("it cannot be loaded again")
				}
			}
		})
	}
	wg.Wait()
	sentineltest.WaitFor(t, "all connections to be closed", func() bool {
		sum := 0
		for _, fake := range fakes {
			sum += open(fake)
		}
		return sum == 0
	})
	if own := ask(r, http.MethodGet, "/metrics").Body.String(); !strings.Contains(own, "\nredis_sentinel_exporter_probed_sentinels 0\n") {
		t.Error("not all are given back")
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	r := newRig(t, "modules: {a: {}}", roomy)
	reload := func() *httptest.ResponseRecorder { return ask(r, http.MethodPost, "/-/reload") }
	successful := func(value string) {
		t.Helper()
		body := ask(r, http.MethodGet, "/metrics").Body.String()
		if !strings.Contains(body, "\nredis_sentinel_exporter_config_last_reload_successful "+value+"\n") ||
			!strings.Contains(body, "\nredis_sentinel_exporter_config_last_reload_success_timestamp_seconds 1.") {
			t.Errorf("want %s in:\n%s", value, body)
		}
	}
	a := "module=a&target=" + fake.Addr()
	r.probe(t, http.StatusOK, a)
	successful("1")

	r.write(t, "modules:\n  b: {timeout: 0s}")
	if w := reload(); w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "line 2: modules: b: timeout") {
		t.Errorf("a bad file: got %d %s", w.Code, w.Body)
	}
	successful("0")
	r.probe(t, http.StatusOK, a)
	if total, _ := fake.Connections(); total != 1 {
		t.Errorf("after a bad file: %d connections were made", total)
	}

	r.write(t, "modules: {b: {}}")
	if w := reload(); w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	successful("1")
	sentineltest.WaitFor(t, "the connection of the old module to be closed", func() bool { return open(fake) == 0 })
	r.probe(t, http.StatusBadRequest, a)
	r.probe(t, http.StatusOK, "module=b&target="+fake.Addr())
	if w := ask(r, http.MethodGet, "/-/reload"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: got %d", w.Code)
	}
	for _, want := range []string{"level=ERROR msg=\"The configuration file cannot be used", "level=INFO msg=\"The configuration file is loaded\" modules=1"} {
		if strings.Count(r.log.String(), want) != 1 {
			t.Errorf("the log does not have once %s:\n%s", want, r.log)
		}
	}
}

func TestReloadIsOffByDefault(t *testing.T) {
	t.Parallel()
	file, err := probe.Open("")
	if err != nil {
		t.Fatal(err)
	}
	logger, log := newLog()
	h := handlerOf(t, Sources{Deployment: always(), Prober: NewProber(file, roomy, logger)}, defaults(), logger)
	if w := ask(h, http.MethodPost, "/-/reload"); w.Code != http.StatusNotFound {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if log.String() != "" {
		t.Errorf("it has done something:\n%s", log)
	}
	if body := ask(h, http.MethodGet, "/metrics").Body.String(); strings.Contains(body, "config_last_reload") {
		t.Error("there are metrics of a file that is not there")
	}
}
