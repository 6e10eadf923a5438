package alerts_test

import (
	"encoding/json"
	"html"
	"path/filepath"
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestHistoryURL: the link of an alert, as Prometheus makes it of labels that need to be escaped, leads to the record of the
// failover that it is about, and of no other.
func TestHistoryURL(t *testing.T) {
	t.Parallel()
	// What is not escaped is cut off: then it is the other master, or no deployment.
	const name, other, deployment = "shop&since=1h+100% #ü", "shop", "a/b&master=shop+c"
	topology := sentineltest.Run(t, sentineltest.Config{Masters: []string{name, other}, Replicas: 1})
	config, err := json.Marshal(map[string]any{"deployments": map[string]any{
		deployment: map[string]any{"sentinels": topology.SentinelAddrs()},
		"a/b":      map[string]any{"sentinels": []string{sentineltest.RunFake(t, sentineltest.FakeConfig{}).Addr()}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	exporter := exportertest.Start(t, "--config.file="+exportertest.TempFile(t, string(config)))
	rules, problems, status := exportertest.Output(t, "rules", "--exporter-url="+exporter.URL)
	if status != 0 {
		t.Fatalf("rules: %d\n%s", status, problems)
	}
	file := filepath.Join(t.TempDir(), "rules.yml")
	writeFile(t, file, rules)
	prometheus := exportertest.StartPrometheus(t, "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: ["+file+"]\n"+
		"scrape_configs:\n  - {job_name: redis_sentinel, http_sd_configs: [{url: '"+exporter.URL+"/sd?role=deployment', refresh_interval: 1s}]}\n")
	sentineltest.WaitFor(t, "all to be followed and scraped", func() bool {
		return len(prometheus.Series(`count(redis_sentinel_master_config_epoch{deployment="`+deployment+`"}) == 6`)) > 0 &&
			len(prometheus.Series(`sum(redis_sentinel_event_stream_up{deployment="`+deployment+`"}) == 3`)) > 0
	})
	addresses := map[string]string{}
	for _, master := range []string{name, other} {
		if addresses[master], err = topology.Failover(t.Context(), master); err != nil {
			t.Fatal(err)
		}
	}
	links := map[string]string{}
	sentineltest.WaitFor(t, "the alerts about both", func() bool {
		links = happened(t, prometheus)
		return links[name] != "" && links[other] != ""
	})
	for master, link := range links {
		path, ours := strings.CutPrefix(link, exporter.URL)
		if !ours {
			t.Fatalf("%s does not lead to the exporter", link)
		}
		page := exporter.MustGet(t, path)
		if !strings.Contains(html.UnescapeString(page.Body), "<h1>Failovers of "+master+"</h1>") ||
			strings.Count(page.Body, "<section") != 1 || !strings.Contains(page.Body, addresses[master]) {
			t.Errorf("%q: %s has not the one failover to %s:\n%s", master, link, addresses[master], page.Body)
		}
	}
}

// happened are the links of RedisSentinelFailoverHappened by the master.
func happened(t *testing.T, prometheus *exportertest.Prometheus) map[string]string {
	t.Helper()
	body, err := prometheus.Get("/api/v1/alerts")
	if err != nil {
		t.Fatal(err)
	}
	var reply struct {
		Data struct {
			Alerts []struct{ Labels, Annotations map[string]string }
		}
	}
	if err := json.Unmarshal([]byte(body), &reply); err != nil {
		t.Fatal(err)
	}
	links := map[string]string{}
	for _, a := range reply.Data.Alerts {
		if a.Labels["alertname"] == "RedisSentinelFailoverHappened" {
			links[a.Labels["master_name"]] = a.Annotations["history_url"]
		}
	}
	return links
}
