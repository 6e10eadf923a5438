package e2e_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

func TestScrapeOfADeployment(t *testing.T) {
	topology := sentineltest.Run(t, sentineltest.Config{})
	addresses := topology.SentinelAddrs()
	p := exportertest.Start(t, "--sentinel.address="+strings.Join(addresses, ","))
	up := func(a exportertest.Response, address string, value string) {
		t.Helper()
		if !a.Has(`redis_sentinel_up{sentinel="` + address + `"} ` + value) {
			t.Errorf("%s is not %s in:\n%s", address, value, a.Body)
		}
	}

	healthy := p.MustGet(t, "/metrics")
	for _, address := range addresses {
		up(healthy, address, "1")
		if !healthy.Has(`redis_sentinel_master_replicas{master_name="mymaster",sentinel="` + address + `"} 2`) {
			t.Errorf("%s: want 2 replicas in:\n%s", address, healthy.Body)
		}
	}
	checkMetrics(t, healthy.Body)

	if err := topology.Sentinels[0].Hang(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	hung := p.MustGet(t, "/metrics", "X-Prometheus-Scrape-Timeout-Seconds", "1")
	if took := time.Since(began); took > 4*time.Second { // less than --sentinel.timeout's 5 s
		t.Errorf("with one hung Sentinel: it took %s, with a deadline of 500ms", took)
	}
	up(hung, addresses[0], "0")
	up(hung, addresses[1], "1")

	topology.Sentinels[0].Kill()
	began = time.Now()
	one := p.MustGet(t, "/metrics")
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("with one dead Sentinel: it took %s", took)
	}
	up(one, addresses[0], "0")
	for _, address := range addresses[1:] {
		up(one, address, "1")
		if got, want := countSamples(one.Body, address), countSamples(healthy.Body, address); got < want { // it may have seen the death
			t.Errorf("%s: %d samples, it had %d before another one died", address, got, want)
		}
	}

	for _, s := range topology.Sentinels {
		s.Kill()
	}
	nobody := p.MustGet(t, "/metrics")
	for _, address := range addresses {
		up(nobody, address, "0")
	}
	checkMetrics(t, nobody.Body)

	if err := topology.Sentinels[0].Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	up(p.MustGet(t, "/metrics"), addresses[0], "1")
	log := p.Stderr.String()
	for _, want := range []string{"reason=timeout", "reason=unreachable", `msg="Sentinel answers again" sentinel=` + addresses[0]} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
}

func countSamples(body, address string) int {
	return strings.Count(body, `sentinel="`+address+`"`)
}

// checkMetrics lets promtool judge what a scrape gave.
func checkMetrics(t *testing.T, body string) {
	t.Helper()
	command := exec.Command("promtool", "check", "metrics")
	command.Stdin = strings.NewReader(body)
	out, err := command.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics (Debian: apt-get install prometheus; `make test` does it): %v\n%s", err, out)
	}
}

func TestScrapeWithTLSAndPassword(t *testing.T) {
	topology := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None, ClientCerts: true, Password: "sesame"})
	address := topology.SentinelAddrs()[0]
	file := filepath.Join(t.TempDir(), "password")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("wrong-one\n")
	p := exportertest.Start(t, "--sentinel.address="+address, "--sentinel.password-file="+file, "--log.level=debug",
		"--sentinel.tls", "--sentinel.tls-ca-file="+topology.TLS.CA,
		"--sentinel.tls-cert-file="+topology.TLS.ClientCert, "--sentinel.tls-key-file="+topology.TLS.ClientKey)

	if got := p.MustGet(t, "/metrics"); !got.Has(`redis_sentinel_up{sentinel="`+address+`"} 0`) ||
		!got.Has(`redis_sentinel_command_errors_total{command="masters",reason="auth",sentinel="`+address+`"} 1`) {
		t.Errorf("with a wrong password: got\n%s", got.Body)
	}
	write("sesame\n")
	if got := p.MustGet(t, "/metrics"); !got.Has(`redis_sentinel_up{sentinel="` + address + `"} 1`) {
		t.Errorf("with the right password: got\n%s", got.Body)
	}
	for _, secret := range []string{"sesame", "wrong-one"} {
		if strings.Contains(p.Stderr.String(), secret) {
			t.Errorf("the log holds the password %q:\n%s", secret, p.Stderr)
		}
	}
}

func TestSwitches(t *testing.T) {
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 2, Peers: 2})
	for _, tc := range []struct {
		args  []string
		there []string
		gone  []string
	}{
		{nil, []string{"redis_sentinel_replica_ok{", "redis_sentinel_peer_info{", "go_goroutines"}, []string{"redis_sentinel_node_", `redis_sentinel_command_errors_total{command="info_cache"`}},
		{[]string{"--no-collector.replicas"}, []string{"redis_sentinel_peer_info{"}, []string{"redis_sentinel_replica_ok{"}},
		{[]string{"--no-collector.peers"}, []string{"redis_sentinel_replica_ok{"}, []string{"redis_sentinel_peer_info{"}},
		{[]string{"--no-collector.events"}, []string{"redis_sentinel_up{"}, []string{"redis_sentinel_event", "redis_sentinel_failover_duration"}},
		{[]string{"--web.disable-exporter-metrics"}, []string{"redis_sentinel_exporter_build_info{"}, []string{"go_", "process_", "promhttp_"}},
		{[]string{"--collector.info-cache"}, []string{`redis_sentinel_command_errors_total{command="info_cache"`}, nil},
	} {
		p := exportertest.Start(t, append([]string{"--sentinel.address=" + fake.Addr()}, tc.args...)...)
		body := p.MustGet(t, "/metrics").Body
		for _, want := range tc.there {
			if !strings.Contains(body, "\n"+want) {
				t.Errorf("%v: %s is missing", tc.args, want)
			}
		}
		for _, unwanted := range tc.gone {
			if strings.Contains(body, "\n"+unwanted) {
				t.Errorf("%v: %s is there", tc.args, unwanted)
			}
		}
		if p.End() != 0 {
			t.Errorf("%v: it failed:\n%s", tc.args, p.Stderr)
		}
		sentineltest.WaitFor(t, "its connection to be closed", func() bool {
			_, open := fake.Connections()
			return open == 0
		})
	}
}

func TestTelemetryPathCanBeChanged(t *testing.T) {
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	p := exportertest.Start(t, "--sentinel.address="+fake.Addr(), "--web.telemetry-path=/sentinel")
	if got := p.MustGet(t, "/sentinel").Body; !strings.Contains(got, "redis_sentinel_up") {
		t.Errorf("got %q", got)
	}
	if got, err := p.Get("/metrics"); err != nil || got.Status != http.StatusNotFound {
		t.Errorf("/metrics: got %d, %v", got.Status, err)
	}
}

func TestStopLetsAScrapeFinish(t *testing.T) {
	asked := make(chan struct{}, 10)
	silent := sentineltest.RawServer(t, func(conn net.Conn) {
		asked <- struct{}{}
		_, _ = io.Copy(io.Discard, conn) // and no answer
	})
	p := exportertest.Start(t, "--sentinel.address="+silent, "--no-collector.events")
	var wg sync.WaitGroup
	wg.Go(func() {
		got, err := p.Get("/metrics", "X-Prometheus-Scrape-Timeout-Seconds", "2")
		if err != nil || got.Status != http.StatusOK || !got.Has(`redis_sentinel_up{sentinel="`+silent+`"} 0`) {
			t.Errorf("got %d, %v\n%s", got.Status, err, got.Body)
		}
	})
	<-asked
	began := time.Now()
	if status := p.End(); status != 0 {
		t.Errorf("got the exit code %d", status)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the stop took %s", took)
	}
	wg.Wait()
}
