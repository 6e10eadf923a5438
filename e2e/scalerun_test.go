package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
)

// repeat probes a target at its own time in each interval, as Prometheus does, until
// ctx ends.
func (s *scaleRun) repeat(ctx context.Context, target string, well bool, offset time.Duration) {
	timer := time.NewTimer(offset)
	defer timer.Stop()
	ticker := time.NewTicker(*scaleEvery)
	defer ticker.Stop()
	tick := timer.C
	for {
		select {
		case <-tick:
			if tick == timer.C {
				ticker.Reset(*scaleEvery)
			}
			tick = ticker.C
			s.probe(target, well)
		case <-ctx.Done():
			return
		}
	}
}

// probe asks once and notes what is wrong with the answer.
func (s *scaleRun) probe(target string, well bool) {
	patience := *scaleEvery // that of Prometheus
	if !measured() {
		patience = time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	began := time.Now()
	body, err := s.get(ctx, target)
	took := time.Since(began)
	value := "0"
	if well {
		value = "1"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers++
	s.slowest[well] = max(s.slowest[well], took)
	switch {
	case err != nil:
		s.faults = append(s.faults, fmt.Sprintf("%s, after %s: %v", target, took, err))
	case measured() && !strings.Contains(body, fmt.Sprintf("\nredis_sentinel_up{sentinel=%q} %s\n", target, value)),
		!strings.Contains(body, fmt.Sprintf("\nredis_sentinel_up{sentinel=%q} ", target)),
		!well && strings.Contains(body, fmt.Sprintf("\nredis_sentinel_up{sentinel=%q} 1\n", target)):
		s.faults = append(s.faults, fmt.Sprintf("%s: want up %s, got %s", target, value, body))
	}
}

func (s *scaleRun) get(ctx context.Context, target string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+target, nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", strconv.FormatFloat(scaleEvery.Seconds(), 'f', -1, 64))
	response, err := s.client.Do(request)
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

// A usage is what the exporter's process uses at one moment.
type usage struct {
	resident, heap, files, goroutines, sentinels, cpu float64
}

func (u usage) String() string {
	return fmt.Sprintf("%.0f MiB resident, %.1f MiB of heap, %.0f files, %.0f goroutines, %.0f Sentinels kept", u.resident/(1<<20), u.heap/(1<<20), u.files, u.goroutines, u.sentinels)
}

func usageOf(t *testing.T, p *exportertest.Process) usage {
	t.Helper()
	body := p.MustGet(t, "/metrics").Body
	value := func(name string) float64 { return exportertest.Sample(t, body, name) }
	u := usage{
		resident: value("process_resident_memory_bytes"), heap: value("go_memstats_heap_alloc_bytes"), files: value("process_open_fds"), goroutines: value("go_goroutines"),
		cpu: value("process_cpu_seconds_total"),
	}
	const probed = "redis_sentinel_exporter_probed_sentinels"
	if strings.Contains(body, "\n"+probed+" ") { // not without a configuration file
		u.sentinels = value(probed)
	}
	return u
}

// watchUsage looks at the usage once a second until ctx ends.
func watchUsage(ctx context.Context, t *testing.T, p *exportertest.Process) (usages []usage) {
	t.Helper()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			usages = append(usages, usageOf(t, p))
		case <-ctx.Done():
			return usages
		}
	}
}

// checkFlat compares the least that was used in the second quarter of the time with
// that in the last one: it is what is kept, whatever is under way at a moment.
func checkFlat(t *testing.T, usages []usage) {
	t.Helper()
	least := func(part []usage) usage {
		least := part[0]
		for _, u := range part {
			least.resident, least.heap = min(least.resident, u.resident), min(least.heap, u.heap)
			least.files, least.goroutines, least.sentinels = min(least.files, u.files), min(least.goroutines, u.goroutines), min(least.sentinels, u.sentinels)
		}
		return least
	}
	n := len(usages)
	early, late := least(usages[n/4:n/2]), least(usages[3*n/4:])
	t.Logf("second quarter, at least: %s", early)
	t.Logf("last quarter, at least:   %s", late)
	if late.resident > 1.1*early.resident || late.heap > 1.1*early.heap+1<<20 || late.files > 1.1*early.files || late.goroutines > 1.1*early.goroutines+5 {
		t.Error("it grows")
	}
}
