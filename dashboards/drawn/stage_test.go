package drawn

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// The jobs: three real Sentinels with two masters, one real Sentinel, and three
// scripted ones with fifty masters.
const (
	shop   = "redis_sentinel_shop"
	single = "redis_sentinel_single"
	many   = "redis_sentinel_many"
)

// tenants is how many masters there are where there are many; two of them go bad.
const (
	tenants      = 50
	deadTenant   = "tenant-23"
	lonelyTenant = "tenant-07"
)

// A stage is what there is to look at.
type stage struct {
	t          *testing.T
	shop       *sentineltest.Topology
	single     *sentineltest.Topology
	many       []*sentineltest.Fake
	watcher    *exportertest.Exporter // of shop
	prometheus prometheus
	began      time.Time
}

func setUp(t *testing.T) *stage {
	t.Helper()
	s := &stage{
		t:      t,
		shop:   sentineltest.Run(t, sentineltest.Config{Masters: []string{"orders", "sessions"}, Replicas: 1, DownAfter: 3 * time.Second, FailoverTimeout: 20 * time.Second}),
		single: sentineltest.Run(t, sentineltest.Config{Masters: []string{"cache"}, Replicas: 1, Sentinels: 1, DownAfter: 3 * time.Second}),
	}
	addrs, machines := make([]string, 3), make([]string, 3)
	for i := range addrs {
		s.many = append(s.many, sentineltest.RunFake(t, sentineltest.FakeConfig{}))
		addrs[i] = s.many[i].Addr()
		machines[i] = fmt.Sprintf("--host-map=%s=machine-%d", addrs[i], i) // or this one would be a single point of failure
	}
	s.tenants(false)
	exporter := func(sentinels []string, args ...string) *exportertest.Exporter {
		return exportertest.Start(t, append(args, "--sentinel.address="+strings.Join(sentinels, ","), "--timeout-offset=500ms")...)
	}
	s.watcher = exporter(s.shop.SentinelAddrs())
	config := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%q]\nscrape_configs:\n", rules(t))
	for job, address := range map[string]string{shop: s.watcher.Addr(), single: exporter(s.single.SentinelAddrs()).Addr(), many: exporter(addrs, machines...).Addr()} {
		config += fmt.Sprintf("  - {job_name: %s, static_configs: [{targets: [%q]}]}\n", job, address)
	}
	s.began = time.Now()
	s.prometheus = startPrometheus(t, config)
	return s
}

// rules are those of alerts/, which wait for seconds and not for minutes.
func rules(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../alerts/redis_sentinel.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	quick := regexp.MustCompile(`(?m)^(\s+(?:keep_firing_)?for:) .*$`).ReplaceAll(text, []byte("$1 2s"))
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, quick, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// tenants sets what the three Sentinels say of many masters.
func (s *stage) tenants(degraded bool) {
	id := func(i int) string { return fmt.Sprintf("%040x", i+1) }
	for i, fake := range s.many {
		var peers []sentineltest.Row // the other two
		for j, other := range s.many {
			if host, port, err := net.SplitHostPort(other.Addr()); err == nil && j != i {
				peers = append(peers, sentineltest.Row{}.With("name", id(j)).With("ip", host).With("port", port).With("runid", id(j)))
			}
		}
		asked := 0
		fake.Set(sentineltest.FakeConfig{
			Masters: tenants, Replicas: 1, Peers: len(peers), ID: id(i),
			Name: func(n int) string { return fmt.Sprintf("tenant-%02d", n) },
			Edit: func(kind, master string, row sentineltest.Row) sentineltest.Row {
				switch {
				case kind == "sentinel":
					for _, field := range peers[asked%len(peers)] {
						row = row.With(field.Name, field.Value)
					}
					asked++
				case !degraded:
				case kind == "master" && master == deadTenant:
					return dead(row, "master").With("o-down-time", "85000").With("flags", "s_down,o_down,master")
				case kind == "slave" && (master == deadTenant || master == lonelyTenant):
					return dead(row, "slave")
				}
				return row
			},
		})
	}
}

// dead is a node that has not answered for a minute and a half.
func dead(row sentineltest.Row, role string) sentineltest.Row {
	return row.With("flags", "s_down,"+role).With("s-down-time", "90000").With("last-ok-ping-reply", "95000").With("last-ping-reply", "95000")
}

// until waits until an expression has values.
func (s *stage) until(what, expr string) {
	s.t.Helper()
	sentineltest.WaitFor(s.t, what, func() bool {
		found, err := s.prometheus.series(s.t.Context(), expr)
		s.must(err)
		return len(found) > 0
	})
	s.t.Logf("%3.0f s: %s", time.Since(s.began).Seconds(), what)
}

func (s *stage) healthy() {
	s.until("all has been scraped for a while", fmt.Sprintf(`count(count_over_time(up{job=~"%s|%s|%s"}[5m]) > 20) == 3`, shop, single, many))
	s.until("masters of two deployments are well", fmt.Sprintf(`max(redis_sentinel_deployment_master_health{job=~"%s|%s"}) == 0`, shop, many))
}

// degrade hangs one of three Sentinels and kills a replica; of the many one master
// dies, and one has no replica left.
func (s *stage) degrade() {
	s.must(s.shop.Sentinels[2].Hang())
	s.replica("orders").Kill()
	s.tenants(true)
	s.until("it is seen", fmt.Sprintf(`redis_sentinel_master_odown{job=%q, master_name=%q} == 1 and on () redis_sentinel_up{job=%q} == 0 and on () max by (check) (redis_sentinel_deployment_check_status{job=%q, check="replica_down", master_name="orders"}) >= 1`,
		many, deadTenant, shop, shop))
	s.until("it is told", fmt.Sprintf(`ALERTS{alertname="RedisSentinelMasterDown", alertstate="firing", job=%q}`, many))
}

// breakDown hangs all Sentinels but one, and the only one of another deployment, and
// kills a master: no failover can follow.
func (s *stage) breakDown() {
	s.must(s.shop.Sentinels[1].Hang())
	s.must(s.single.Sentinels[0].Hang())
	master, err := s.shop.MasterNode(s.t.Context(), "sessions")
	s.must(err)
	master.Kill()
	s.until("the outage is seen", fmt.Sprintf(`count(redis_sentinel_up{job=%q} == 0) == 2 and on () redis_sentinel_master_sdown{job=%q, master_name="sessions"} == 1 and on () redis_sentinel_up{job=%q} == 0 and on () min(redis_sentinel_master_quorum_margin{job=%q}) < 0`, shop, shop, single, shop))
}

// blind stops the exporter of a deployment.
func (s *stage) blind() {
	s.watcher.End()
	s.until("nobody watches", fmt.Sprintf(`max_over_time(up{job=%q}[5s]) == 0`, shop))
	s.until("that is told", fmt.Sprintf(`ALERTS{alertname="RedisSentinelNoExporterUp", alertstate="firing", job=%q}`, shop))
}

func (s *stage) replica(master string) *sentineltest.Node {
	s.t.Helper()
	for _, m := range s.shop.Masters {
		if m.Name == master {
			return m.Replicas[0]
		}
	}
	s.t.Fatalf("there is no master %s", master)
	return nil
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// query is what the page is asked for: a dashboard and what is chosen in it, now.
func (s *stage) query(board string, chosen map[string]string) url.Values {
	now := time.Now()
	to := now.Unix() + 1 // in whole seconds, and not before what has been waited for
	q := url.Values{"board": {board}, "to": {strconv.FormatInt(to, 10)}, "range": {strconv.Itoa(int(now.Sub(s.began).Seconds()))}}
	for name, value := range chosen {
		q.Set("var-"+name, value)
	}
	return q
}
