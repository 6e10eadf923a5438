package e2e_test

import (
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// mostAllocated is how often the exporter allocates for a sample of a scrape, at most.
const mostAllocated = 0.5

// TestAllocations counts what scrapes of 1,000 masters allocate. Unlike their time that is the same on any machine.
func TestAllocations(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Masters: 1000, Replicas: 2, Peers: 2})
	p := exportertest.StartProcess(t, "--sentinel.address="+fake.Addr())
	scrape := func() (allocated float64, samples int) {
		body := p.MustGet(t, "/metrics").Body
		return exportertest.Sample(t, body, "go_memstats_mallocs_total"), strings.Count(body, "\nredis_sentinel_")
	}
	for range 3 {
		scrape() // some things happen for the first time
	}
	before, samples := scrape()
	const scrapes = 5
	for range scrapes - 1 {
		scrape()
	}
	after, _ := scrape()
	each := (after - before) / scrapes / float64(samples)
	t.Logf("%d samples, %.2f allocations each", samples, each)
	if samples < 50_000 || each > mostAllocated {
		t.Errorf("%d samples with %.2f allocations each, want at most %.1f", samples, each, mostAllocated)
	}
}
