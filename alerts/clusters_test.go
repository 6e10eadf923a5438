//go:build e2e

package alerts_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"redis_sentinel_exporter/internal/sentineltest"
)

// TestTwoClusters: one Prometheus has two clusters, whose jobs, deployments and masters have
// the same names, with rules that the program prints for them. What happens in one fires
// with its label, and not for the other. All other faults have startClusters for that.
func TestTwoClusters(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	exporter := filepath.Join(dir, "redis_sentinel_exporter")
	run(t, "go", "build", "-buildvcs=false", "-o", exporter, "..")
	writeFile(t, filepath.Join(dir, "both.yml"), scaled(run(t, exporter, "rules", "--group-label=cluster")))
	// Rules for the healthy one alone; by the cluster it is seen that they are silent. Before
	// the first scrape no exporter is known.
	args := []string{"rules", `--selector=cluster="us"`, "--job=redis_sentinel", "--without=RedisSentinelExporterAbsent"}
	for _, a := range readAlerts(t) {
		args = append(args, "--severity="+a.Alert+"=of-us") // so that they differ from those of both
	}
	writeFile(t, filepath.Join(dir, "us.yml"), scaled(run(t, exporter, args...)))

	eu := sentineltest.Run(t, sentineltest.Config{Replicas: 2, DownAfter: downAfter})
	us := sentineltest.Run(t, sentineltest.Config{Replicas: 2, DownAfter: downAfter})
	s := &stack{dir: dir, exporter: exporter}
	var targets strings.Builder
	exporters := map[string]*sentineltest.Program{}
	for cluster, topology := range map[string]*sentineltest.Topology{"eu": eu, "us": us} {
		address := sentineltest.FreeAddr(t)
		exporters[cluster] = s.startExporter(t, address, topology.ClientAddrs())
		fmt.Fprintf(&targets, "\n      - targets: [%s]\n        labels: {job: redis_sentinel, deployment: shop, cluster: %s}", address, cluster)
	}
	writeFile(t, filepath.Join(dir, "prometheus.yml"), "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"+
		"rule_files: [both.yml, us.yml]\nscrape_configs:\n  - job_name: redis_sentinel\n    static_configs:"+targets.String()+"\n")
	address := sentineltest.FreeAddr(t)
	s.url = "http://" + address
	start(t, "prometheus", s.url+"/-/ready", "prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	eventually(t, "both are scraped", func() bool {
		return len(s.query(t, `count(redis_sentinel_up{deployment="shop"} == 1) == 6`)) > 0
	})

	fires := func(alert string) {
		t.Helper()
		eventually(t, alert+" fires", func() bool {
			return s.query(t, `ALERTS{alertstate="firing", cluster="eu", deployment="shop"}`)[alert]
		})
	}
	eu.Masters[0].Replicas[0].Kill()
	eu.Sentinels[0].Kill()
	fires("RedisSentinelReplicaDown")
	fires("RedisSentinelDown")
	eu.Sentinels[1].Kill()
	fires("RedisSentinelBelowMajority")
	exporters["eu"].Stop()
	fires("RedisSentinelNoExporterUp")
	never := s.query(t, `count_over_time(ALERTS{cluster="us"}[1h])`)
	if len(never) > 0 {
		t.Errorf("fires or waits for the cluster where nothing happened: %q", slices.Sorted(maps.Keys(never)))
	}
}
