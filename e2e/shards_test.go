package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestShardsAreScrapedOnce: a Prometheus discovers the deployments at each of 1, 2, 5 and 6 exporters, a job each,
// which have one file. Every deployment is scraped at exactly one, and the sixth takes its part and moves no other.
func TestShardsAreScrapedOnce(t *testing.T) {
	t.Parallel()
	const deployments = 80
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 2})
	config := "deployments:\n"
	for i := range deployments {
		config += fmt.Sprintf("  shop-%d: {sentinels: ['%s']}\n", i, fake.Addr())
	}
	config = exportertest.TempFile(t, config)
	counts := []int{1, 2, 5, 6}
	indexes := make(map[string]int) // by the address of the exporter
	var jobs strings.Builder
	for _, count := range counts {
		fmt.Fprintf(&jobs, "  - job_name: of-%d\n    relabel_configs: [{source_labels: [__address__], target_label: exporter}]\n    http_sd_configs:\n", count)
		for index := range count {
			p := exportertest.Start(t, "--config.file="+config, fmt.Sprintf("--fleet.shard=exporter-%d/%d", index, count), "--no-collector.events")
			indexes[p.Addr()] = index
			fmt.Fprintf(&jobs, "      - {url: \"%s/sd?role=deployment\", refresh_interval: 5s}\n", p.URL) // not after a minute, if the first fails on a busy machine
		}
	}
	prometheus := exportertest.StartPrometheus(t, "global: {scrape_interval: 10s}\nscrape_configs:\n"+jobs.String())
	var up []map[string]string
	sentineltest.WaitFor(t, "all to be up", func() bool {
		up = prometheus.Series("up == 1")
		return len(up) >= len(counts)*deployments
	})
	if down := prometheus.Series("up != 1"); len(down) > 0 {
		t.Errorf("down: %v", down)
	}
	scrapedAt := make(map[string]int) // the index of the exporter, by job and deployment
	used := make(map[string]bool)
	for _, labels := range up {
		key := labels["job"] + " " + labels["deployment"]
		if _, twice := scrapedAt[key]; twice {
			t.Errorf("%s is scraped twice", key)
		}
		scrapedAt[key], used[labels["exporter"]] = indexes[labels["exporter"]], true
	}
	if len(used) != len(indexes) {
		t.Errorf("%d of %d exporters are scraped", len(used), len(indexes))
	}
	moved := 0
	for i := range deployments {
		name := fmt.Sprintf("shop-%d", i)
		for _, count := range counts {
			if _, scraped := scrapedAt[fmt.Sprintf("of-%d %s", count, name)]; !scraped {
				t.Errorf("%s is scraped at none of %d exporters", name, count)
			}
		}
		if five, six := scrapedAt["of-5 "+name], scrapedAt["of-6 "+name]; five != six {
			moved++
			if six != 5 {
				t.Errorf("%s moves from %d to %d, which is not the new one", name, five, six)
			}
		}
	}
	if moved > deployments/4 {
		t.Errorf("%d of %d move", moved, deployments)
	}
}
