package browsertest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/probe"
	"redis_sentinel_exporter/sentinel"
	"redis_sentinel_exporter/web"
)

const rows = 1000

// fleetName is the name of a deployment: some are as long as names can be, without a place to break.
func fleetName(i int) string {
	name := fmt.Sprintf("shop-%03d", i)
	if i%100 == 0 {
		name += "-" + strings.Repeat("x", 200-len(name)-1)
	}
	return name
}

// serveFleet serves the page of a thousand deployments, as their last snapshots had them: of ten, one is down, two are
// without a replica, two have one Sentinel, and two one data node.
func serveFleet(t *testing.T) string {
	t.Helper()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 2, Peers: 2})
	config := "deployments:\n"
	for i := range rows {
		config += fmt.Sprintf("  %s: {sentinels: ['%s']}\n", fleetName(i), fake.Addr())
	}
	path := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := probe.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	named, err := fleet.New(file, fleet.Options{Timeout: time.Second, MaxConnections: rows}, logger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		named.Run(ended) // which closes the connections
	})
	client := sentinel.NewClient(sentinel.Options{Address: fake.Addr()})
	defer client.Close()
	for i := range rows {
		s := client.Snapshot(t.Context())
		own := func(id string) string { return fmt.Sprintf("%d-%s", i, id) }
		m := &s.Masters[0]
		s.ID, m.RunID = own(s.ID), own(m.RunID)
		for k := range m.Replicas {
			m.Replicas[k].RunID = own(m.Replicas[k].RunID)
		}
		for k := range m.Peers {
			m.Peers[k].RunID = own(m.Peers[k].RunID)
		}
		switch i % 10 {
		case 1:
			s.Masters, s.Err = nil, &sentinel.Error{Sentinel: fake.Addr(), Command: "PING", Reason: sentinel.ReasonUnreachable, Err: errors.New("connection refused")}
		case 2, 3:
			m.Replicas = nil
		case 4, 5:
			s.ID = fmt.Sprint("of both ", i/10)
		case 6, 7:
			m.RunID = fmt.Sprint("of both ", i/10)
		}
		d, release, err := named.Acquire(fleetName(i))
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.Assess(t.Context(), []*sentinel.Snapshot{s})
		release()
		if err != nil {
			t.Fatal(err)
		}
	}
	handler, err := web.NewHandler(web.Options{TelemetryPath: "/metrics", Timeout: time.Second, OnlyProbes: true, Named: true}, web.Sources{Fleet: named}, logger)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// cutScript lists what of the page cannot be read: beyond the window, or cut off.
const cutScript = `[...document.querySelectorAll('body *:not(.skip, .hidden)')].filter(e => {
  const r = e.getBoundingClientRect();
  return r.width > 0 && (r.right > innerWidth + .5 || r.left < 0 || getComputedStyle(e).overflow !== 'visible' && e.scrollWidth > e.clientWidth && e.tagName !== 'INPUT');
}).slice(0, 5).map(e => e.tagName + ' ' + e.textContent.slice(0, 60))`

// TestFleetPage looks at the page with a thousand rows on a phone and at a desk, without script.
func TestFleetPage(t *testing.T) {
	b := startBrowser(t)
	url := serveFleet(t)
	for _, l := range looks() {
		if l.phone == (l.scheme == "dark") {
			continue // so large a page takes seconds
		}
		one := b.open(t)
		withoutScript := chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
			return err
		})
		if err := chromedp.Do(one.ctx, media(l), withoutScript, chromedp.EmulateViewport(l.width, l.height, l.options()...), chromedp.Navigate(url+"/fleet")); err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		statuses := fleetStatuses(t, one)
		rank := map[string]int{"CRITICAL": 0, "UNKNOWN": 1, "WARNING": 2, "OK": 3}
		if len(statuses) != rows || !slices.IsSortedFunc(statuses, func(a, b string) int { return rank[a] - rank[b] }) || len(slices.Compact(slices.Clone(statuses))) != len(rank) {
			t.Errorf("%s: the %d rows are not those, the worst first: %q", l.name, len(statuses), slices.Compact(statuses))
		}
		checkFleetPage(t, one, l)
		picture, err := chromedp.Run(one.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(pictures(t), "fleet-"+l.name+".png")
		if !*update {
			if err := os.WriteFile(path, picture, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Logf("a picture is in %s", path)
		}

		// By the status, and by a text as well.
		if err := chromedp.Do(one.ctx, chromedp.Click(`nav a[href*="status=warning"]`), chromedp.SendKeys("#q", "shop-01"), chromedp.Click("form button")); err != nil {
			t.Fatal(err)
		}
		sentineltest.WaitFor(t, "what is filtered", func() bool { return len(fleetStatuses(t, one)) == 2 })
		if text, err := chromedp.Run(one.ctx, chromedp.Text(".fleet")); err != nil || !strings.Contains(text, "shop-014") || !strings.Contains(text, "shop-015") {
			t.Errorf("%s: got %q, %v", l.name, text, err)
		}
		checkFleetPage(t, one, l)
		if faint, err := chromedp.Run(one.ctx, chromedp.Evaluate[[]string](faintScript)); err != nil || len(faint) > 0 {
			t.Errorf("%s: too little contrast: %q, %v", l.name, faint, err)
		}
	}
}

// fleetStatuses returns those of the rows.
func fleetStatuses(t *testing.T, one *tab) []string {
	t.Helper()
	statuses, err := chromedp.Run(one.ctx, chromedp.Evaluate[[]string]("[...document.querySelectorAll('.fleet .badge')].map(e => e.innerText.split(' ').pop())"))
	if err != nil {
		t.Fatal(err)
	}
	return statuses
}

func checkFleetPage(t *testing.T, one *tab, l look) {
	t.Helper()
	widths, err := chromedp.Run(one.ctx, chromedp.Evaluate[[]int64]("[document.documentElement.scrollWidth, window.innerWidth]"))
	cut, errCut := chromedp.Run(one.ctx, chromedp.Evaluate[[]string](cutScript))
	if err := errors.Join(err, errCut); err != nil {
		t.Fatalf("%s: %v", l.name, err)
	}
	if widths[1] != l.width || widths[0] > l.width {
		t.Errorf("%s: the page is %d wide, the window %d", l.name, widths[0], widths[1])
	}
	if len(cut) > 0 {
		t.Errorf("%s: cut off: %q", l.name, cut)
	}
	if said := one.complained(); said != "" {
		t.Errorf("%s: the browser complains:\n%s", l.name, said)
	}
}
