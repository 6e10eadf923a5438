package e2e_test

import (
	"flag"
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

var newerPrometheus = flag.String("prometheus", "", "a newer Prometheus, to be tested beside Debian's (make e2e-all)")

// TestHistogramIsKept: Prometheus has the durations of failovers, as the dashboards ask for them, whatever it
// takes beside the text; and increase() sees the first event.
func TestHistogramIsKept(t *testing.T) {
	t.Parallel()
	const query = "increase(redis_sentinel_failover_duration_seconds_sum[1m]) / (increase(redis_sentinel_failover_duration_seconds_count[1m]) > 0)"
	features := map[string][]string{"prometheus": {"", "native-histograms"}}
	if *newerPrometheus != "" {
		features[*newerPrometheus] = []string{"", "native-histograms", "created-timestamp-zero-ingestion"}
	}
	topology := sentineltest.Run(t, sentineltest.Config{Replicas: 1})
	exporter := exportertest.Start(t, "--sentinel.address="+topology.SentinelAddrs()[0])
	config := "global: {scrape_interval: 500ms}\nscrape_configs:\n  - {job_name: redis_sentinel, static_configs: [{targets: [" + exporter.Addr() + "]}]}\n"
	running := map[string]*exportertest.Prometheus{}
	for path, list := range features {
		for _, feature := range list {
			var args []string
			if feature != "" {
				args = []string{"--enable-feature=" + feature}
			}
			p := exportertest.StartPrometheusFrom(t, path, config, args...)
			running[path+" "+feature] = p
			sentineltest.WaitFor(t, "samples before the failover", func() bool { return len(p.Series("redis_sentinel_failover_duration_seconds_count == 0")) > 0 })
		}
	}
	if _, err := topology.Sentinels[0].CLI(t.Context(), "SENTINEL", "FAILOVER", "mymaster"); err != nil {
		t.Fatal(err)
	}
	for name, p := range running {
		sentineltest.WaitFor(t, "how long the failover took, of "+name, func() bool { return len(p.Series(query)) == 1 })
		// The first of what alerts and panels count, which is there at 0 before.
		switches := `increase(redis_sentinel_events_total{event="+switch-master"}[1m]) > 0`
		sentineltest.WaitFor(t, "that there was a switch, of "+name, func() bool { return len(p.Series(switches)) == 1 })
		if !strings.HasSuffix(name, "created-timestamp-zero-ingestion") {
			continue
		}
		// The first of all others, whose series begins with it: the exporter says when the count began.
		ends := `increase(redis_sentinel_events_total{event="+failover-end"}[1m]) > 0`
		sentineltest.WaitFor(t, "that the failover has ended, of "+name, func() bool { return len(p.Series(ends)) == 1 })
	}
}
