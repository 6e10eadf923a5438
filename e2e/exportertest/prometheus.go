package exportertest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// A Prometheus is a real one, which runs until the test's end.
type Prometheus struct {
	t   testing.TB
	url string
}

// StartPrometheus starts Debian's Prometheus with a configuration, and returns when it is ready.
func StartPrometheus(t testing.TB, config string) *Prometheus {
	t.Helper()
	return StartPrometheusFrom(t, "prometheus", config)
}

// StartPrometheusFrom starts the Prometheus at a path, with more arguments if there are any.
func StartPrometheusFrom(t testing.TB, path, config string, args ...string) *Prometheus {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	address := sentineltest.FreeAddr(t)
	p := &Prometheus{t, "http://" + address}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := sentineltest.StartProgram(ctx, filepath.Join(dir, "log"), func(context.Context) error {
		_, err := p.Get("/-/ready")
		return err
	}, path, append([]string{"--config.file=" + file, "--storage.tsdb.path=" + filepath.Join(dir, "data"),
		"--web.listen-address=" + address, "--log.level=warn"}, args...)...)
	if err != nil {
		t.Fatalf("%v (`make test` installs it)", err)
	}
	t.Cleanup(func() {
		server.Stop()
		if t.Failed() {
			t.Logf("Prometheus has logged:\n%s", server.LogTail(20))
		}
	})
	return p
}

// Get returns what Prometheus answers with status 200 at a path.
func (p *Prometheus) Get(path string) (string, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	response, err := client.Get(p.url + path)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, body)
	}
	return string(body), err
}

// Series returns the labels of what a query finds now.
func (p *Prometheus) Series(query string) []map[string]string {
	p.t.Helper()
	var reply struct {
		Data struct {
			Result []struct{ Metric map[string]string }
		}
	}
	p.decode("/api/v1/query?query="+url.QueryEscape(query), &reply)
	var found []map[string]string
	for _, r := range reply.Data.Result {
		found = append(found, r.Metric)
	}
	return found
}

// Values returns all samples of a range of time that a query such as up[1m] finds.
func (p *Prometheus) Values(query string) []float64 {
	p.t.Helper()
	var reply struct {
		Data struct {
			Result []struct{ Values [][2]any }
		}
	}
	p.decode("/api/v1/query?query="+url.QueryEscape(query), &reply)
	var values []float64
	for _, r := range reply.Data.Result {
		for _, sample := range r.Values {
			value, err := strconv.ParseFloat(fmt.Sprint(sample[1]), 64)
			if err != nil {
				p.t.Fatalf("%s: %v", query, err)
			}
			values = append(values, value)
		}
	}
	return values
}

// Targets returns the active targets as "role master instance", by their labels of
// these names and in order.
func (p *Prometheus) Targets() []string {
	p.t.Helper()
	var reply struct {
		Data struct {
			ActiveTargets []struct {
				Labels map[string]string
			}
		}
	}
	p.decode("/api/v1/targets?state=active", &reply)
	targets := []string{}
	for _, t := range reply.Data.ActiveTargets {
		targets = append(targets, t.Labels["role"]+" "+t.Labels["master"]+" "+t.Labels["instance"])
	}
	slices.Sort(targets)
	return targets
}

func (p *Prometheus) decode(path string, reply any) {
	p.t.Helper()
	body, err := p.Get(path)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(body), reply); err != nil {
		p.t.Fatal(err)
	}
}
