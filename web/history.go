package web

import (
	"bytes"
	_ "embed" // the page
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/version"

	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/internal/printable"
)

const historyPath = "/history"

// Limits on what one answer shows.
const (
	maxShownFailovers = 50   // of the page
	maxJSONFailovers  = 1000 // of the JSON
)

// notFollowed is why there is no history.
const notFollowed = "There is no history: the events of the Sentinels are not followed (--no-collector.events)."

//go:embed history.html
var historyHTML string // read-only

// historyPage is the handler of /history: the last failovers, as a page or as JSON.
type historyPage struct {
	history  *history.History // nil if the event streams are not followed
	logger   *slog.Logger
	template *template.Template
	style    string // URL of the style sheet, with its hash
}

func newHistoryPage(logger *slog.Logger) (*historyPage, error) {
	t, err := template.New("history").Parse(historyHTML)
	if err != nil {
		return nil, fmt.Errorf("history page: %w", err)
	}
	return &historyPage{logger: logger, template: t, style: styleURL()}, nil
}

// of returns the page of one deployment.
func (p historyPage) of(q querier) http.Handler {
	p.history = q.deployment.Events.History()
	return &p
}

// failoverList is the JSON of /history.
type failoverList struct {
	Failovers []history.Record `json:"failovers"`
}

// historyData is what the template shows.
type historyData struct {
	Style     string
	Deaf      string // why there is no history; empty if there is one
	Master    string // the only one that is shown; empty for all
	One       bool
	At        time.Time
	Failovers []shownFailover
	More      bool   // there are more than are shown
	JSON, All string // links
	Version   string
}

// A shownFailover is a record with what the page says of it in words.
type shownFailover struct {
	*history.Record
	Badge    badge
	Headline string
	When     string
	Lines    []shownLine
	Missing  []string
}

// A shownLine is a line of a timeline.
type shownLine struct {
	Time, Machine string
	Took          string
	history.Line
}

// ServeHTTP answers from what is kept; it asks no Sentinel.
func (p *historyPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	values, err := parseQuery(r.URL.RawQuery, nil, "master", "since", "format", deploymentParameter)
	var q history.Query
	if err == nil {
		q, err = historyQuery(values, time.Now())
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if values.Get("format") == "json" {
		if p.history == nil {
			http.Error(w, notFollowed, http.StatusNotFound)
			return
		}
		q.Limit = maxJSONFailovers
		list := failoverList{Failovers: p.history.Records(q)}
		if list.Failovers == nil {
			list.Failovers = []history.Record{}
		}
		writeJSON(w, http.StatusOK, list)
		return
	}
	p.page(w, values, q)
}

func (p *historyPage) page(w http.ResponseWriter, values url.Values, q history.Query) {
	q.Limit = maxShownFailovers + 1
	data := historyData{
		Style: p.style, Master: printable.Clip(q.Master, 256), One: !q.All, At: time.Now(), Version: version.Version,
	}
	values.Set("format", "json")
	data.JSON = "history?" + values.Encode()
	values.Del("format")
	values.Del("master")
	data.All = "history?" + values.Encode()
	var records []history.Record
	if p.history != nil {
		records = p.history.Records(q)
	} else {
		data.Deaf = notFollowed
	}
	if len(records) > maxShownFailovers {
		records, data.More = records[:maxShownFailovers], true
	}
	for i := range records {
		data.Failovers = append(data.Failovers, newShownFailover(&records[i]))
	}
	var b bytes.Buffer
	if err := p.template.Execute(&b, data); err != nil {
		p.logger.Error("The history page could not be made", "err", err)
		http.Error(w, "the history page could not be made", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	setHTMLHeaders(h, "'self'", "'none'") // the style sheet
	_, _ = w.Write(printable.Text(b.Bytes()))
}

func newShownFailover(r *history.Record) shownFailover {
	v := shownFailover{
		Record: r, Badge: outcomeBadge(r), Headline: r.Headline(), Missing: r.Missing(),
		When: r.Started.Local().Format("2006-01-02 15:04:05 MST"),
	}
	for _, line := range r.Timeline() {
		shown := shownLine{Time: line.At.Local().Format("15:04:05.000"), Machine: line.At.Format("2006-01-02T15:04:05.000Z07:00"), Line: line}
		if line.Seconds != nil {
			shown.Took = fmt.Sprintf("%.2f s", *line.Seconds)
		}
		v.Lines = append(v.Lines, shown)
	}
	return v
}

// outcomeBadge shows an outcome as /status shows a verdict.
func outcomeBadge(r *history.Record) badge {
	switch {
	case r.Outcome == history.OutcomeSwitched:
		return badge{"SWITCHED", "ok", "✓"}
	case r.EndUnseen():
		return badge{"END NOT SEEN", "unknown", "?"}
	case r.Outcome == history.OutcomeAborted:
		return badge{"ABORTED", "critical", "✕"}
	default:
		return badge{"UNDER WAY", "warning", "!"}
	}
}

// historyQuery reads which failovers are asked for. since is a duration before now, or a time.
func historyQuery(values url.Values, now time.Time) (history.Query, error) {
	q := history.Query{Master: values.Get("master"), All: !values.Has("master")}
	if values.Has("format") && values.Get("format") != "json" && values.Get("format") != "html" {
		return q, fmt.Errorf("format can only be html or json, not %q", values.Get("format"))
	}
	if !values.Has("since") {
		return q, nil
	}
	since := values.Get("since")
	if d, err := time.ParseDuration(since); err == nil && d >= 0 {
		q.Since = now.Add(-d)
		return q, nil
	}
	at, err := time.Parse(time.RFC3339, strings.ReplaceAll(since, " ", "+")) // a + that was not written as %2B
	if err != nil {
		return q, fmt.Errorf("since can only be a duration such as 24h, or a time such as 2006-01-02T15:04:05Z, not %q", since)
	}
	q.Since = at
	return q, nil
}
