package web

import (
	"bytes"
	_ "embed" // the page
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/printable"
)

//go:embed fleet.html
var fleetHTML string // read-only

// fleetPage is the handler of /fleet: a line for each named deployment, the worst first, as
// the last snapshots of each had it. It asks no Sentinel.
type fleetPage struct {
	fleet    *fleet.Fleet // nil if there are no named deployments
	template *template.Template
	logger   *slog.Logger
}

func newFleetPage(named *fleet.Fleet, logger *slog.Logger) (*fleetPage, error) {
	t, err := template.New("fleet").Parse(fleetHTML)
	if err != nil {
		return nil, fmt.Errorf("page of the fleet: %w", err)
	}
	return &fleetPage{named, t, logger}, nil
}

// A fleetQuery says which lines to show.
type fleetQuery struct {
	text   string // in the name or the summary, whatever the case
	status string // empty for all
	json   bool
}

func parseFleetQuery(raw string) (fleetQuery, error) {
	values, err := parseQuery(raw, nil, "q", "status", "format")
	if err != nil {
		return fleetQuery{}, err
	}
	q := fleetQuery{text: values.Get("q"), status: values.Get("status")}
	if q.status != "" {
		if err := new(health.Status).UnmarshalText([]byte(q.status)); err != nil {
			return q, fmt.Errorf("status: %w", err)
		}
	}
	switch format := values.Get("format"); format {
	case "", "html":
	case "json":
		q.json = true
	default:
		return q, fmt.Errorf("there is no format %q: there are html and json", format)
	}
	return q, nil
}

// wants reports whether a line is shown.
func (q *fleetQuery) wants(l *fleet.Line) bool {
	contains := func(text string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(q.text)) }
	return (q.status == "" || q.status == l.Status.String()) && (contains(l.Name) || contains(l.Summary))
}

// fleetLines are what /fleet answers as JSON.
type fleetLines struct {
	Deployments []fleet.Line `json:"deployments"`
}

// ServeHTTP shows the lines that the query asks for.
func (h *fleetPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query, err := parseFleetQuery(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if h.fleet == nil {
		http.Error(w, "there are no named deployments: --config.file is not given", http.StatusNotFound)
		return
	}
	all := h.fleet.Lines()
	shown := []fleet.Line{}
	for i := range all {
		if query.wants(&all[i]) {
			shown = append(shown, all[i])
		}
	}
	if query.json {
		writeJSON(w, http.StatusOK, fleetLines{shown})
		return
	}
	var b bytes.Buffer
	if err := h.template.Execute(&b, newFleetData(all, shown, query)); err != nil {
		h.logger.Error("The page of the fleet could not be made", "err", err)
		http.Error(w, "the page of the fleet could not be made", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	setHTMLHeaders(header, "'self'", "'none'")
	allowForms(header)
	_, _ = w.Write(printable.Text(b.Bytes()))
}

// fleetData is what the template shows.
type fleetData struct {
	Style  string
	Worst  badge
	Counts []fleetCount
	All    []fleet.Line
	Shown  []fleetLine
	Text   string // that the lines have to have
	Status string // that they have to have; empty for any
	Filter string // in words; empty if all are shown
}

// A fleetCount is how many deployments have a status.
type fleetCount struct {
	Badge  badge
	Word   string
	Number int
	Link   string
}

// A fleetLine is a line of the page.
type fleetLine struct {
	fleet.Line
	Badge  badge
	Link   string // to its /status
	Margin string
	Age    string
}

func newFleetData(all, shown []fleet.Line, query fleetQuery) *fleetData {
	d := &fleetData{Style: styleURL(), All: all, Text: query.text, Status: query.status, Filter: query.words()}
	worst := health.OK
	for _, status := range []health.Status{health.Critical, health.Unknown, health.Warning, health.OK} {
		n := 0
		for i := range all {
			if all[i].Status == status {
				n++
			}
		}
		if n > 0 && status.Compare(worst) > 0 {
			worst = status
		}
		link := url.Values{"status": {status.String()}}
		if query.text != "" {
			link.Set("q", query.text)
		}
		d.Counts = append(d.Counts, fleetCount{badgeOf(status), status.String(), n, "fleet?" + link.Encode()})
	}
	d.Worst = badgeOf(worst)
	d.Counts = slices.DeleteFunc(d.Counts, func(c fleetCount) bool { return c.Number == 0 })
	for _, l := range shown {
		line := fleetLine{Line: l, Badge: badgeOf(l.Status), Link: "status?" + url.Values{deploymentParameter: {l.Name}}.Encode(), Margin: "?", Age: "not asked yet"}
		if l.Margin != nil {
			line.Margin = fmt.Sprint(*l.Margin)
		}
		if l.Age != nil {
			line.Age = health.Age(time.Duration(*l.Age*float64(time.Second))) + " ago"
		}
		d.Shown = append(d.Shown, line)
	}
	return d
}

// words returns what the query leaves out, for people.
func (q *fleetQuery) words() string {
	var parts []string
	if q.status != "" {
		parts = append(parts, "those with the status "+q.status)
	}
	if q.text != "" {
		parts = append(parts, "those with "+printable.Line(q.text)+" in the name or in the summary")
	}
	return strings.Join(parts, ", and ")
}
