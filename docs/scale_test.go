package docs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// The relabelling of docs/scale.md gives each target to one of the exporters.
func TestShardingIsUnderstood(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("scale.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := fenced(string(text), "yaml")
	if len(blocks) != 2 {
		t.Fatalf("got %d examples", len(blocks))
	}
	fakes := make([]string, 3)
	for i := range fakes {
		fakes[i] = sentineltest.RunFake(t, sentineltest.FakeConfig{}).Addr()
	}
	p := exportertest.StartPrometheus(t, `
global: {scrape_interval: 1h}
scrape_configs:
  - job_name: redis_sentinel_exporters
    metrics_path: /probe
    static_configs:
      - targets: [`+strings.Join(fakes, ", ")+`]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__address__], target_label: instance}
`+blocks[0]+`
      - {source_labels: [__address__], target_label: role}
  - job_name: redis_sentinel_servers
    static_configs:
      - targets: [`+strings.Join(fakes, ", ")+`]
    relabel_configs:
`+strings.ReplaceAll(blocks[1], "$SHARD", `\d`)+`
      - {target_label: role, replacement: server}
`)
	sentineltest.WaitFor(t, "the targets", func() bool { return len(p.Targets()) == 2*len(fakes) })
	for _, target := range p.Targets() {
		if !regexp.MustCompile(`^(exporter-[0-9]:9355|server)  127\.0\.0\.1:\d+$`).MatchString(target) {
			t.Errorf("got %q", target)
		}
	}
}
