package main

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

var enginesDir = flag.String("engines", "", "where Prometheus 3 and VictoriaMetrics are, which must answer as Debian's Prometheus does (make e2e-all)")

// startEngines starts them, if they are asked for, and returns where they take samples. They scrape nothing: the
// stage's Prometheus writes to them what it has scraped and computed, so that they know the same.
func startEngines(t *testing.T) (engines map[string]*server, writeTo []string) {
	t.Helper()
	if *enginesDir == "" {
		return nil, nil
	}
	run := func(name, ready, program string, args func(address, dir string) []string) *server {
		address := sentineltest.FreeAddr(t)
		s := &server{url: "http://" + address, began: time.Now()}
		start(t, name, s.url+ready, filepath.Join(*enginesDir, program), args(address, t.TempDir())...)
		writeTo = append(writeTo, s.url+"/api/v1/write")
		return s
	}
	return map[string]*server{
		"Prometheus 3": run("prometheus3", "/-/ready", "prometheus-3.5/prometheus", func(address, dir string) []string {
			return []string{
				"--config.file=testdata/prometheus-empty.yml", "--storage.tsdb.path=" + dir, "--web.listen-address=" + address,
				"--web.enable-remote-write-receiver", "--log.level=warn",
			}
		}),
		"VictoriaMetrics": run("victoria-metrics", "/health", "victoria-metrics-1.145/victoria-metrics", func(address, dir string) []string {
			return []string{"-storageDataPath=" + dir, "-httpListenAddr=" + address, "-memory.allowedBytes=256MiB", "-search.latencyOffset=0s", "-inmemoryDataFlushInterval=1s"}
		}),
	}, writeTo
}

// wantAgreement runs every query of every dashboard for each choice, at one moment, on all engines.
func (s *stage) wantAgreement(t *testing.T) {
	t.Helper()
	if len(s.engines) == 0 {
		return
	}
	at := time.Now()
	for name, e := range s.engines {
		e.untilKnown(t, name, at)
	}
	asked := 0
	for choice, values := range s.choices() {
		for _, b := range dashboards(t) {
			for _, p := range b.drawn() {
				for _, target := range p.Targets {
					asked++
					s.agree(t, fmt.Sprintf("%s: %s: %s %s", choice, b.UID, p.Title, target.RefID), quick(b.interpolate(target.Expr, values, live())), at)
				}
			}
			for _, a := range b.Annotations.List {
				asked++
				s.agree(t, fmt.Sprintf("%s: %s: annotation %s", choice, b.UID, a.Name), quick(b.interpolate(a.Target.Expr, values, live())), at)
			}
		}
	}
	t.Logf("%d queries were asked of %d engines", asked, 1+len(s.engines))
}

// untilKnown waits until an engine has samples that are younger than a moment.
func (p *server) untilKnown(t *testing.T, name string, at time.Time) {
	t.Helper()
	expr := fmt.Sprintf("count(timestamp(up) > %f) >= 4", float64(at.UnixMilli())/1000)
	sentineltest.WaitFor(t, name+" has been told what all knew", func() bool {
		lines, err := p.now(t.Context(), expr)
		if err != nil {
			t.Fatal(err)
		}
		return len(lines) > 0
	})
}

// at asks for the values of an expression at a moment.
func (p *server) at(t *testing.T, expr string, at time.Time) map[string]float64 {
	t.Helper()
	lines, err := p.ask(t.Context(), "/api/v1/query", url.Values{
		"query": {expr}, "time": {strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64)},
		"nocache": {"1"}, // or VictoriaMetrics rounds the time
	})
	if err != nil {
		t.Errorf("%s: %v", expr, err)
	}
	values := map[string]float64{}
	for _, l := range lines {
		var labels []string
		for _, name := range slices.Sorted(maps.Keys(l.labels)) {
			if name != "__name__" { // which no panel shows
				labels = append(labels, name+"="+strconv.Quote(l.labels[name]))
			}
		}
		values[strings.Join(labels, ",")] = l.value
	}
	return values
}

// agree fails where an engine answers otherwise than the stage's Prometheus.
func (s *stage) agree(t *testing.T, what, expr string, at time.Time) {
	t.Helper()
	want := s.at(t, expr, at)
	for name, e := range s.engines {
		got := e.at(t, expr, at)
		for labels, value := range want {
			other, is := got[labels]
			if !is {
				t.Errorf("%s: %s has no %s (%v)\n%s", what, name, labels, value, expr)
			} else if !near(value, other, tolerance(expr)) {
				t.Errorf("%s: of %s Prometheus 2 says %v, %s %v\n%s", what, labels, value, name, other, expr)
			}
		}
		for labels, value := range got {
			if _, is := want[labels]; !is {
				t.Errorf("%s: only %s has %s (%v)\n%s", what, name, labels, value, expr)
			}
		}
	}
}

// tolerance is by what part of it two answers to a query may differ: by rounding, but for rate(), with which
// Prometheus extrapolates to the ends of the range and VictoriaMetrics takes the sample before it.
func tolerance(expr string) float64 {
	if strings.Contains(expr, "rate(") {
		return 0.1
	}
	return 1e-9
}

func near(a, b, tolerance float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= tolerance*max(math.Abs(a), math.Abs(b))
}
