package deploy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestPrometheusScrapesAllThreeWays runs a real Prometheus with deploy/prometheus.yml,
// in which only addresses, paths and the interval are replaced.
func TestPrometheusScrapesAllThreeWays(t *testing.T) {
	t.Parallel()
	shop := sentineltest.Run(t, sentineltest.Config{Replicas: 1})
	secret := sentineltest.Run(t, sentineltest.Config{Sentinels: 2, Replicas: 1, TLS: true, Password: "sesame"})
	orders, carts := secret.SentinelAddrs(), sentineltest.RunFake(t, sentineltest.FakeConfig{}).Addr()
	config := exportertest.TempFile(t, "modules:\n  production:\n    password_file: "+exportertest.TempFile(t, "sesame")+
		"\n    tls_config: {ca_file: "+secret.TLS.CA+"}\n    allowed_targets: [127.0.0.0/8]\n")
	exporter := exportertest.Start(t, "--sentinel.address="+strings.Join(shop.SentinelAddrs(), ","), "--config.file="+config)
	var beside []string
	for _, address := range shop.SentinelAddrs() {
		beside = append(beside, exportertest.Start(t, "--sentinel.address="+address).Addr())
	}
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rules, err := filepath.Abs("../alerts/redis_sentinel.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	deployed := string(text)
	for from, to := range map[string]string{
		"../alerts/redis_sentinel.rules.yml": rules,
		"alertmanager:9093":                  sentineltest.FreeAddr(t),
		"exporter:9355":                      exporter.Addr(),
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
	p := exportertest.StartPrometheus(t, deployed)
	var want []string // job, instance, Sentinel and deployment
	for i, sentinel := range shop.SentinelAddrs() {
		want = append(want, "redis_sentinel "+exporter.Addr()+" "+sentinel+" ",
			"redis_sentinel_beside "+beside[i]+" "+sentinel+" beside")
	}
	for _, sentinel := range orders {
		want = append(want, "redis_sentinel_probe "+strings.Join(orders, ",")+" "+sentinel+" orders")
	}
	want = append(want, "redis_sentinel_probe "+carts+" "+carts+" carts")
	slices.Sort(want)
	var got []string
	sentineltest.WaitFor(t, "every Sentinel to be up", func() bool {
		got = nil
		for _, labels := range p.Series("redis_sentinel_up == 1") {
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
	sentineltest.WaitFor(t, "the rules to tell the deployments apart", func() bool {
		const up = "sum by (job, deployment) (redis_sentinel_up)"
		return len(p.Series(up)) == 4 && len(p.Series(up+` == 3 and on (job, deployment) up{job="redis_sentinel_beside"}`)) == 1
	})
	if failed := p.Series(`up{job=~"redis_sentinel.*"} == 0`); len(failed) > 0 {
		t.Errorf("not all scrapes succeed: %v", failed)
	}
}
