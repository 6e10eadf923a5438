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

// The parts of one Prometheus: all that is done to a lane happens in the north. In the south each
// lane has a healthy neighbour with the same job and the same names. It differs in its cluster alone,
// and for every second lane in its deployment alone.
const north, south = "north", "south"

var clustersEvery = flag.Int("clusters.every", 0, "a Prometheus with two clusters has each lane of so many; 0 for none (make e2e-all)")

// partLabels are the labels in one of which the parts differ.
func partLabels() []string { return []string{"cluster", "deployment"} }

// startClusters starts a Prometheus with rules that the program prints for clusters. So of the
// north it must tell what the other Prometheus tells, with the label, and of the south nothing.
func (s *stack) startClusters(t *testing.T) *engine {
	t.Helper()
	healthy := sentineltest.Run(t, sentineltest.Config{Replicas: 2, DownAfter: downAfter})
	neighbour := sentineltest.FreeAddr(t)
	s.startExporter(t, neighbour, healthy.ClientAddrs())
	// The selector has all: it must change nothing.
	rules := run(t, s.exporter, "rules", "--group-label=cluster", fmt.Sprintf("--selector=cluster=~%q", north+"|"+south+"|"))
	writeFile(t, filepath.Join(s.dir, "alerts/clusters.yml"), scaled(rules))

	e := &engine{name: "Prometheus with two clusters", every: *clustersEvery, told: startRecorder(t, north)}
	file := filepath.Join(s.dir, "deploy/clusters.yml")
	var pairs []string // that were once known: the south keeps its targets
	e.configure = func(lanes []*lane) {
		var b strings.Builder
		for _, l := range lanes {
			pair := "job: " + l.job + ", " + partLabels()[l.number/e.every%2] + ": "
			b.WriteString(target(l.address, pair+north))
			if !slices.Contains(pairs, pair) {
				pairs = append(pairs, pair)
			}
		}
		for _, pair := range pairs {
			b.WriteString(target(neighbour, pair+south))
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
