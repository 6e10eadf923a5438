package web

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"redis_sentinel_exporter/sentinel"
)

func TestScrapeHasTheDeadlineOfItsHeader(t *testing.T) {
	for _, tc := range []struct {
		header string
		want   time.Duration
	}{
		{"", 5 * time.Second},
		{"3", 2500 * time.Millisecond},
		{"0.8", 300 * time.Millisecond},
		{"0.4", minTimeout},
	} {
		var deadline, asked time.Time
		d := deploymentFunc(func(ctx context.Context) []*sentinel.Snapshot {
			asked = time.Now()
			deadline, _ = ctx.Deadline()
			return nil
		})
		began := time.Now()
		if w := ask(handler(t, d, defaults()), http.MethodGet, "/metrics", timeoutHeader, tc.header); w.Code != http.StatusOK {
			t.Errorf("%q: got %d %s", tc.header, w.Code, w.Body)
		}
		if most, least := deadline.Sub(began), deadline.Sub(asked); most < tc.want || least > tc.want {
			t.Errorf("%q: the Sentinels had %s to %s, want %s", tc.header, least, most, tc.want)
		}
	}
}

func TestScrapeWithABadTimeoutAsksNobody(t *testing.T) {
	d := deploymentFunc(func(context.Context) []*sentinel.Snapshot {
		t.Error("the Sentinels were asked")
		return nil
	})
	got := ask(handler(t, d, defaults()), http.MethodGet, "/metrics", timeoutHeader, "soon")
	if want := timeoutHeader + `: "soon" is not a positive number of seconds` + "\n"; got.Code != http.StatusBadRequest || got.Body.String() != want {
		t.Errorf("got %d %q, want 400 %q", got.Code, got.Body, want)
	}
}

func TestMetricsOfSentinelsAndExporterAreSortedTogether(t *testing.T) {
	h := handler(t, always(well("a:1"), dead("b:1", sentinel.ReasonUnreachable)), defaults())
	ask(h, http.MethodGet, "/metrics") // so that promhttp has a request to count
	body := ask(h, http.MethodGet, "/metrics").Body.String()
	for _, want := range []string{
		`redis_sentinel_up{sentinel="a:1"} 1`,
		`redis_sentinel_up{sentinel="b:1"} 0`,
		`redis_sentinel_exporter_build_info{`,
		"\ngo_goroutines ",
		"\nprocess_open_fds ",
		`promhttp_metric_handler_requests_total{code="200"} 1`,
		"\npromhttp_metric_handler_requests_in_flight 1\n",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is missing", want)
		}
	}
	names := familyNames(body)
	if !slices.IsSorted(names) {
		t.Errorf("the families are not sorted: %v", names)
	}
	if unique := slices.Compact(slices.Clone(names)); len(unique) != len(names) {
		t.Errorf("a family comes twice: %v", names)
	}
}

// TestProtobuf: who asks for it gets it, as Prometheus does where it takes native histograms or created timestamps.
func TestProtobuf(t *testing.T) {
	const accept = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,text/plain;version=0.0.4;q=0.5"
	w := ask(handler(t, always(well("a:1")), defaults()), http.MethodGet, "/metrics", "Accept", accept)
	names := map[string]bool{}
	for decoder := expfmt.NewDecoder(w.Body, expfmt.ResponseFormat(w.Header())); ; {
		var f dto.MetricFamily
		err := decoder.Decode(&f)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", w.Header().Get("Content-Type"), err)
		}
		names[f.GetName()] = true
	}
	if !strings.Contains(w.Header().Get("Content-Type"), "protobuf") || !names["redis_sentinel_up"] || !names["go_goroutines"] {
		t.Errorf("%s has %v", w.Header().Get("Content-Type"), names)
	}
}

// TestText: everybody else gets text.
func TestText(t *testing.T) {
	h := handler(t, always(well("a:1")), defaults())
	for _, accept := range []string{
		"", "*/*", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/openmetrics-text;version=1.0.0", "nonsense",
		"application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.2",
	} {
		w := ask(h, http.MethodGet, "/metrics", "Accept", accept)
		if !slices.Contains(w.Header().Values("Vary"), "Accept") {
			t.Errorf("a cache is not told that the answer depends on Accept: %q", w.Header())
		}
		if got := w.Header().Get("Content-Type"); got != "text/plain; version=0.0.4; charset=utf-8" || !strings.HasPrefix(w.Body.String(), "# HELP ") {
			t.Errorf("Accept %q gets %q", accept, got)
		}
	}
}

// TestNames: those that are asked for, of the Sentinels and of the exporter.
func TestNames(t *testing.T) {
	h := handler(t, always(well("a:1")), defaults())
	for query, want := range map[string][]string{
		"?name[]=redis_sentinel_up":                        {"redis_sentinel_up"},
		"?name[]=redis_sentinel_up&name[]=go_goroutines":   {"go_goroutines", "redis_sentinel_up"},
		"?name[]=redis_sentinel_up&name[]=no_such_metric":  {"redis_sentinel_up"},
		"?name[]=redis_sentinel_event_duration_of_nothing": nil,
	} {
		if got := familyNames(ask(h, http.MethodGet, "/metrics"+query).Body.String()); !slices.Equal(got, want) {
			t.Errorf("%s gives %q, want %q", query, got, want)
		}
	}
}

// TestCompression: who takes gzip gets it, and the same text.
func TestCompression(t *testing.T) {
	opts := defaults()
	opts.DisableExporterMetrics = true
	h := handler(t, always(well("a:1")), opts)
	plain := ask(h, http.MethodGet, "/metrics")
	if got := plain.Header().Get("Content-Encoding"); got != "" {
		t.Errorf("nobody asked for Content-Encoding %q", got)
	}
	packed := ask(h, http.MethodGet, "/metrics", "Accept-Encoding", "gzip")
	if got := packed.Header().Get("Content-Encoding"); got != "gzip" {
		t.Fatalf("Content-Encoding is %q", got)
	}
	if packed.Body.Len() > plain.Body.Len()/2 {
		t.Errorf("%d bytes of %d", packed.Body.Len(), plain.Body.Len())
	}
	in, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plain.Body.String(), string(unpacked)); diff != "" {
		t.Errorf("(-plain +unpacked):\n%s", diff)
	}
	for _, w := range []*httptest.ResponseRecorder{plain, packed} {
		if got, want := w.Header().Get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8"; got != want {
			t.Errorf("Content-Type %q, want %q", got, want)
		}
		if got := w.Header().Get("Vary"); got != "Accept-Encoding" {
			t.Errorf("Vary: %q", got)
		}
	}
}

func TestExporterMetricsCanBeLeftOut(t *testing.T) {
	opts := defaults()
	opts.DisableExporterMetrics = true
	body := ask(handler(t, always(well("a:1")), opts), http.MethodGet, "/metrics").Body.String()
	for _, name := range familyNames(body) {
		if !strings.HasPrefix(name, "redis_sentinel_") {
			t.Errorf("%s is there", name)
		}
	}
	if !strings.Contains(body, "redis_sentinel_exporter_build_info") || !strings.Contains(body, "redis_sentinel_up") {
		t.Error("build_info or up is missing")
	}
}

func familyNames(body string) []string {
	var names []string
	for _, match := range regexp.MustCompile(`(?m)^# TYPE (\S+) `).FindAllStringSubmatch(body, -1) {
		names = append(names, match[1])
	}
	return names
}

func TestScrapesAtTheSameTime(t *testing.T) {
	h := handler(t, always(well("a:1"), dead("b:1", sentinel.ReasonTimeout)), defaults())
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			got := ask(h, http.MethodGet, "/metrics")
			if got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `redis_sentinel_up{sentinel="a:1"} 1`) {
				t.Errorf("got %d %s", got.Code, got.Body)
			}
		})
	}
	wg.Wait()
}

func TestScraperThatGoesAwayBlamesNoSentinel(t *testing.T) {
	logger, buf := newLog()
	ctx, leave := context.WithCancel(t.Context())
	d := deploymentFunc(func(asked context.Context) []*sentinel.Snapshot {
		leave()
		<-asked.Done()
		return []*sentinel.Snapshot{dead("a:1", sentinel.ReasonTimeout)}
	})
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", nil)
	w := httptest.NewRecorder()
	loggingHandler(t, d, defaults(), logger).ServeHTTP(w, r)
	if w.Body.Len() != 0 || buf.String() != "" {
		t.Errorf("got the answer %q and the log %q", w.Body, buf.String())
	}
}

func TestScrapeLogsFailures(t *testing.T) {
	logger, buf := newLog()
	h := loggingHandler(t, always(dead("a:1", sentinel.ReasonUnreachable)), defaults(), logger)
	for range 3 {
		ask(h, http.MethodGet, "/metrics")
	}
	if n := strings.Count(buf.String(), "\n"); n != 1 {
		t.Errorf("got %d lines, want 1:\n%s", n, buf.String())
	}
}
