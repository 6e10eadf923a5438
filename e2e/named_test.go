package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// named is a configuration with deployments by these names.
func named(addresses map[string][]string) string {
	text, err := json.Marshal(addresses)
	if err != nil {
		panic(err)
	}
	return `{"deployments": ` + strings.NewReplacer(`":[`, `":{"sentinels":[`, `]`, `]}`).Replace(string(text)) + `}`
}

// TestNamedDeployments: two real ones whose master has the same name each have all that
// there is of a single one, and what happens in one is not seen in the other.
func TestNamedDeployments(t *testing.T) {
	t.Parallel()
	orders := sentineltest.Run(t, sentineltest.Config{Replicas: 1})
	carts := sentineltest.Run(t, sentineltest.Config{Replicas: 1})
	config := exportertest.TempFile(t, named(map[string][]string{"orders": orders.SentinelAddrs(), "carts": carts.SentinelAddrs()}))
	p := exportertest.Start(t, "--config.file="+config)
	probe := func(name string) exportertest.Response { return p.MustGet(t, "/probe?deployment="+name) }
	streams := func(name string, of *sentineltest.Topology) {
		t.Helper()
		sentineltest.WaitFor(t, "the streams of "+name, func() bool {
			body := probe(name).Body
			for _, s := range of.Sentinels {
				if !strings.Contains(body, `redis_sentinel_event_stream_up{sentinel="`+s.Addr()+`"} 1`) {
					return false
				}
			}
			return true
		})
	}
	streams("orders", orders)
	streams("carts", carts)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	address, err := orders.Failover(ctx, "mymaster")
	if err != nil {
		t.Fatal(err)
	}
	const duration = `redis_sentinel_failover_duration_seconds_count{master_name="mymaster",result="ended"} `
	sentineltest.WaitFor(t, "the failover to be counted", func() bool { return probe("orders").Has(duration + "1") })
	if !probe("carts").Has(duration + "0") {
		t.Error("the failover of one is counted at the other")
	}
	checkMetrics(t, probe("orders").Body)

	if a := p.MustGet(t, "/status?deployment=orders&refresh=off"); !strings.Contains(a.Body, " · orders</h1>") || !strings.Contains(a.Body, address) {
		t.Errorf("the page of orders is\n%s", a.Body)
	}
	if a := p.MustGet(t, "/can-stop?deployment=carts"); !strings.Contains(a.Body, `"verdict"`) {
		t.Errorf("/can-stop: got\n%s", a.Body)
	}
	for _, path := range []string{"/health?deployment=carts", "/sd?deployment=carts"} {
		if a := p.MustGet(t, path); !strings.Contains(a.Body, carts.Masters[0].Node.Addr()) || strings.Contains(a.Body, address) {
			t.Errorf("%s: got\n%s", path, a.Body)
		}
	}
	sentineltest.WaitFor(t, "/sd to have both", func() bool {
		a, err := p.Get("/sd?role=master")
		return err == nil && a.Status == http.StatusOK &&
			strings.Contains(a.Body, `"__meta_redis_sentinel_deployment": "orders"`) && strings.Contains(a.Body, `"__meta_redis_sentinel_deployment": "carts"`)
	})
	for _, path := range []string{"/probe", "/status", "/health", "/sd", "/can-stop", "/role/master", "/role/replica", "/role/sentinel"} {
		a, err := p.Get(path + "?deployment=order")
		if err != nil || a.Status != http.StatusNotFound || !strings.Contains(a.Body, "did you mean orders?") {
			t.Errorf("%s of an unknown one: got %d %s, %v", path, a.Status, a.Body, err)
		}
	}
	for path, status := range map[string]int{
		"/probe?deployment=carts&target=x": http.StatusBadRequest, "/probe?deployment=carts&deployment=orders": http.StatusBadRequest,
		"/status?deployment=carts&deployment=orders": http.StatusBadRequest, "/status": http.StatusNotFound, "/sd?role=deployment&master=m": http.StatusBadRequest,
	} {
		if a, err := p.Get(path); err != nil || a.Status != status {
			t.Errorf("%s: got %d %s, %v; want %d", path, a.Status, a.Body, err, status)
		}
	}

	for name, want := range map[string]string{"orders": "switched from " + orders.Masters[0].Node.Addr() + " to " + address, "carts": "no failover\n", "order": "did you mean orders?"} {
		stdout, stderr, _ := exportertest.Output(t, "history", "mymaster", "--exporter.url="+p.URL, "--deployment="+name)
		if !strings.Contains(stdout+stderr, want) {
			t.Errorf("history of %s: got %q, %q", name, stdout, stderr)
		}
	}

	checkRoles(t, p, map[string]string{"orders": address, "carts": carts.Masters[0].Node.Addr()})
	checkFleet(t, p, config)
	for _, name := range []string{"orders", "carts"} {
		stdout, stderr, status := exportertest.Output(t, "discover", "master", "mymaster", "--config.file="+config, "--deployment="+name)
		want := map[string]string{"orders": address, "carts": carts.Masters[0].Node.Addr()}[name]
		if status != 0 || stdout != want+"\n" {
			t.Errorf("discover of %s: got %d, %q, %q", name, status, stdout, stderr)
		}
	}
	// A wrong MONITOR: the Sentinels of carts monitor the master of orders as well. There they hear of the
	// master of the same name, with a higher epoch, and take that one for theirs.
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range carts.Sentinels {
		if _, err := s.CLI(ctx, "SENTINEL", "MONITOR", "wrong", host, port, "2"); err != nil {
			t.Fatal(err)
		}
	}
	sentineltest.WaitFor(t, "each side to be told of the other", func() bool {
		probe("orders")
		probe("carts")
		lines := fleetLines(t, p, "")
		return len(lines) == 2 && lines["orders"].with() == "carts" && lines["carts"].with() == "orders" &&
			strings.Contains(lines["carts"].Shared[0].Message, address)
	})
	_, stderr, status := exportertest.Output(t, "check", "--config.file="+config, "--deployment=cart")
	if status != 3 {
		t.Errorf("check of an unknown one: got the exit code %d", status)
	}
	wantOneLine(t, stderr, "did you mean carts?")
}

// checkRoles checks that load balancers are told the master of each deployment, and nothing of another.
func checkRoles(t *testing.T, p *exportertest.Exporter, masters map[string]string) {
	t.Helper()
	for of, node := range masters {
		for in := range masters {
			path := "/role/master?deployment=" + in + "&master=mymaster&node=" + url.QueryEscape(node)
			want := http.StatusServiceUnavailable
			if in == of {
				want = http.StatusOK
			}
			var got exportertest.Response
			sentineltest.WaitFor(t, fmt.Sprintf("%s to be %d", path, want), func() bool {
				var err error
				got, err = p.Get(path)
				return err == nil && got.Status == want
			})
			if in != of && !strings.Contains(got.Body, "there are") {
				t.Errorf("%s: got %s", path, got.Body)
			}
		}
	}
	for name := range masters {
		if line := `redis_sentinel_exporter_role_uncertain{deployment="` + name + `",master_name="mymaster"} 0`; !strings.Contains(p.MustGet(t, "/metrics").Body, "\n"+line+"\n") {
			t.Errorf("/metrics has no %s", line)
		}
	}
	if a, err := p.Get("/role/master?master=mymaster&node=x:1"); err != nil || a.Status != http.StatusNotFound || !strings.Contains(a.Body, "?deployment=NAME") {
		t.Errorf("without a name: got %d %s, %v", a.Status, a.Body, err)
	}
}

// TestDeploymentsAreDiscovered: a real Prometheus scrapes the deployments by three lines of
// configuration, each with its own labels.
func TestDeploymentsAreDiscovered(t *testing.T) {
	t.Parallel()
	var lines []string
	for i := range 3 {
		fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 2})
		lines = append(lines, fmt.Sprintf("  shop-%d: {sentinels: ['%s'], labels: {team: team-%d}}", i, fake.Addr(), i))
	}
	p := exportertest.Start(t, "--config.file="+exportertest.TempFile(t, "deployments:\n"+strings.Join(lines, "\n")+"\n"))
	prometheus := exportertest.StartPrometheus(t, "global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: redis_sentinel\n    http_sd_configs:\n      - url: "+p.URL+"/sd?role=deployment\n")
	var got []map[string]string
	sentineltest.WaitFor(t, "all to be up", func() bool {
		got = prometheus.Series("up == 1")
		return len(got) == 3
	})
	for _, labels := range got {
		i := strings.TrimPrefix(labels["deployment"], "shop-")
		want := map[string]string{"__name__": "up", "job": "redis_sentinel", "deployment": "shop-" + i, "instance": "shop-" + i, "team": "team-" + i}
		if diff := cmp.Diff(want, labels); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	behind := exportertest.Start(t, "--config.file="+exportertest.TempFile(t, "deployments: {a: {sentinels: [x]}}"), "--web.external-url=https://example.com:8443/redis/")
	var targets []struct {
		Targets []string
		Labels  map[string]string
	}
	if err := json.Unmarshal([]byte(behind.MustGet(t, "/sd?role=deployment").Body), &targets); err != nil {
		t.Fatal(err)
	}
	if len(targets) != 1 || targets[0].Targets[0] != "example.com:8443" || targets[0].Labels["__scheme__"] != "https" || targets[0].Labels["__metrics_path__"] != "/redis/probe" {
		t.Errorf("got %+v", targets)
	}
}

// A fleetLine is what is looked at of a line of /fleet.
type fleetLine struct {
	Name     string   `json:"name"`
	Status   string   `json:"status"`
	Summary  string   `json:"summary"`
	Masters  int      `json:"masters"`
	Asked    int      `json:"sentinels_asked"`
	Answered int      `json:"sentinels_answered"`
	Age      *float64 `json:"age_seconds"`
	Shared   []struct{ With, Message string }
}

// with returns the names of the deployments with which it shares something.
func (l *fleetLine) with() string {
	var names []string
	for _, s := range l.Shared {
		names = append(names, s.With)
	}
	return strings.Join(names, " ")
}

func fleetLines(t *testing.T, p *exportertest.Exporter, query string) map[string]*fleetLine {
	t.Helper()
	var answer struct{ Deployments []*fleetLine }
	if err := json.Unmarshal([]byte(p.MustGet(t, "/fleet?format=json"+query).Body), &answer); err != nil {
		t.Fatal(err)
	}
	lines := make(map[string]*fleetLine)
	for _, l := range answer.Deployments {
		lines[l.Name] = l
	}
	return lines
}

// checkFleet checks what is said of orders and carts together.
func checkFleet(t *testing.T, p *exportertest.Exporter, config string) {
	t.Helper()
	sentineltest.WaitFor(t, "both to be asked", func() bool {
		lines := fleetLines(t, p, "")
		return lines["orders"].Answered == 3 && lines["carts"].Answered == 3
	})
	for name, l := range fleetLines(t, p, "") {
		if l.Masters != 1 || l.Asked != 3 || l.Age == nil || l.Summary == "" || l.Shared != nil {
			t.Errorf("%s: got %+v", name, l)
		}
	}
	if lines := fleetLines(t, p, "&q=CART"); len(lines) != 1 || lines["carts"] == nil {
		t.Errorf("of carts alone: got %v", lines)
	}
	if lines := fleetLines(t, p, "&status=critical"); lines["carts"] != nil && lines["carts"].Status != "critical" {
		t.Errorf("of the critical ones: got %v", lines)
	}
	if page := p.MustGet(t, "/fleet").Body; !strings.Contains(page, `<a href="status?deployment=orders">orders</a>`) || strings.Contains(page, "<script") {
		t.Errorf("the page is\n%s", page)
	}
	for _, query := range []string{"status=bad", "format=xml", "x=y"} {
		if a, err := p.Get("/fleet?" + query); err != nil || a.Status != http.StatusBadRequest {
			t.Errorf("/fleet?%s: got %d, %v", query, a.Status, err)
		}
	}
	stdout, stderr, status := exportertest.Output(t, "check", "--all", "--config.file="+config)
	if status > 2 || strings.Count(stdout, "\n") != 2 || !strings.Contains(stdout, " orders: ") || !strings.Contains(stdout, " carts: ") || stderr != "" {
		t.Errorf("check --all: got %d\n%s%s", status, stdout, stderr)
	}
}

// TestCheckAllKeepsToModule: a module's timeout holds for check --all as well, if it is the shorter one.
func TestCheckAllKeepsToModule(t *testing.T) {
	t.Parallel()
	hung := sentineltest.RawServer(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	config := exportertest.TempFile(t, fmt.Sprintf("modules: {short: {timeout: 100ms}}\ndeployments: {hung: {sentinels: [%q], module: short}}\n", hung))
	stdout, stderr, status := exportertest.Output(t, "check", "--all", "--config.file="+config, "--sentinel.timeout=1m") // it waits 10 s
	if !strings.HasPrefix(stdout, "UNKNOWN  hung: no Sentinel of 1 answered") || status != 3 || stderr != "" {
		t.Errorf("got %d\n%s%s", status, stdout, stderr)
	}
}

// TestCheckAll: the worst first and its exit code, within the timeout, however many hang; and what two have in
// common, as /fleet says it.
func TestCheckAll(t *testing.T) {
	t.Parallel()
	const hung = 300 // more than are asked at once
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 2, Peers: 2})
	deployments := map[string][]string{}
	for i := range 10 {
		deployments[fmt.Sprintf("well-%d", i)] = fakeDeployment(t, fmt.Sprintf("well-%d", i))[:1] // which is well alone
	}
	deployments["one"], deployments["two"] = []string{fake.Addr()}, []string{fake.Addr()}
	for i := range hung {
		deployments[fmt.Sprintf("hung-%03d", i)] = []string{sentineltest.RawServer(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })}
	}
	config := exportertest.TempFile(t, named(deployments))
	began := time.Now()
	stdout, stderr, status := exportertest.Output(t, "check", "--all", "--config.file="+config, "--sentinel.timeout=4s")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if len(lines) != hung+12 || !strings.HasPrefix(lines[0], "UNKNOWN  hung-000: no Sentinel of 1 answered") || status != 3 || stderr != "" {
		t.Errorf("got %d\n%s%s", status, stdout, stderr)
	}
	for i := range 10 {
		if want := fmt.Sprintf("\nOK       well-%d: mymaster: ", i); !strings.Contains(stdout, want) {
			t.Errorf("there is no %q in\n%s", want, stdout)
		}
	}
	for name, other := range map[string]string{"one": "two", "two": "one"} {
		want := "\nWARNING  " + name + ": the Sentinel " + fake.Addr() + " is also in the deployment " + other + "\n"
		if !strings.Contains(stdout, want) {
			t.Errorf("there is no %q in\n%s", want, stdout)
		}
	}
	for _, words := range [][]string{{"check", "--all"}, {"check", "--all", "mymaster", "--config.file=" + config}, {"check", "--all", "--deployment=one", "--config.file=" + config}} {
		_, stderr, status := exportertest.Output(t, words...)
		if status != 3 {
			t.Errorf("%q: got the exit code %d", words, status)
		}
		wantOneLine(t, stderr, "--all")
	}
}
