package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/internal/sentineltest"
)

// A prometheus is a real one, which runs until the test's end.
type prometheus struct {
	url string
	t   *testing.T
}

// startPrometheus starts it with a configuration and waits until it is ready.
func startPrometheus(t *testing.T, config string) *prometheus {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	address := sentineltest.FreeAddr(t)
	p := &prometheus{"http://" + address, t}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := sentineltest.StartProgram(ctx, filepath.Join(dir, "log"), func(context.Context) error {
		_, err := p.get("/-/ready")
		return err
	}, "prometheus", "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--log.level=warn")
	if err != nil {
		t.Fatalf("%v (`make test` installs it)", err)
	}
	t.Cleanup(func() {
		server.Stop()
		if t.Failed() {
			t.Logf("Prometheus has logged:\n%s", server.LogTail(20))
		}
	})
	return p
}

func (p *prometheus) get(path string) (string, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	response, err := client.Get(p.url + path)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, body)
	}
	return string(body), err
}

// targets are the active ones, as "role master address", in order.
func (p *prometheus) targets() []string {
	p.t.Helper()
	body, err := p.get("/api/v1/targets?state=active")
	if err != nil {
		p.t.Fatal(err)
	}
	var reply struct {
		Data struct {
			ActiveTargets []struct {
				Labels map[string]string
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &reply); err != nil {
		p.t.Fatal(err)
	}
	targets := []string{}
	for _, t := range reply.Data.ActiveTargets {
		targets = append(targets, t.Labels["role"]+" "+t.Labels["master"]+" "+t.Labels["instance"])
	}
	slices.Sort(targets)
	return targets
}

// sample is the value of one of Prometheus's own metrics, which has no labels.
func (p *prometheus) sample(name string) float64 {
	p.t.Helper()
	body, err := p.get("/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(body, "\n"+name+" ")
	line, _, _ := strings.Cut(rest, "\n")
	value, err := strconv.ParseFloat(line, 64)
	if err != nil {
		p.t.Fatalf("%s: %v", name, err)
	}
	return value
}

func (p *prometheus) wantTargets(what string, want []string) {
	p.t.Helper()
	slices.Sort(want)
	var diff string
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if diff = cmp.Diff(want, p.targets()); diff == "" {
			return
		}
	}
	p.t.Errorf("%s: the targets (-want +got):\n%s", what, diff)
}

// /sd feeds a real Prometheus: the roles of its targets follow a failover, and the
// targets stay when all Sentinels are gone.
func TestPrometheusDiscoversTargets(t *testing.T) {
	t.Parallel()
	const odd = "sp ace \xff,"
	topology := sentineltest.Run(t, sentineltest.Config{Masters: []string{"mymaster", odd}, Replicas: 1, Sentinels: 1})
	exporter := start(t, "--sentinel.address="+topology.SentinelAddrs()[0], "--sentinel.timeout=1s")
	prometheus := startPrometheus(t, `
global: {scrape_interval: 1h}
scrape_configs:
  - job_name: redis
    http_sd_configs:
      - url: `+exporter.url+`/sd?role=redis
        refresh_interval: 500ms
    relabel_configs:
      - {source_labels: [__meta_redis_sentinel_master_name], target_label: master}
      - {source_labels: [__meta_redis_sentinel_role], target_label: role}
  - job_name: redis_odd
    http_sd_configs:
      - url: `+exporter.url+`/sd?role=replica&master=`+url.QueryEscape(odd)+`
        refresh_interval: 500ms
    relabel_configs:
      - {target_label: role, replacement: odd}
`)
	first, second := topology.Masters[0], topology.Masters[1]
	shown := `sp ace \xff,`
	others := []string{
		"master " + shown + " " + second.Node.Addr(), "replica " + shown + " " + second.Replicas[0].Addr(),
		"odd  " + second.Replicas[0].Addr(),
	}
	prometheus.wantTargets("at first", slices.Concat(others, []string{
		"master mymaster " + first.Node.Addr(), "replica mymaster " + first.Replicas[0].Addr(),
	}))

	if _, err := topology.Failover(t.Context(), "mymaster"); err != nil {
		t.Fatal(err)
	}
	swapped := slices.Concat(others, []string{
		"replica mymaster " + first.Node.Addr(), "master mymaster " + first.Replicas[0].Addr(),
	})
	prometheus.wantTargets("after a failover", swapped)

	topology.Sentinels[0].Kill()
	// An answer that was under way for Prometheus is shared.
	waitFor(t, "503 where there is no Sentinel", func() bool {
		a, err := exporter.get("/sd")
		return err == nil && a.status == http.StatusServiceUnavailable
	})
	// Prometheus takes up changes every 5 seconds, and asks twice a second for each of
	// the two jobs: after so many failures it would have dropped its targets.
	const failures = "prometheus_sd_http_failures_total"
	before := prometheus.sample(failures)
	waitFor(t, "Prometheus to have failed often", func() bool { return prometheus.sample(failures) >= before+2*12 })
	if diff := cmp.Diff(swapped, prometheus.targets()); diff != "" {
		t.Errorf("without Sentinels: the targets (-want +got):\n%s", diff)
	}
}
