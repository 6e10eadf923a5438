package web

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/preflight"
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
		h := handlerOf(t, Sources{Deployment: d, Preflight: preflight.Options{Nodes: nodes}}, defaults(), slog.New(slog.DiscardHandler))
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

// TestStatusPageWithoutPreflight: where the data nodes are not asked, though there is an account, the page says why.
func TestStatusPageWithoutPreflight(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Masters: mostPreflights + 1})
	d := deployment.New(sentinel.NewClient(sentinel.Options{Address: fake.Addr()}))
	t.Cleanup(d.Close)
	const why = "The data nodes are asked where the page has at most 4 masters"
	for _, account := range []*sentinel.Options{nil, {}} {
		h := handlerOf(t, Sources{Deployment: d, Preflight: preflight.Options{Nodes: account}}, defaults(), slog.New(slog.DiscardHandler))
		if text := rows(ask(h, http.MethodGet, "/status").Body.String()); strings.Contains(text, why) != (account != nil) {
			t.Errorf("with the account %v it says\n%s", account, text)
		}
	}

	p := &statusData{Masters: []statusMaster{{MasterReport: &health.MasterReport{Name: "m"}}}}
	p.addPreflights(map[string]fleet.Preflight{"m": {Err: errors.New("there is no room")}})
	if shown := p.Masters[0].Preflight; shown == nil || shown.Badge.Word != "UNKNOWN" || shown.Words != "there is no room" {
		t.Errorf("got %+v", shown)
	}
}

// TestStatusPageAsksDataNodesOnce: however many load the page at once or one after the other. Without an account
// the data nodes are not asked at all.
func TestStatusPageAsksDataNodesOnce(t *testing.T) {
	t.Parallel()
	node := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	host, port, err := net.SplitHostPort(node.Addr())
	if err != nil {
		t.Fatal(err)
	}
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Edit: func(kind, _ string, row sentineltest.Row) sentineltest.Row {
		if kind == "master" {
			return row.With("ip", host).With("port", port)
		}
		return row
	}})
	d := deployment.New(sentinel.NewClient(sentinel.Options{Address: fake.Addr()}))
	t.Cleanup(d.Close)
	for _, test := range []struct {
		account *sentinel.Options
		want    int
	}{{nil, 0}, {&sentinel.Options{}, 1}} {
		h := handlerOf(t, Sources{Deployment: d, Preflight: preflight.Options{Nodes: test.account}}, defaults(), slog.New(slog.DiscardHandler))
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { ask(h, http.MethodGet, "/status") })
		}
		wg.Wait()
		if answer := ask(h, http.MethodGet, "/status"); strings.Contains(answer.Body.String(), "Would the next failover work?") != (test.want > 0) {
			t.Errorf("it says\n%s", rows(answer.Body.String()))
		}
		if total, _ := node.Connections(); total != test.want {
			t.Errorf("%d connections were made to the data node, want %d", total, test.want)
		}
	}
}
