package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/printable"
	"redis_sentinel_exporter/sentinel"
)

//go:embed status.html
var statusHTML string // read-only

//go:embed status.css
var statusCSS []byte // read-only

// refreshEvery is how often the page reloads itself.
const refreshEvery = 10 * time.Second

// statusPage is the handler of /status.
type statusPage struct {
	querier  querier
	logger   *slog.Logger
	template *template.Template
	style    string // URL of the style sheet, with its hash
}

func newStatusPage(logger *slog.Logger) (*statusPage, error) {
	t, err := template.New("status").Parse(statusHTML)
	if err != nil {
		return nil, fmt.Errorf("status page: %w", err)
	}
	return &statusPage{logger: logger, template: t, style: styleURL()}, nil
}

// of returns the page of one deployment.
func (s statusPage) of(q querier) http.Handler {
	s.querier = q
	return &s
}

// styleURL is the URL of the style sheet, with its hash.
func styleURL() string {
	sum := sha256.Sum256(statusCSS)
	return "status.css?" + hex.EncodeToString(sum[:8])
}

// ServeHTTP asks the Sentinels and shows the page, even if none of them answers.
func (s *statusPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query, err := parseQuery(r.URL.RawQuery, nil, "master", "refresh", deploymentParameter)
	if err == nil && query.Has("refresh") && query.Get("refresh") != "off" {
		err = fmt.Errorf("refresh can only be off, not %q", query.Get("refresh"))
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	began := time.Now()
	snapshots, waiting := s.querier.ask(w, r)
	if !waiting {
		return
	}
	report, err := s.querier.assess(r, began, snapshots)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	report, err = narrow(report, query)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	setWriteDeadline(w, 2*s.querier.timeout) // the turn, and the data nodes
	asked, tooMany := s.preflights(r.Context(), snapshots, &report)
	setWriteDeadline(w, 0)
	page, err := s.page(snapshots, &report, asked, tooMany, query)
	if err != nil {
		s.logger.Error("The status page could not be made", "err", err)
		http.Error(w, "the status page could not be made", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	setHTMLHeaders(h, "'self'", "data:") // the style sheet, and the embedded icon
	if !query.Has("refresh") {
		h.Set("Refresh", strconv.Itoa(int(refreshEvery.Seconds())))
	}
	_, _ = w.Write(page) //nolint:gosec // html/template has escaped it
}

// maxPage bounds the page, in bytes.
const maxPage = 2 << 20

// page makes the page with as much as it has room for, the worst first.
func (s *statusPage) page(snapshots []*sentinel.Snapshot, report *health.Report, nodes map[string]fleet.Preflight, tooMany bool, query url.Values) ([]byte, error) {
	for most := mostShown; ; most /= 4 {
		asked := s.querier.deployment
		data := newStatusData(asked.Name(), snapshots, report, most)
		data.Style, data.Refresh, data.Query = s.style, !query.Has("refresh"), linksOf(query)
		data.Listens, data.Events = asked.Events != nil, statusEvents(asked.Events.Recent(), query)
		data.addLastFailovers(asked.Events.History(), query)
		if data.addPreflights(nodes); tooMany {
			data.NodesUnasked = mostPreflights
		}
		data.Hosts, data.OtherHosts = statusHosts(snapshots, asked.HostMap)
		var b bytes.Buffer
		if err := s.template.Execute(&limitedBuffer{&b, maxPage}, data); err == nil {
			if text := printable.Text(b.Bytes()); len(text) <= maxPage {
				return text, nil
			}
		} else if !errors.Is(err, errFullPage) {
			return nil, err
		}
		if most == 0 {
			return nil, errFullPage
		}
	}
}

// A limitedBuffer takes so many bytes.
type limitedBuffer struct {
	*bytes.Buffer
	most int
}

var errFullPage = errors.New("the page is too long")

func (b *limitedBuffer) Write(text []byte) (int, error) {
	if b.Len()+len(text) > b.most {
		return 0, errFullPage
	}
	return b.Buffer.Write(text)
}

// pageLinks are the links to the page without refresh (Still) and with it (Going).
type pageLinks struct{ Still, Going string }

func linksOf(query url.Values) pageLinks {
	query = maps.Clone(query)
	query.Del("refresh")
	links := pageLinks{Going: "status"}
	if len(query) > 0 {
		links.Going += "?" + query.Encode()
	}
	query.Set("refresh", "off")
	links.Still = "status?" + query.Encode()
	return links
}

// style serves the page's style sheet.
func style() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // its URL has its hash
		_, _ = w.Write(statusCSS)
	})
}
