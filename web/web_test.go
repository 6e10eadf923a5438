package web

import (
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"redis_sentinel_exporter/collector"
)

func TestEndpoints(t *testing.T) {
	h := handler(t, always(monitoring("a:1", "m", 0)), defaults())
	for _, tc := range []struct {
		method, path string
		want         int
		body         string
	}{
		{http.MethodGet, "/", http.StatusOK, "redis_sentinel_exporter"},
		{http.MethodGet, "/metrics", http.StatusOK, "redis_sentinel_up"},
		{http.MethodGet, "/metrics?x=y", http.StatusOK, "redis_sentinel_up"},
		{http.MethodGet, "/health", http.StatusOK, `"status": "ok"`},
		{http.MethodGet, "/status", http.StatusOK, "<h1>OK</h1>"},
		{http.MethodGet, "/status.css", http.StatusOK, "prefers-color-scheme"},
		{http.MethodPost, "/status", http.StatusMethodNotAllowed, ""},
		{http.MethodHead, "/health", http.StatusOK, ""},
		{http.MethodPost, "/health", http.StatusMethodNotAllowed, ""},
		{http.MethodGet, "/-/healthy", http.StatusOK, "healthy"},
		{http.MethodGet, "/-/ready", http.StatusOK, "ready"},
		{http.MethodGet, "/sd", http.StatusOK, `"targets"`},
		{http.MethodPost, "/sd", http.StatusMethodNotAllowed, ""},
		{http.MethodHead, "/", http.StatusOK, ""},
		{http.MethodHead, "/metrics", http.StatusOK, ""},
		{http.MethodHead, "/-/healthy", http.StatusOK, ""},
		{http.MethodPost, "/", http.StatusMethodNotAllowed, ""},
		{http.MethodPost, "/metrics", http.StatusMethodNotAllowed, ""},
		{http.MethodPut, "/metrics", http.StatusMethodNotAllowed, ""},
		{http.MethodDelete, "/-/healthy", http.StatusMethodNotAllowed, ""},
		{http.MethodPost, "/-/ready", http.StatusMethodNotAllowed, ""},
		{http.MethodPost, "/elsewhere", http.StatusNotFound, ""},
		{http.MethodGet, "/metrics/", http.StatusNotFound, ""},
		{http.MethodGet, "/metricsx", http.StatusNotFound, ""},
		{http.MethodGet, "/favicon.ico", http.StatusNotFound, ""},
		{http.MethodGet, "/debug/pprof/", http.StatusNotFound, ""},
		{http.MethodGet, "/debug/vars", http.StatusNotFound, ""},
	} {
		got := ask(h, tc.method, tc.path)
		if got.Code != tc.want || !strings.Contains(got.Body.String(), tc.body) {
			t.Errorf("%s %s: got %d %q, want %d with %q", tc.method, tc.path, got.Code, got.Body, tc.want, tc.body)
		}
		if got.Code == http.StatusMethodNotAllowed && got.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: got Allow %q", tc.method, tc.path, got.Header().Get("Allow"))
		}
	}
}

func TestLandingPageLeadsToAllEndpoints(t *testing.T) {
	opts := defaults()
	opts.TelemetryPath = "/redis/metrics"
	h := handler(t, always(monitoring("a:1", "m", 0)), opts)
	page := ask(h, http.MethodGet, "/")
	if got := page.Header().Get("Content-Type"); !strings.HasPrefix(got, "text/html") {
		t.Errorf("got the content type %q", got)
	}
	var paths []string
	for _, match := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page.Body.String(), -1) {
		paths = append(paths, match[1])
		if got := ask(h, http.MethodGet, match[1]); got.Code != http.StatusOK {
			t.Errorf("the link %s leads to %d", match[1], got.Code)
		}
	}
	if want := []string{"/redis/metrics", "/status", "/history", "/health", "/sd", "/can-stop", "/role", "/-/healthy", "/-/ready"}; !slices.Equal(paths, want) {
		t.Errorf("got the links %v, want %v", paths, want)
	}
}

func TestTelemetryPath(t *testing.T) {
	for path, ok := range map[string]bool{
		"/metrics": true, "/a/b": true, "/-metrics": true, "/m.txt": true,
		"": false, "metrics": false, "/": false, "//": false, "/metrics/": false, "//metrics": false, "/a/../b": false,
		"/health": false, "/history": false, "/status": false, "/status.css": false, "/healthy": true, "/sd": false, "/role": false, "/role/master": false, "/roles": true,
		"/-/healthy": false, "/-/ready": false, "/-/metrics": false, "/{x}": false, "/a b": false, "/a?b": false,
		"/a#b": false, "/a%20b": false, "/\u00e9": false, "/a\nb": false,
	} {
		opts := defaults()
		opts.TelemetryPath = path
		h, err := NewHandler(opts, Sources{Deployment: always(well("a:1")), Collector: collector.New(collector.Options{})}, slog.New(slog.DiscardHandler))
		if (err == nil) != ok {
			t.Errorf("%q: got the error %v", path, err)
		}
		if err == nil && ask(h, http.MethodGet, path).Code != http.StatusOK {
			t.Errorf("%q: no metrics there", path)
		}
	}
}
