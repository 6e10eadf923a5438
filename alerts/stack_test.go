//go:build e2e

package alerts_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// A stack is a real Prometheus and a real Alertmanager with the files of alerts/
// and deploy/, the exporter's binary, and the receiver of what they send.
type stack struct {
	hook     *webhook
	dir      string // of the files
	url      string // of Prometheus
	exporter string // the binary
	began    time.Time
	times    times

	alertmanager string // its address
	prometheus   *sentineltest.Program
	told         *recorder // what prometheus sends
	engines      []*engine
}

// resendDelay is that of Prometheus, 1m, scaled.
var resendDelay = fmt.Sprintf("--rules.alert.resend-delay=%dms", 60000/factor)

// startStack starts it. It scrapes no exporter yet.
func startStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{
		hook: startWebhook(t), dir: t.TempDir(), exporter: filepath.Join(t.TempDir(), "redis_sentinel_exporter"),
		alertmanager: sentineltest.FreeAddr(t), told: startRecorder(t, ""),
	}
	run(t, "go", "build", "-buildvcs=false", "-o", s.exporter, "..")
	place(t, s.dir, "deploy/alertmanager.yml", map[string]string{"http://webhook:9000": s.hook.URL})
	place(t, s.dir, "alerts/"+rulesFile, nil)
	s.configure(t, nil)
	start(t, "alertmanager", "http://"+s.alertmanager+"/-/ready", alertmanagerProgram(t),
		"--config.file="+filepath.Join(s.dir, "deploy/alertmanager.yml"), "--storage.path="+filepath.Join(s.dir, "alertmanager"),
		"--web.listen-address="+s.alertmanager, "--cluster.listen-address=")
	address := sentineltest.FreeAddr(t)
	s.url, s.began = "http://"+address, time.Now()
	s.prometheus = start(t, "prometheus", s.url+"/-/ready", "prometheus",
		"--config.file="+filepath.Join(s.dir, "deploy/prometheus.yml"), "--storage.tsdb.path="+filepath.Join(s.dir, "prometheus"),
		"--web.listen-address="+address, resendDelay)
	s.startEngines(t)
	return s
}

// scrape makes Prometheus and the engines scrape the exporters of these lanes.
func (s *stack) scrape(t *testing.T, lanes []*lane) {
	t.Helper()
	s.configure(t, lanes)
	if err := s.prometheus.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for _, e := range s.engines {
		e.reload(t)
	}
}

// configure writes the files of all of them.
func (s *stack) configure(t *testing.T, lanes []*lane) {
	t.Helper()
	configurePrometheus(t, filepath.Join(s.dir, "deploy/prometheus.yml"), targets(lanes), s.alertmanager+", "+s.told.addr())
	for _, e := range s.engines {
		e.configure(slices.DeleteFunc(slices.Clone(lanes), func(l *lane) bool { return !e.has(l) }))
	}
}

// configurePrometheus writes a file for a Prometheus.
func configurePrometheus(t *testing.T, path, targets, alertmanagers string) {
	t.Helper()
	replace := scrapes(targets)
	replace["alertmanager:9093"] = alertmanagers
	placeAs(t, path, "deploy/prometheus.yml", replace)
}

// targets are the exporters of some lanes.
func targets(lanes []*lane) string {
	var b strings.Builder
	for _, l := range lanes {
		b.WriteString(target(l.address, "job: "+l.job))
	}
	return b.String()
}

func target(address, labels string) string {
	return fmt.Sprintf("\n      - targets: [%s]\n        labels: {%s}", address, labels)
}

// scrapes is what is replaced in a file to scrape some targets. A scrape may take as long as from one to the
// next, so that it is done each second, which is a little more than scaled: a busy
// machine needs the time.
func scrapes(targets string) map[string]string {
	return map[string]string{
		"scrape_interval: 750ms":             "scrape_interval: 1s",
		"\n      - targets: [exporter:9355]": targets,
		"http://exporter:9355/sd":            "http://127.0.0.1:1/sd", // there is no redis_exporter
	}
}

// place copies a file of the project, with its durations scaled and addresses
// replaced, each of which must be there.
func place(t *testing.T, dir, name string, replace map[string]string) {
	t.Helper()
	placeAs(t, filepath.Join(dir, name), name, replace)
}

// placeAs places a copy under another name.
func placeAs(t *testing.T, path, name string, replace map[string]string) {
	t.Helper()
	text := scaled(readFile(t, filepath.Join("..", name)))
	for from, to := range replace {
		if !strings.Contains(text, from) {
			t.Fatalf("%s does not contain %q", name, from)
		}
		text = strings.ReplaceAll(text, from, to)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, text)
}

// startExporter starts the exporter on some Sentinels. A hung one may cost three
// quarters of a scrape, and the answer has the rest.
func (s *stack) startExporter(t *testing.T, address string, sentinels []string, more ...string) *sentineltest.Program {
	t.Helper()
	flags := []string{"--web.listen-address=" + address, "--sentinel.address=" + strings.Join(sentinels, ","), "--timeout-offset=250ms"}
	return start(t, "exporter", "http://"+address+"/-/ready", s.exporter, append(flags, more...)...)
}

// query returns the alerts that a PromQL expression over ALERTS has as labels.
func (s *stack) query(t *testing.T, expr string) map[string]bool {
	t.Helper()
	var answer struct {
		Data struct {
			Result []struct{ Metric map[string]string }
		}
	}
	status, body := get(t.Context(), s.url+"/api/v1/query?query="+url.QueryEscape(expr))
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

// were returns those that have been in a state that the expression fits, since a time.
func (s *stack) were(t *testing.T, job, state string, since time.Time) map[string]bool {
	t.Helper()
	return s.query(t, fmt.Sprintf("count_over_time(ALERTS{job=%q, alertstate=~%q}[%dms])", job, state, time.Since(since).Milliseconds()))
}
