//go:build e2e

package alerts_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"redis_sentinel_exporter/internal/sentineltest"
)

// The clusters of one Prometheus: all that is done to a lane happens in the north. In the south
// each lane has a deployment with the same job and the same names, to which nothing happens.
const north, south = "north", "south"

var clustersEvery = flag.Int("clusters.every", 0, "a Prometheus with two clusters has each lane of so many; 0 for none (make e2e-all)")

// startClusters starts a Prometheus with rules that the program prints for two clusters. So of the
// north it must tell what the other Prometheus tells, with the label, and of the south nothing.
func (s *stack) startClusters(t *testing.T) *engine {
	t.Helper()
	healthy := sentineltest.Run(t, sentineltest.Config{Replicas: 2, DownAfter: downAfter})
	neighbour := sentineltest.FreeAddr(t)
	s.startExporter(t, neighbour, healthy.ClientAddrs())
	// The selector has both: it must change nothing.
	rules := run(t, s.exporter, "rules", "--group-label=cluster", fmt.Sprintf("--selector=cluster=~%q", north+"|"+south))
	writeFile(t, filepath.Join(s.dir, "alerts/clusters.yml"), scaled(rules))

	e := &engine{name: "Prometheus with two clusters", every: *clustersEvery, told: startRecorder(t, north)}
	file := filepath.Join(s.dir, "deploy/clusters.yml")
	var jobs []string // that were once known: the south keeps its targets
	e.configure = func(lanes []*lane) {
		var b strings.Builder
		for _, l := range lanes {
			b.WriteString(target(l.address, "job: "+l.job+", cluster: "+north))
			if !slices.Contains(jobs, l.job) {
				jobs = append(jobs, l.job)
			}
		}
		for _, job := range jobs {
			b.WriteString(target(neighbour, "job: "+job+", cluster: "+south))
		}
		configurePrometheus(t, file, b.String(), e.told.addr())
		text := readFile(t, file)
		const committed = "../alerts/" + rulesFile
		if !strings.Contains(text, committed) {
			t.Fatalf("%s does not contain %q", file, committed)
		}
		writeFile(t, file, strings.Replace(text, committed, "../alerts/clusters.yml", 1))
	}
	e.configure(nil)
	address := sentineltest.FreeAddr(t)
	e.scraper = start(t, "clusters", "http://"+address+"/-/ready", "prometheus",
		"--config.file="+file, "--storage.tsdb.path="+filepath.Join(s.dir, "clusters"), "--web.listen-address="+address, resendDelay)
	return e
}
