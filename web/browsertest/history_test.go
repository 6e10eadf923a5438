package browsertest

import (
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/sentinel"
	"redis_sentinel_exporter/web"
)

// longRecords is a History with a failover that has all that a record can have, of names as long as they can be without a place to break, and
// one that was given up.
func longRecords() *history.History {
	h := history.New(history.Options{})
	name, host := strings.Repeat("orders", 40), strings.Repeat("node", 50)
	sentinels := []string{host + "-a:26379", host + "-b:26379"}
	at := time.Now().Add(-time.Hour)
	for _, s := range sentinels {
		h.Handle(&sentinel.StreamUpdate{Sentinel: s, Time: at, Kind: sentinel.StreamUp})
	}
	say := func(s, lines string) {
		lines = strings.NewReplacer("MASTER", name+" "+host+"-1 6379", "REPLICA", "slave "+host+"-2:6379 "+host+"-2 6379 @ "+name+" "+host+"-1 6379", "NAME", name, "HOST", host).Replace(lines)
		for line := range strings.Lines(lines) {
			at = at.Add(300 * time.Millisecond)
			event, payload, _ := strings.Cut(strings.TrimSpace(line), " ")
			h.Handle(&sentinel.StreamUpdate{Sentinel: s, Time: at, Event: sentinel.ParseEvent(event, payload)})
		}
	}
	const begun = "+sdown master MASTER\n+odown master MASTER #quorum 2/2\n+new-epoch 7\n+try-failover master MASTER\n"
	say(sentinels[1], begun+"-failover-abort-not-elected master MASTER")
	at = at.Add(time.Minute)
	h.Handle(&sentinel.StreamUpdate{Sentinel: sentinels[1], Time: at, Since: at, Kind: sentinel.StreamLost})
	say(sentinels[0], strings.Replace(begun, "7", "8", 1)+"+elected-leader master MASTER\n+selected-slave REPLICA\n+promoted-slave REPLICA\n+slave-reconf-sent REPLICA\n+slave-reconf-done REPLICA\n"+
		"+failover-end master MASTER\n+switch-master NAME HOST-1 6379 HOST-2 6379\n+slave slave HOST-1:6379 HOST-1 6379 @ NAME HOST-2 6379")
	return h
}

// TestHistoryPage: with long names the page is as wide as a phone or a desk, and can be read in light and in the dark.
func TestHistoryPage(t *testing.T) {
	b := startBrowser(t)
	d := deployment.New()
	t.Cleanup(d.Close)
	logger := slog.New(slog.DiscardHandler)
	handler, err := web.NewHandler(web.Options{TelemetryPath: "/metrics", Timeout: time.Second},
		web.Sources{Deployment: d, Collector: collector.New(collector.Options{}), Events: collector.NewEvents(longRecords(), logger)}, logger)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	for _, l := range looks() {
		one := b.open(t)
		steps := chromedp.Do(one.ctx, media(l), chromedp.EmulateViewport(l.width, l.height, l.options()...), chromedp.Navigate(server.URL+"/history"))
		said, errSaid := chromedp.Run(one.ctx, chromedp.Evaluate[string]("for (const d of document.querySelectorAll('details')) d.open = true; document.body.innerText"))
		widths, errWidths := chromedp.Run(one.ctx, chromedp.Evaluate[[]int64]("[document.documentElement.scrollWidth, window.innerWidth]"))
		faint, errFaint := chromedp.Run(one.ctx, chromedp.Evaluate[[]string](faintScript))
		picture, errPicture := chromedp.Run(one.ctx, chromedp.FullScreenshot(100))
		if err := errors.Join(steps, errSaid, errWidths, errFaint, errPicture); err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		for _, want := range []string{"SWITCHED", "ABORTED", "not heard: ", "follows it", strings.Repeat("orders", 40), strings.Repeat("node", 50) + "-2:6379"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: no %q in the page:\n%s", l.name, want, said)
			}
		}
		if wide, view := widths[0], widths[1]; view != l.width || wide > view {
			t.Errorf("%s: the page is %d wide, the window %d", l.name, wide, view)
		}
		for _, text := range faint {
			t.Errorf("%s: too little contrast: %s", l.name, text)
		}
		if said := one.complained(); said != "" {
			t.Errorf("%s: the browser complains:\n%s", l.name, said)
		}
		file := filepath.Join(pictures(t), "history-"+l.name+".png")
		if !*update {
			if err := os.WriteFile(file, picture, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Logf("a picture is in %s", file)
		}
	}
}
