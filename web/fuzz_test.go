package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"redis_sentinel_exporter/admin"
)

// FuzzAdminBody: whatever a client sends, it is an operation or an error of one
// line, with a status of the client's fault.
func FuzzAdminBody(f *testing.F) {
	for _, seed := range []string{
		`{}`, ``, `null`, `[]`, `{"quorum": 2}`, `{"quorum": "2", "quorum": 3}`, `{"auth-pass": "x"}`, `{"auth-pass": ["x"]}`,
		`{"host": "127.0.0.1", "port": 6379, "quorum": 2}`, `{"address": "127.0.0.1:6379", "quorum": 1e400}`, `{"quorum": 2} x`,
		"{\"\xff\": 1}", strings.Repeat(`{"a":`, 1000), `{"rename-command": {"a": "b"}}`,
	} {
		for action := range len(adminRoutes()) {
			f.Add(seed, action, "")
		}
	}
	f.Add(`{}`, 0, "dry_run=true&force=false")
	f.Add(`{}`, 0, "dry_run=maybe&%zz")
	f.Fuzz(func(t *testing.T, body string, action int, query string) {
		routes := adminRoutes()
		route := routes[(action%len(routes)+len(routes))%len(routes)]
		r := httptest.NewRequest(route.method, "/", strings.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", "application/json")
		op := admin.Operation{Action: route.action}
		err := readOperation(httptest.NewRecorder(), r, &op)
		if err == nil {
			if route.action != admin.Set && route.action != admin.Monitor && len(op.Settings) > 0 {
				t.Errorf("%v has settings", route.action)
			}
			return
		}
		if status, _ := resultOf(nil, err); status < http.StatusBadRequest || status >= http.StatusInternalServerError {
			t.Errorf("%q is answered with %d: %v", body, status, err)
		}
		if strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%q: an error of many lines: %v", body, err)
		}
	})
}
