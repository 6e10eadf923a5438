//go:build e2e

package alerts_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A stack is a real Prometheus and a real Alertmanager with the files of alerts/
// and deploy/, the exporter's binary, and the receiver of what they send.
type stack struct {
	hook       *webhook
	prometheus string // its URL
	exporter   string // the binary
}

// startStack starts it with a job for each of the names, to be scraped at the
// address of the same index.
func startStack(t *testing.T, jobs, addresses []string) *stack {
	t.Helper()
	s := &stack{hook: startWebhook(t), exporter: filepath.Join(t.TempDir(), "redis_sentinel_exporter")}
	run(t, "go", "build", "-buildvcs=false", "-o", s.exporter, "redis_sentinel_exporter")
	dir := t.TempDir()
	alertmanager := freePort(t)
	place(t, dir, "deploy/alertmanager.yml", map[string]string{"http://webhook:9000": s.hook.URL})
	place(t, dir, "alerts/"+rulesFile, nil)
	var targets strings.Builder
	for i, job := range jobs {
		fmt.Fprintf(&targets, "\n      - targets: [%s]\n        labels: {job: %s}", addresses[i], job)
	}
	place(t, dir, "deploy/prometheus.yml", map[string]string{
		"alertmanager:9093": alertmanager, "\n      - targets: [exporter:9355]": targets.String(),
		"http://exporter:9355/sd": "http://127.0.0.1:1/sd", // no redis_exporter
	})
	start(t, "alertmanager", "http://"+alertmanager+"/-/ready", alertmanagerProgram(t),
		"--config.file="+filepath.Join(dir, "deploy/alertmanager.yml"), "--storage.path="+filepath.Join(dir, "alertmanager"),
		"--web.listen-address="+alertmanager, "--cluster.listen-address=")
	address := freePort(t)
	s.prometheus = "http://" + address
	start(t, "prometheus", s.prometheus+"/-/ready", "prometheus",
		"--config.file="+filepath.Join(dir, "deploy/prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "prometheus"),
		"--web.listen-address="+address, "--rules.alert.resend-delay=2s") // 1m, scaled
	return s
}

// place copies a file of the project, with its durations scaled and addresses
// replaced, each of which must be there.
func place(t *testing.T, dir, name string, replace map[string]string) {
	t.Helper()
	text := scaled(readFile(t, filepath.Join("..", name)))
	for from, to := range replace {
		if !strings.Contains(text, from) {
			t.Fatalf("%s does not contain %q", name, from)
		}
		text = strings.ReplaceAll(text, from, to)
	}
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// alertmanagerProgram is called so by its authors, and with a prefix by Debian.
func alertmanagerProgram(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"alertmanager", "prometheus-alertmanager"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("there is no alertmanager in $PATH")
	return ""
}

// startExporter starts the exporter on some Sentinels.
func (s *stack) startExporter(t *testing.T, address string, sentinels []string) *process {
	t.Helper()
	return start(t, "exporter", "http://"+address+"/-/ready", s.exporter,
		"--web.listen-address="+address, "--sentinel.address="+strings.Join(sentinels, ","),
		fmt.Sprintf("--timeout-offset=%dms", 500/factor))
}

// query returns the alerts that a PromQL expression over ALERTS has as labels.
func (s *stack) query(t *testing.T, expr string) map[string]bool {
	t.Helper()
	var answer struct {
		Data struct {
			Result []struct{ Metric map[string]string }
		}
	}
	status, body := get(t.Context(), s.prometheus+"/api/v1/query?query="+url.QueryEscape(expr))
	if status != http.StatusOK {
		t.Fatalf("Prometheus answers %d: %s", status, body)
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, r := range answer.Data.Result {
		names[r.Metric["alertname"]] = true
	}
	return names
}

// in returns the alerts of a job that are in a state now.
func (s *stack) in(t *testing.T, job, state string) map[string]bool {
	t.Helper()
	return s.query(t, fmt.Sprintf("ALERTS{job=%q, alertstate=%q}", job, state))
}

// were returns those that have been in it since a time.
func (s *stack) were(t *testing.T, job, state string, since time.Time) map[string]bool {
	t.Helper()
	return s.query(t, fmt.Sprintf("count_over_time(ALERTS{job=%q, alertstate=%q}[%dms])", job, state, time.Since(since).Milliseconds()))
}
