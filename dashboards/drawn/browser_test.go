package drawn

import (
	"context"
	"errors"
	"flag"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// pictures is where pictures go, if they are wanted.
var pictures = flag.String("pictures", "", "directory to write pictures of all that is drawn to")

// A browser is a Chromium with a profile of its own, and the page.
type browser struct {
	ctx  context.Context //nolint:containedctx // chromedp keeps the browser in it
	page string
}

func startBrowser(t *testing.T, page string) *browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("%v (Debian: apt-get install chromium; `make dashboards-drawn` does it)", err)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Flag("disable-background-networking", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("force-color-profile", "srgb"))
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		stop()
		chromedp.FromContext(ctx).Allocator.Wait()
	})
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return &browser{ctx, page}
}

// A sight is what is drawn of a dashboard.
type sight struct {
	Tiles      map[string]tile     // by title
	Tables     map[string][]string // the rows by title, their cells with a bar between them
	Lines      map[string][]string // of timelines, by title
	Empty      map[string]string   // what a panel says that shows nothing
	Cut        []string            // titles, headers and cells that do not fit
	BarHeight  float64
	Wide       float64 // by how much the page is wider than the window
	Links      []string
	Complaints []string
}

// A tile is a number with its colour, as people call it.
type tile struct{ Text, Color string }

// look draws a dashboard, and takes a picture of it.
func (b *browser) look(t *testing.T, name string, width int64, theme string, query url.Values) sight {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Minute)
	defer cancel()
	tab, closeTab := chromedp.NewContext(ctx)
	defer closeTab()
	query.Set("theme", theme)
	// Higher than any page: Grafana draws tables only where they can be seen.
	const high = 6000
	err := chromedp.Do(tab, chromedp.EmulateViewport(width, high), chromedp.Navigate(b.page+"/?"+query.Encode()))
	for end := time.Now().Add(90 * time.Second); err == nil; {
		var ready bool
		if ready, err = chromedp.Run(tab, chromedp.Evaluate[bool](readyScript)); ready {
			break
		}
		if time.Now().After(end) {
			err = errors.New("the page is never ready")
		}
		time.Sleep(200 * time.Millisecond)
	}
	seen, errSeen := chromedp.Run(tab, chromedp.Evaluate[sight](sightScript))
	height, errHeight := chromedp.Run(tab, chromedp.Evaluate[int64]("document.getElementById('root').scrollHeight + 16"))
	errSize := chromedp.Do(tab, chromedp.EmulateViewport(width, height))
	picture, errPicture := chromedp.Run(tab, chromedp.CaptureScreenshot())
	if err := errors.Join(err, errSeen, errHeight, errSize, errPicture); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(seen.Complaints) > 0 {
		t.Errorf("%s: %s", name, strings.Join(seen.Complaints, "\n"))
	}
	if *pictures != "" {
		if err := os.WriteFile(filepath.Join(*pictures, name+".png"), picture, 0o600); err != nil {
			t.Error(err)
		}
	}
	return seen
}

// readyScript reports whether all panels have their answers, and tables their rows.
const readyScript = `Boolean(window.drawn) && (window.drawn.complaints.length > 0 || window.drawn.pending.panels === 0
  && document.querySelectorAll('[data-panel]').length > 5
  && [...document.querySelectorAll('[data-table]')].every((table) => table.querySelectorAll('[role=row]').length > 1))`

// sightScript reads what is drawn.
const sightScript = `(() => {
  const sight = { Tiles: {}, Tables: {}, Lines: {}, Empty: {}, Cut: [], Links: [], Complaints: window.drawn.complaints };
  const colorOf = (css) => {
    const [r, g, b] = css.match(/rgba?\(([^)]*)/)[1].split(',').map(Number), most = Math.max(r, g, b), least = Math.min(r, g, b);
    if (most - least < 25) return 'grey';
    const hue = 60 * (most === r ? (g - b) / (most - least) : most === g ? 2 + (b - r) / (most - least) : 4 + (r - g) / (most - least));
    return [[18, 'red'], [50, 'orange'], [70, 'yellow'], [170, 'green'], [250, 'blue'], [320, 'purple'], [361, 'red']].find(([to]) => (hue + 360) % 360 < to)[1];
  };
  const cut = (element) => element.scrollWidth > element.clientWidth + 1;
  for (const panel of document.querySelectorAll('[data-panel]')) {
    const title = panel.dataset.title;
    const heading = panel.querySelector('h2');
    if (heading && cut(heading)) sight.Cut.push('title: ' + title);
    const nothing = panel.querySelector('[data-nothing]');
    if (nothing) sight.Empty[title] = nothing.textContent;
    const lines = [...panel.querySelectorAll('[data-line]')];
    if (lines.length > 0) sight.Lines[title] = lines.map((l) => l.dataset.line + ' | ' + [...l.querySelectorAll('[data-state]')].map((s) => s.dataset.state).join(' | '));
    const table = panel.querySelector('[data-table]');
    if (table) {
      const rows = [...table.querySelectorAll('[role=row]')];
      sight.Tables[title] = rows.map((row) => [...row.querySelectorAll('[role=gridcell], [role=columnheader]')].map((c) => c.textContent).join(' | '));
      for (const cell of table.querySelectorAll('[role=columnheader]')) {
        const text = document.createRange();
        text.selectNodeContents(cell);
        if (text.getBoundingClientRect().right > cell.getBoundingClientRect().right + 1) sight.Cut.push('header: ' + title + ': ' + cell.textContent);
      }
      for (const link of table.querySelectorAll('a[href]')) sight.Links.push(link.getAttribute('href'));
      continue;
    }
    const colored = [...panel.querySelectorAll('*')].find((e) => getComputedStyle(e).backgroundImage.includes('gradient'));
    if (colored && !nothing && lines.length === 0) sight.Tiles[title] = { Text: colored.textContent, Color: colorOf(getComputedStyle(colored).backgroundImage) };
  }
  sight.BarHeight = document.querySelector('[data-bar]').getBoundingClientRect().height;
  sight.Wide = document.documentElement.scrollWidth - window.innerWidth;
  return sight;
})()`
