package browsertest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
	"redis_sentinel_exporter/web"
)

var update = flag.Bool("update", false, "write the pictures of the README, docs/images")

// pictures is where a person can look at them.
func pictures(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if *update {
		dir = filepath.Join("..", "..", "docs", "images")
	}
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "redis_sentinel_exporter-screenshots")
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	return dir
}

// inREADME tells which pictures the README shows.
func inREADME(name string) bool {
	return name == "status-degraded-1440" || name == "status-degraded-390-dark"
}

// A look is one way to look at the page.
type look struct {
	name          string
	width, height int64
	phone         bool
	scheme        string
}

func (l look) options() []chromedp.EmulateViewportOption {
	if l.phone {
		return []chromedp.EmulateViewportOption{chromedp.EmulateMobile}
	}
	return nil
}

// media makes the browser prefer light or dark.
func media(l look) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.scheme}},
		})
		return err
	})
}

func looks() []look {
	return []look{
		{"1440", 1440, 900, false, "light"}, {"390", 390, 844, true, "light"},
		{"1440-dark", 1440, 900, false, "dark"}, {"390-dark", 390, 844, true, "dark"},
	}
}

// serve serves the page of a topology.
func serve(t *testing.T, topology *sentineltest.Topology) string {
	t.Helper()
	var clients []*sentinel.Client
	for _, addr := range topology.SentinelAddrs() {
		clients = append(clients, sentinel.NewClient(sentinel.Options{Address: addr}))
	}
	deployment := deployment.New(clients...)
	t.Cleanup(deployment.Close)
	opts := web.Options{TelemetryPath: "/metrics", Timeout: time.Second}
	handler, err := web.NewHandler(opts, web.Sources{Deployment: deployment, Collector: collector.New(collector.Options{})}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// TestStatusPage looks at the page when all is well, when much is wrong, and when
// nobody answers: at the width of a phone and of a desk, light and dark.
func TestStatusPage(t *testing.T) {
	b := startBrowser(t)
	topology := sentineltest.Run(t, sentineltest.Config{Masters: []string{"orders", "sessions"}, FailoverTimeout: 3 * time.Second})
	url := serve(t, topology)
	// What has just begun counts for nothing yet; the page shall show what is.
	waitForHeading(t, b, url, "OK")
	t.Run("healthy", func(t *testing.T) { lookAt(t, b, url, "healthy", "OK") })

	degrade(t, topology)
	waitForHeading(t, b, url, "CRITICAL")
	waitForText(t, b, url, `<code class="check">master_disagreement</code></h3>`)
	t.Run("degraded", func(t *testing.T) { lookAt(t, b, url, "degraded", "CRITICAL") })

	for _, s := range topology.Sentinels {
		s.Kill()
	}
	waitForHeading(t, b, url, "UNKNOWN")
	t.Run("all down", func(t *testing.T) { lookAt(t, b, url, "all-down", "UNKNOWN") })
}

// TestLandingPage: the browser takes the page's style, whose policy allows it by a
// hash.
func TestLandingPage(t *testing.T) {
	b := startBrowser(t)
	url := serve(t, sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None}))
	one := b.open(t)
	if err := chromedp.Do(one.ctx, chromedp.Navigate(url+"/")); err != nil {
		t.Fatal(err)
	}
	weight, err := chromedp.Run(one.ctx, chromedp.Evaluate[string]("getComputedStyle(document.querySelector('h2')).fontWeight"))
	if err != nil {
		t.Fatal(err)
	}
	if weight != "400" { // what a browser does without a style is 700
		t.Errorf("a heading has the weight %s: its style is not in force", weight)
	}
	if said := one.complained(); strings.Contains(said, "Content Security Policy") {
		t.Errorf("the browser complains:\n%s", said)
	}
}

// degrade makes two Sentinels disagree about a master, kills a replica of it, and
// takes the heirs away from the other master.
func degrade(t *testing.T, topology *sentineltest.Topology) {
	t.Helper()
	ctx := t.Context()
	run := func(n *sentineltest.Node, args ...string) {
		t.Helper()
		if _, err := n.CLI(ctx, args...); err != nil {
			t.Fatal(err)
		}
	}
	orders, sessions := topology.Masters[0], topology.Masters[1]
	stray := topology.Sentinels[2].Node
	run(stray, "SENTINEL", "REMOVE", orders.Name)
	run(stray, "SENTINEL", "MONITOR", orders.Name, orders.Replicas[0].Host(), fmt.Sprint(orders.Replicas[0].Port()), "2")
	run(stray, "SENTINEL", "SET", orders.Name, "down-after-milliseconds", "1000", "failover-timeout", "3000")
	orders.Replicas[1].Kill()
	for _, r := range sessions.Replicas {
		run(r, "CONFIG", "SET", "replica-priority", "0")
	}
}

func waitForHeading(t *testing.T, b *browser, url, word string) {
	t.Helper()
	waitForText(t, b, url, "<h1>"+word+"</h1>")
}

func waitForText(t *testing.T, b *browser, url, text string) {
	t.Helper()
	one := b.open(t)
	sentineltest.WaitFor(t, "the page to say "+text, func() bool {
		var html string
		err := chromedp.Do(one.ctx, chromedp.Navigate(url+"/status?refresh=off"))
		if err == nil {
			html, err = chromedp.Run(one.ctx, chromedp.OuterHTML("html"))
		}
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(html, text)
	})
}

func lookAt(t *testing.T, b *browser, url, state, word string) {
	for _, l := range looks() {
		one := b.open(t)
		steps := chromedp.Do(one.ctx, media(l), chromedp.EmulateViewport(l.width, l.height, l.options()...), chromedp.Navigate(url+"/status?refresh=off"))
		verdict, err := chromedp.Run(one.ctx, chromedp.Text("h1"))
		widths, errWidths := chromedp.Run(one.ctx, chromedp.Evaluate[[]int64]("[document.documentElement.scrollWidth, window.innerWidth]"))
		faint, errFaint := chromedp.Run(one.ctx, chromedp.Evaluate[[]string](faintScript))
		missing, errMissing := chromedp.Run(one.ctx, chromedp.Evaluate[[]string](structureScript))
		picture, errPicture := chromedp.Run(one.ctx, chromedp.FullScreenshot(100))
		if err := errors.Join(steps, err, errWidths, errFaint, errMissing, errPicture); err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		wide, view := widths[0], widths[1]
		if verdict != word {
			t.Errorf("%s: the page says %s, not %s", l.name, verdict, word)
		}
		if view != l.width || wide > view {
			t.Errorf("%s: the page is %d wide, the window %d", l.name, wide, view)
		}
		for _, text := range faint {
			t.Errorf("%s: too little contrast: %s", l.name, text)
		}
		for _, what := range missing {
			t.Errorf("%s: %s", l.name, what)
		}
		if said := one.complained(); said != "" {
			t.Errorf("%s: the browser complains:\n%s", l.name, said)
		}
		name := "status-" + state + "-" + l.name
		if *update {
			if !inREADME(name) {
				continue
			}
			// What is on the screen, not all of the page.
			if picture, err = chromedp.Run(one.ctx, chromedp.CaptureScreenshot()); err != nil {
				t.Fatal(err)
			}
		}
		file := filepath.Join(pictures(t), name+".png")
		if err := os.WriteFile(file, picture, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Logf("a picture is in %s", file)
	}
}

// faintScript lists texts whose contrast is below 4.5 to 1 (WCAG AA).
const faintScript = `(() => {
  const rgb = c => (c.match(/[\d.]+/g) || []).map(Number);
  const lum = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
  const back = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; };
  const faint = [];
  for (const e of document.querySelectorAll('body *')) {
    const text = [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.textContent.trim()).join(' ').trim();
    if (!text || !e.checkVisibility()) continue;
    const [a, b] = [lum(rgb(getComputedStyle(e).color).slice(0, 3)), lum(back(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) faint.push(ratio.toFixed(2) + ' ' + text.slice(0, 60));
  }
  return faint;
})()`

// structureScript lists what a screen reader or a keyboard would miss.
const structureScript = `(() => {
  const missing = [];
  const one = (what, selector) => { const n = document.querySelectorAll(selector).length; if (n !== 1) missing.push(n + ' of ' + what); };
  one('h1', 'h1'); one('main', 'main'); one('header', 'body > header'); one('footer', 'body > footer'); one('skip link', 'a.skip[href="#main"]');
  for (const th of document.querySelectorAll('th:not([scope])')) missing.push('no scope: ' + th.textContent);
  for (const t of document.querySelectorAll('table:not([aria-labelledby])')) missing.push('a table without a name');
  for (const e of document.querySelectorAll('[aria-labelledby]')) if (!document.getElementById(e.getAttribute('aria-labelledby'))) missing.push('no label ' + e.getAttribute('aria-labelledby'));
  for (const a of document.querySelectorAll('a[href^="#"]')) if (!document.getElementById(a.getAttribute('href').slice(1))) missing.push('no target ' + a.getAttribute('href'));
  let level = 1;
  for (const h of document.querySelectorAll('h1,h2,h3,h4')) { const l = +h.tagName[1]; if (l > level + 1) missing.push('heading skips to ' + h.textContent); level = l; }
  if (!document.documentElement.lang) missing.push('no language');
  return missing;
})()`
