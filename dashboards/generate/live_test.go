package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/internal/sentineltest/faults"
)

// The jobs of the test: one exporter for all Sentinels; the same with a label for
// the deployment; one exporter beside each Sentinel.
const (
	single = "redis_sentinel"
	shop   = "redis-sentinel-shop"
	beside = "redis_sentinel_beside"
)

// A stage is real Sentinels, real exporters on them, and a real Prometheus.
type stage struct {
	*server
	topology     *sentineltest.Topology
	stopExporter func()             // that of the first two jobs
	engines      map[string]*server // others that know the same, by name
}

func setUp(t *testing.T) *stage {
	t.Helper()
	exporter := filepath.Join(t.TempDir(), "redis_sentinel_exporter")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-C", "../..", "-buildvcs=false", "-o", exporter, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// A busy machine must not make a failover that nobody asked for.
	s := &stage{topology: sentineltest.Run(t, sentineltest.Config{DownAfter: 2 * time.Second, FailoverTimeout: 3 * time.Second})}
	addrs := s.topology.SentinelAddrs()
	all, stop := startExporter(t, exporter, addrs...)
	s.stopExporter = stop
	jobs := []job{{single, "", []string{all}}, {shop, "shop", []string{all}}, {beside, "", nil}}
	for _, addr := range addrs {
		own, _ := startExporter(t, exporter, addr)
		jobs[2].targets = append(jobs[2].targets, own)
	}
	engines, writeTo := startEngines(t)
	s.engines = engines
	s.server = startPrometheus(t, jobs, writeTo)
	return s
}

func startExporter(t *testing.T, program string, sentinels ...string) (address string, stop func()) {
	t.Helper()
	address = sentineltest.FreeAddr(t)
	config := filepath.Join(t.TempDir(), "probe.yml")
	if err := os.WriteFile(config, []byte("modules: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	stop = start(t, "exporter", "http://"+address+"/-/ready", program, "--web.listen-address="+address, "--config.file="+config,
		"--sentinel.address="+strings.Join(sentinels, ","), "--timeout-offset=100ms")
	return address, stop
}

// until waits until an expression has values.
func (s *stage) until(t *testing.T, what, expr string) {
	t.Helper()
	defer func() { t.Logf("%3.0f s: %s", time.Since(s.began).Seconds(), what) }()
	sentineltest.WaitFor(t, what, func() bool {
		lines, err := s.now(t.Context(), expr)
		if err != nil {
			t.Fatal(err)
		}
		return len(lines) > 0
	})
}

// TestLive looks at the dashboards while all is well, while a failover goes on
// that cannot end, after it has ended, with a Sentinel dead, with a node that
// two masters have, and with the exporter dead.
func TestLive(t *testing.T) {
	t.Parallel()
	s := setUp(t)
	s.until(t, "all is scraped often enough", fmt.Sprintf("count(count_over_time(up{job=~%q}[5m]) > 8) == 5", single+"|"+shop+"|"+beside))
	s.until(t, "all is well", "(max(redis_sentinel_deployment_check_status) == 0) and on () (count(redis_sentinel_deployment_master_health == 0) == 5)")
	t.Run("variables", s.variables)
	t.Run("healthy", func(t *testing.T) {
		s.lookAt(t, quiet())
		s.wantAgreement(t)
		s.wantStats(t, map[string]float64{
			"overview 1": 0, "overview 2": 0, "overview 3": 1, "overview 5": 0, "overview 6": 0, "overview 7": 0, "overview 21": 0, "overview 22": 0, "overview 23": 0,
			"master 1": 0, "master 2": 1, "master 3": 1, "master 5": 2, "master 6": 1, "master 30": 0, "master 31": 0, "master 32": 0,
			"sentinel 1": 1, "sentinel 2": 0, "sentinel 3": 1, "sentinel 6": 0,
			"fleet 1": 1, "fleet 2": 0, "fleet 3": 0, "fleet 4": 0, "fleet 5": 0, "fleet 6": 0,
		})
	})
	old := s.killMasterWithoutHeir(t)
	t.Run("during a failover", func(t *testing.T) {
		s.lookAt(t, withoutASwitch())
		s.wantAgreement(t)
		s.wantStats(t, map[string]float64{
			"overview 1": 2, "overview 2": 1, "overview 7": 0, "overview 21": 1,
			"master 1": 2, "master 2": 0, "master 5": 0, "master 30": 1,
			"fleet 1": 1, "fleet 2": 1, "fleet 5": 1, "fleet 6": 1,
		})
	})
	s.letAReplicaTakeOver(t, old)
	t.Run("after it", func(t *testing.T) {
		s.lookAt(t, unbroken())
		s.wantAgreement(t)
		s.wantStats(t, map[string]float64{"overview 7": 1, "overview 21": 0, "master 6": 1, "master 30": 0, "master 32": 1})
	})
	s.killASentinel(t)
	t.Run("Sentinel dead", func(t *testing.T) {
		s.wantStats(t, map[string]float64{"overview 3": 0, "overview 5": 1, "master 3": 0, "master 31": 1, "sentinel 1": 0})
	})
	s.shareTheMaster(t)
	t.Run("node of two masters", func(t *testing.T) { s.lookAt(t, withSharedNodes()) })
	s.forget(t)
	t.Run("one forgets it", func(t *testing.T) { s.wantStats(t, map[string]float64{"overview 13": 0.5}, single) })
	s.stopExporter()
	t.Run("exporter dead", func(t *testing.T) {
		s.wantStats(t, map[string]float64{"overview 1": 1.5, "overview 9": 0, "overview 17": 0, "overview 22": 1, "master 1": 1.5, "fleet 1": 1, "fleet 2": 0, "fleet 3": 1}, single, shop)
		s.wantBlind(t, single, "overview 2", "overview 3", "overview 5", "overview 6", "overview 21", "master 2", "master 3", "master 30", "sentinel 1", "fleet 5", "fleet 6")
		s.wantFindings(t, single, map[string]float64{"no_exporter_up": 1.5})
	})
}

// killMasterWithoutHeir makes the Sentinels fail over again and again, without
// success. It returns the master's address.
func (s *stage) killMasterWithoutHeir(t *testing.T) string {
	t.Helper()
	s.priorities(t, "0")
	s.until(t, "the Sentinels know that no replica may be promoted", `max(redis_sentinel_master_promotable_replicas{job="`+single+`"}) == 0`)
	master, err := s.topology.MasterNode(t.Context(), faults.MasterName)
	if err != nil {
		t.Fatal(err)
	}
	old := master.Addr()
	master.Kill()
	s.until(t, "a failover has been given up", `increase(redis_sentinel_events_total{event="-failover-abort-no-good-slave"}[5m]) > 0`)
	s.until(t, "the alert about that fires", `ALERTS{alertname="RedisSentinelFailoverAborted", alertstate="firing"}`)
	return old
}

func (s *stage) letAReplicaTakeOver(t *testing.T, old string) {
	t.Helper()
	s.priorities(t, "100")
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	if _, err := s.topology.WaitFailover(ctx, faults.MasterName, old); err != nil {
		t.Fatal(err)
	}
	for _, job := range []string{single, shop, beside} {
		s.until(t, "the failover is seen in "+job, fmt.Sprintf(`max(changes(redis_sentinel_master_config_epoch{job=%q}[5m])) >= 1
  and max(redis_sentinel_last_switch_timestamp_seconds{job=%q})
  and max(increase(redis_sentinel_failover_duration_seconds_count{job=%q, result="ended"}[5m])) > 0
  and max(redis_sentinel_master_failover_in_progress{job=%q}) == 0
  and count(count by (address) (redis_sentinel_master_info{job=%q})) == 1
  and max(redis_sentinel_deployment_check_status{job=%q, check="replica_down"}) == 1`, job, job, job, job, job, job))
	}
}

func (s *stage) priorities(t *testing.T, priority string) {
	t.Helper()
	for _, n := range s.topology.Masters[0].DataNodes() {
		if !n.Live() {
			continue
		}
		if _, err := n.CLI(t.Context(), "CONFIG", "SET", "replica-priority", priority); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *stage) killASentinel(t *testing.T) {
	t.Helper()
	s.topology.Sentinels[2].Kill()
	s.until(t, "the others miss it", `max(redis_sentinel_master_quorum_margin{job="`+single+`"}) == 0`)
}

// shareTheMaster makes the Sentinels monitor the master under a second name.
func (s *stage) shareTheMaster(t *testing.T) {
	t.Helper()
	master, err := s.topology.MasterNode(t.Context(), faults.MasterName)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range s.topology.Sentinels[:2] {
		if _, err := n.CLI(t.Context(), "SENTINEL", "MONITOR", "other", master.Host(), fmt.Sprint(master.Port()), "2"); err != nil {
			t.Fatal(err)
		}
	}
	for _, job := range []string{single, shop, beside} {
		s.until(t, "both names are seen in "+job, fmt.Sprintf(`count(redis_sentinel_master_info{job=%q, master_name="other"}) == 2`, job))
	}
}

// forget makes one of the two Sentinels that are left monitor the second name no more.
func (s *stage) forget(t *testing.T) {
	t.Helper()
	if _, err := s.topology.Sentinels[0].CLI(t.Context(), "SENTINEL", "REMOVE", "other"); err != nil {
		t.Fatal(err)
	}
}
