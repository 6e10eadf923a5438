package web

import (
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/probe"
)

// TestHTMLHeaders: a page may load what it has, and nothing else. What it has is
// read from the page.
func TestHTMLHeaders(t *testing.T) {
	h := handlerOf(t, Sources{Fleet: emptyFleet(t), Deployment: always(monitoring("a:1", "m", 0)), Events: heardFailover("m", time.Now())}, defaults(), slog.New(slog.DiscardHandler))
	for _, tc := range []struct{ path, styles, images string }{
		{"/", "", "'none'"},
		{"/status", "'self'", "data:"},
		{"/status?refresh=off", "'self'", "data:"},
		{"/history", "'self'", "'none'"},
		{"/fleet", "'self'", "'none'"},
	} {
		got := ask(h, http.MethodGet, tc.path)
		body := got.Body.String()
		for _, inline := range regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindAllStringSubmatch(body, -1) {
			sum := sha256.Sum256([]byte(inline[1]))
			tc.styles = strings.TrimSpace(tc.styles + " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'")
		}
		policy := map[string]string{}
		forms := "'none'"
		if strings.Contains(body, "<form") {
			forms = "'self'"
		}
		for directive := range strings.SplitSeq(got.Header().Get("Content-Security-Policy"), ";") {
			name, sources, _ := strings.Cut(strings.TrimSpace(directive), " ")
			policy[name] = sources
		}
		for name, want := range map[string]string{
			"default-src": "'none'", "style-src": tc.styles, "img-src": tc.images,
			"base-uri": "'none'", "form-action": forms, "frame-ancestors": "'none'",
		} {
			if policy[name] != want {
				t.Errorf("%s: the policy's %s is %q, want %q", tc.path, name, policy[name], want)
			}
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		} {
			if value := got.Header().Get(name); value != want {
				t.Errorf("%s: %s is %q, want %q", tc.path, name, value, want)
			}
		}
		for _, bad := range []string{"<script", " style=", " onclick", "<iframe", "<base"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s: the policy forbids %s", tc.path, bad)
			}
		}
	}
}

func emptyFleet(t *testing.T) *fleet.Fleet {
	t.Helper()
	file, err := probe.Open("")
	if err != nil {
		t.Fatal(err)
	}
	named, err := fleet.New(file, fleet.Options{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return named
}

// TestNothingIsSniffed: whatever is answered, no browser makes HTML of it.
func TestNothingIsSniffed(t *testing.T) {
	h := handler(t, always(monitoring("<script>", "m", 0)), defaults())
	for _, path := range []string{"/", "/metrics", "/status", "/status.css", "/history", "/history?format=json", "/health", "/health?x=<script>", "/sd", "/sd?x=<script>", "/-/healthy", "/-/ready", "/nosuch"} {
		if got := ask(h, http.MethodGet, path).Header().Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options is %q", path, got)
		}
	}
}
