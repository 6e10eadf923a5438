package e2e_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// wantTargets waits until the targets are these.
func wantTargets(t *testing.T, p *exportertest.Prometheus, what string, want []string) {
	t.Helper()
	slices.Sort(want)
	sentineltest.WaitFor(t, "the targets "+what, func() bool {
		return slices.Equal(want, p.Targets())
	})
}

// /sd feeds a real Prometheus: the roles of its targets follow a failover, and the
// targets stay when all Sentinels are gone.
func TestPrometheusDiscoversTargets(t *testing.T) {
	t.Parallel()
	const odd = "sp ace \xff,"
	topology := sentineltest.Run(t, sentineltest.Config{Masters: []string{"mymaster", odd}, Replicas: 1, Sentinels: 1})
	exporter := exportertest.Start(t, "--sentinel.address="+topology.SentinelAddrs()[0], "--sentinel.timeout=1s")
	prometheus := exportertest.StartPrometheus(t, `
global: {scrape_interval: 1h}
scrape_configs:
  - job_name: redis
    http_sd_configs:
      - url: `+exporter.URL+`/sd?role=redis
        refresh_interval: 500ms
    relabel_configs:
      - {source_labels: [__meta_redis_sentinel_master_name], target_label: master}
      - {source_labels: [__meta_redis_sentinel_role], target_label: role}
  - job_name: redis_odd
    http_sd_configs:
      - url: `+exporter.URL+`/sd?role=replica&master=`+url.QueryEscape(odd)+`
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
	wantTargets(t, prometheus, "at first", slices.Concat(others, []string{
		"master mymaster " + first.Node.Addr(), "replica mymaster " + first.Replicas[0].Addr(),
	}))

	if _, err := topology.Failover(t.Context(), "mymaster"); err != nil {
		t.Fatal(err)
	}
	swapped := slices.Concat(others, []string{
		"replica mymaster " + first.Node.Addr(), "master mymaster " + first.Replicas[0].Addr(),
	})
	wantTargets(t, prometheus, "after a failover", swapped)

	topology.Sentinels[0].Kill()
	// An answer that was under way for Prometheus is shared.
	sentineltest.WaitFor(t, "503 where there is no Sentinel", func() bool {
		a, err := exporter.Get("/sd")
		return err == nil && a.Status == http.StatusServiceUnavailable
	})
	// Prometheus takes up changes every 5 seconds, and asks twice a second for each of
	// the two jobs: after so many failures it would have dropped its targets.
	const failures = "prometheus_sd_http_failures_total"
	failed := func() float64 {
		t.Helper()
		body, err := prometheus.Get("/metrics")
		if err != nil {
			t.Fatal(err)
		}
		return exportertest.Sample(t, body, failures)
	}
	before := failed()
	sentineltest.WaitFor(t, "Prometheus to have failed often", func() bool { return failed() >= before+2*12 })
	if diff := cmp.Diff(swapped, prometheus.Targets()); diff != "" {
		t.Errorf("without Sentinels: the targets (-want +got):\n%s", diff)
	}
}
