package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// A server is a real one, with the rules of alerts/.
type server struct {
	url   string
	began time.Time
}

// A job is one of its configuration: the exporters of a deployment.
type job struct {
	name       string
	deployment string // the label of its targets, if any
	targets    []string
}

// startPrometheus starts one that scrapes twice a second, and writes what it knows to other ones too.
func startPrometheus(t *testing.T, jobs []job, writeTo []string) *server {
	t.Helper()
	rules, err := filepath.Abs("../../alerts/redis_sentinel.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("global: {scrape_interval: 500ms, evaluation_interval: 500ms}\nrule_files: [%q]\nremote_write:\n", rules)
	for _, to := range writeTo {
		config += fmt.Sprintf("  - {url: %q, queue_config: {batch_send_deadline: 200ms}}\n", to)
	}
	config += "scrape_configs:\n"
	for _, j := range jobs {
		labels := "{}"
		if j.deployment != "" {
			labels = "{deployment: " + j.deployment + "}"
		}
		targets, err := json.Marshal(j.targets)
		if err != nil {
			t.Fatal(err)
		}
		config += fmt.Sprintf("  - job_name: %s\n    static_configs: [{targets: %s, labels: %s}]\n", j.name, targets, labels)
	}
	dir, address := t.TempDir(), sentineltest.FreeAddr(t)
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &server{url: "http://" + address, began: time.Now()}
	start(t, "prometheus", p.url+"/-/ready", "prometheus", "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--log.level=warn")
	return p
}

// A line is one of an answer: its labels, and its last value.
type line struct {
	labels map[string]string
	value  float64
}

// now asks for the values of an expression.
func (p *server) now(ctx context.Context, expr string) ([]line, error) {
	return p.ask(ctx, "/api/v1/query", url.Values{"query": {expr}})
}

// over asks for the values since the beginning, up to those of this second.
func (p *server) over(ctx context.Context, expr string) ([]line, error) {
	return p.ask(ctx, "/api/v1/query_range", url.Values{
		"query": {expr}, "step": {"1"},
		"start": {strconv.FormatInt(p.began.Unix(), 10)}, "end": {strconv.FormatInt(time.Now().Unix()+1, 10)},
	})
}

func (p *server) ask(ctx context.Context, path string, form url.Values) ([]line, error) {
	var answer struct {
		Result []struct {
			Metric map[string]string
			Value  [2]any
			Values [][2]any
		}
	}
	if err := p.data(ctx, path, form, &answer); err != nil {
		return nil, err
	}
	var lines []line
	for _, r := range answer.Result {
		if len(r.Values) > 0 {
			r.Value = r.Values[len(r.Values)-1]
		}
		text, _ := r.Value[1].(string)
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line{r.Metric, value})
	}
	return lines, nil
}

// values asks for the values of a label, as Grafana does for a variable.
func (p *server) values(ctx context.Context, selector, label string) ([]string, error) {
	var answer []string
	err := p.data(ctx, "/api/v1/label/"+label+"/values?"+url.Values{
		"match[]": {selector}, "start": {strconv.FormatInt(p.began.Unix(), 10)}, "end": {strconv.FormatInt(time.Now().Unix(), 10)},
	}.Encode(), nil, &answer)
	return answer, err
}

// data asks and reads the data of the answer. A warning is an error here.
func (p *server) data(ctx context.Context, path string, form url.Values, into any) error {
	status, body := post(ctx, p.url+path, form)
	if status != http.StatusOK {
		return fmt.Errorf("Prometheus answers %d: %s", status, body)
	}
	answer := struct {
		Data     any
		Warnings []string
	}{Data: into}
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	if len(answer.Warnings) > 0 {
		return fmt.Errorf("Prometheus warns: %q", answer.Warnings)
	}
	return nil
}
