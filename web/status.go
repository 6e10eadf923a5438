package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/hex"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/health"
)

//go:embed status.html
var statusHTML string // nobody writes to it

//go:embed status.css
var statusCSS []byte // nobody writes to it

// refreshEvery is how often the page asks again by itself.
const refreshEvery = 10 * time.Second

// statusPage shows people what the Sentinels say.
type statusPage struct {
	inquirer *inquirer
	logger   *slog.Logger
	events   *collector.Events // nil where nobody listens
	template *template.Template
	style    string // the address of the style, which changes with it
}

func newStatusPage(asker *inquirer, events *collector.Events, logger *slog.Logger) (*statusPage, error) {
	t, err := template.New("status").Parse(statusHTML)
	if err != nil {
		return nil, fmt.Errorf("status page: %w", err)
	}
	sum := sha256.Sum256(statusCSS)
	return &statusPage{
		inquirer: asker, logger: logger, events: events, template: t,
		style: "status.css?" + hex.EncodeToString(sum[:8]),
	}, nil
}

// ServeHTTP asks the Sentinels and shows the page. Whatever they say, or if none
// of them does, there is a page.
func (s *statusPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	wanted, err := parseStatusQuery(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	snapshots, waiting := s.inquirer.ask(w, r)
	if !waiting {
		return
	}
	report := health.Assess(snapshots)
	if wanted.narrow {
		narrowed, known := report.Narrowed(wanted.master)
		if !known {
			http.Error(w, fmt.Sprintf("no Sentinel that answered monitors a master named %q", wanted.master), http.StatusNotFound)
			return
		}
		report = narrowed
	}
	page := newPage(snapshots, &report)
	page.Style, page.Refresh, page.Query = s.style, !wanted.still, wanted.links()
	page.Listens, page.Events = s.events != nil, viewEvents(s.events.Recent(), wanted)
	var b bytes.Buffer
	if err := s.template.Execute(&b, page); err != nil {
		s.logger.Error("The status page could not be made", "err", err)
		http.Error(w, "the status page could not be made", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	setHTMLHeaders(h, "'self'", "data:") // its style sheet, and the icon that it has in itself
	if page.Refresh {
		h.Set("Refresh", strconv.Itoa(int(refreshEvery.Seconds())))
	}
	_, _ = w.Write(b.Bytes())
}

// A statusQuery is the query of /status.
type statusQuery struct {
	master string
	narrow bool
	still  bool // no refresh
}

// parseStatusQuery takes the parameters master=NAME and refresh=off.
func parseStatusQuery(query string) (statusQuery, error) {
	var q statusQuery
	values, err := url.ParseQuery(query)
	if err != nil {
		return q, fmt.Errorf("the query %q cannot be read: %w", query, err)
	}
	for name, given := range values {
		switch {
		case len(given) > 1:
			return q, fmt.Errorf("parameter %q is given %d times", name, len(given))
		case name == "master":
			q.master, q.narrow = given[0], true
		case name == "refresh" && given[0] == "off":
			q.still = true
		case name == "refresh":
			return q, fmt.Errorf("refresh is %q: it can only be off", given[0])
		default:
			return q, fmt.Errorf("unknown parameter %q: there are master and refresh", name)
		}
	}
	return q, nil
}

// pageLinks lead from the page to itself in another form.
type pageLinks struct{ Still, Going string }

func (q statusQuery) links() pageLinks {
	values := url.Values{}
	if q.narrow {
		values.Set("master", q.master)
	}
	links := pageLinks{Going: "status"}
	if len(values) > 0 {
		links.Going += "?" + values.Encode()
	}
	values.Set("refresh", "off")
	links.Still = "status?" + values.Encode()
	return links
}

// style serves the page's style sheet.
func style() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // its address has its hash
		_, _ = w.Write(statusCSS)
	})
}
