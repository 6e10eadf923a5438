package web

import (
	"encoding/json"
	"net/http"
	"testing"

	"redis_sentinel_exporter/canstop"
)

// TestCanStop: the answer has the shape that the page describes. What it says is tested in
// package canstop.
func TestCanStop(t *testing.T) {
	t.Parallel()
	h := handler(t, always(monitoring("10.0.0.1:26379", "orders", 0)), defaults())
	for _, test := range []struct {
		target string
		status int
		keys   []string
	}{
		{"/can-stop?host=10.0.0.1", http.StatusOK, []string{"hosts", "verdict", "masters", "first"}},
		{"/can-stop?host=10.0.0.1&host=10.0.0.2", http.StatusOK, []string{"hosts", "verdict", "masters", "first"}},
		{"/can-stop", http.StatusOK, []string{"hosts", "pairs", "drain"}},
		{"/can-stop?hosts=10.0.0.1", http.StatusBadRequest, nil},
	} {
		got := ask(h, http.MethodGet, test.target)
		if got.Code != test.status {
			t.Errorf("%s: %d: %s", test.target, got.Code, got.Body)
			continue
		}
		if test.status != http.StatusOK {
			continue
		}
		var answer map[string]any
		if err := json.Unmarshal(got.Body.Bytes(), &answer); err != nil {
			t.Errorf("%s: %v: %s", test.target, err, got.Body)
		}
		for _, key := range test.keys {
			if answer[key] == nil {
				t.Errorf("%s: there is no %s: %s", test.target, key, got.Body)
			}
		}
		if len(answer) != len(test.keys) {
			t.Errorf("%s: it has other keys than %v: %s", test.target, test.keys, got.Body)
		}
	}
	if got := severityOf(canstop.No).String(); got != "critical" {
		t.Errorf("no is shown as %s", got)
	}
}
