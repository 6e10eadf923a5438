package e2e

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/internal/sentineltest"
)

// TestPrometheusScrapesAllThreeWays runs a real Prometheus with deploy/prometheus.yml,
// in which only addresses, paths and the interval are replaced.
func TestPrometheusScrapesAllThreeWays(t *testing.T) {
	t.Parallel()
	shop := sentineltest.Run(t, sentineltest.Config{Replicas: 1})
	secret := sentineltest.Run(t, sentineltest.Config{Sentinels: 2, Replicas: 1, TLS: true, Password: "sesame"})
	orders, carts := secret.SentinelAddrs(), sentineltest.RunFake(t, sentineltest.FakeConfig{}).Addr()
	config := configFile(t, "modules:\n  production:\n    password_file: "+configFile(t, "sesame")+
		"\n    tls_config: {ca_file: "+secret.TLS.CA+"}\n    allowed_targets: [127.0.0.0/8]\n")
	exporter := start(t, "--sentinel.address="+strings.Join(shop.SentinelAddrs(), ","), "--config.file="+config)
	var beside []string
	for _, address := range shop.SentinelAddrs() {
		beside = append(beside, strings.TrimPrefix(start(t, "--sentinel.address="+address).url, "http://"))
	}
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rules, err := filepath.Abs("alerts/redis_sentinel.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("deploy/prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	deployed := string(text)
	for from, to := range map[string]string{
		"../alerts/redis_sentinel.rules.yml": rules,
		"alertmanager:9093":                  sentineltest.FreeAddr(t),
		"exporter:9355":                      strings.TrimPrefix(exporter.url, "http://"),
		": 15s":                              ": 1s",
		"[targets/beside.yml]":               "[" + file("beside.yml", "- targets: ["+strings.Join(beside, ", ")+"]\n  labels: {deployment: beside}\n") + "]",
		"[targets/probe.yml]": "[" + file("probe.yml", "- targets: ['"+strings.Join(orders, ",")+"']\n  labels: {deployment: orders, module: production}\n"+
			"- targets: ['"+carts+"']\n  labels: {deployment: carts}\n") + "]",
	} {
		if !strings.Contains(deployed, from) {
			t.Fatalf("deploy/prometheus.yml does not contain %q", from)
		}
		deployed = strings.ReplaceAll(deployed, from, to)
	}
	p := startPrometheus(t, deployed)
	var want []string // job, instance, Sentinel and deployment
	for i, sentinel := range shop.SentinelAddrs() {
		want = append(want, "redis_sentinel "+strings.TrimPrefix(exporter.url, "http://")+" "+sentinel+" ",
			"redis_sentinel_beside "+beside[i]+" "+sentinel+" beside")
	}
	for _, sentinel := range orders {
		want = append(want, "redis_sentinel_orders "+strings.Join(orders, ",")+" "+sentinel+" orders")
	}
	want = append(want, "redis_sentinel_carts "+carts+" "+carts+" carts")
	slices.Sort(want)
	var got []string
	waitFor(t, "every Sentinel to be up", func() bool {
		got = nil
		for _, labels := range p.series("redis_sentinel_up == 1") {
			got = append(got, labels["job"]+" "+labels["instance"]+" "+labels["sentinel"]+" "+labels["deployment"])
			if delete(labels, "deployment"); len(labels) != 4 {
				t.Errorf("there are other labels: %v", labels)
			}
		}
		return len(got) >= len(want)
	})
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is up (-want +got):\n%s", diff)
	}
	// Each deployment is one to the rules.
	waitFor(t, "the rules to tell the deployments apart", func() bool {
		return len(p.series("job:redis_sentinel_up:sum")) == 4 && len(p.series(`job:redis_sentinel_up:sum{job="redis_sentinel_beside"} == 3`)) == 1
	})
	if failed := p.series(`up{job=~"redis_sentinel.*"} == 0`); len(failed) > 0 {
		t.Errorf("not all scrapes succeed: %v", failed)
	}
}

// series returns the labels of what a query finds now.
func (p *prometheus) series(query string) []map[string]string {
	p.t.Helper()
	body, err := p.get("/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		p.t.Fatal(err)
	}
	var reply struct {
		Data struct {
			Result []struct{ Metric map[string]string }
		}
	}
	if err := json.Unmarshal([]byte(body), &reply); err != nil {
		p.t.Fatal(err)
	}
	var found []map[string]string
	for _, r := range reply.Data.Result {
		found = append(found, r.Metric)
	}
	return found
}

// The relabelling of docs/scale.md gives each target to one of the exporters.
func TestShardingIsUnderstood(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/scale.md")
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
	p := startPrometheus(t, `
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
	waitFor(t, "the targets", func() bool { return len(p.targets()) == 2*len(fakes) })
	for _, target := range p.targets() {
		if !regexp.MustCompile(`^(exporter-[0-9]:9355|server)  127\.0\.0\.1:\d+$`).MatchString(target) {
			t.Errorf("got %q", target)
		}
	}
}
