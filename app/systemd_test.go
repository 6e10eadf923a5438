package app

import (
	"io"
	"net/http"
	"testing"
)

// TestSignOfLife: the watchdog is told only of an exporter that says that it is healthy. The rest
// is TestServiceOfSystemd, with the real program.
func TestSignOfLife(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer func(http.ResponseWriter)
		want   bool
	}{
		"healthy":    {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "healthy") }, true},
		"overloaded": {func(w http.ResponseWriter) { http.Error(w, "no", http.StatusServiceUnavailable) }, false},
		"no answer":  {func(http.ResponseWriter) {}, false},
		"two answers in one": {func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusInternalServerError)
			w.WriteHeader(http.StatusOK)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &service{handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.URL.Path != "/-/healthy" {
					t.Errorf("it asks with %s for %s", r.Method, r.URL)
				}
				tc.answer(w)
			})}
			if got := s.lives(t.Context()); got != tc.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
