package web

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// TestStatusPagePreflight: what the data nodes say is on the page, if there is an account for them.
func TestStatusPagePreflight(t *testing.T) {
	t.Parallel()
	const password = "canary-node"
	r := sentineltest.Run(t, sentineltest.Config{Replicas: 1, Sentinels: 1, NodeConf: []string{"save 3600 1", "user looker on >" + password + " +@all"}})
	d := deployment.New(sentinel.NewClient(sentinel.Options{Address: r.SentinelAddrs()[0]}))
	t.Cleanup(d.Close)
	account := &sentinel.Options{Username: "looker", Password: func() (string, error) { return password, nil }}
	page := func(nodes *sentinel.Options) string {
		h := handlerOf(t, Sources{Deployment: d, Nodes: nodes}, defaults(), slog.New(slog.DiscardHandler))
		answer := ask(h, http.MethodGet, "/status?master=mymaster")
		if answer.Code != http.StatusOK || strings.Contains(answer.Body.String(), password) {
			t.Errorf("got %d\n%s", answer.Code, answer.Body)
		}
		return rows(answer.Body.String())
	}
	const heading = "Would the next failover work?"
	if text := page(nil); strings.Contains(text, heading) {
		t.Errorf("without an account it says\n%s", text)
	}
	if text := page(account); !strings.Contains(text, heading) || !strings.Contains(text, "✓ OK by what its data nodes say") {
		t.Errorf("it says\n%s", text)
	}
	heir := r.Masters[0].Replicas[0]
	if _, err := heir.CLI(t.Context(), "CONFIG", "SET", "min-replicas-to-write", "1"); err != nil {
		t.Fatal(err)
	}
	if text := page(account); !strings.Contains(text, "✕ CRITICAL min_replicas") || !strings.Contains(text, "after the loss of the master "+heir.Addr()) {
		t.Errorf("with a finding it says\n%s", text)
	}
}
