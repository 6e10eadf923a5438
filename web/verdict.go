package web

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// An inquirer asks the Sentinels for the pages that show their health.
type inquirer struct {
	deployment snapshotter
	timeout    time.Duration
	failures   *failureLog
}

// ask returns what the Sentinels say until the deadline; nothing when nobody
// waits for the answer any more.
func (i *inquirer) ask(w http.ResponseWriter, r *http.Request) ([]*sentinel.Snapshot, bool) {
	waitForReader(w, i.timeout)
	ctx, cancel := context.WithTimeout(r.Context(), i.timeout)
	defer cancel()
	snapshots := i.deployment.Snapshots(ctx)
	waitForReader(w, 0)
	if r.Context().Err() != nil {
		return nil, false
	}
	i.failures.note(snapshots)
	return snapshots, true
}

// verdict serves the report as JSON, with a status for load balancers.
type verdict struct {
	inquirer *inquirer
	logger   *slog.Logger
}

// ServeHTTP answers 200 when the deployment is well enough for who asks.
func (v *verdict) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, err := parseQuestion(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	snapshots, waiting := v.inquirer.ask(w, r)
	if !waiting {
		return
	}
	report := health.Assess(snapshots)
	if q.narrow {
		narrowed, known := report.Narrowed(q.master)
		if !known {
			http.Error(w, fmt.Sprintf("no Sentinel that answered monitors a master named %q", q.master), http.StatusNotFound)
			return
		}
		report = narrowed
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(q.code(report.Status))
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(report); err != nil {
		v.logger.Debug("The answer to /health did not arrive", "err", err)
	}
}

// A question is the query of /health.
type question struct {
	master   string
	narrow   bool // to that master; it may have the empty name
	warnings bool // fail on them
}

// parseQuestion refuses what it does not know: a load balancer that is not asking
// what it seems to ask is better told at once.
func parseQuestion(query string) (question, error) {
	var q question
	values, err := url.ParseQuery(query)
	if err != nil {
		return q, fmt.Errorf("the query %q cannot be read: %w", query, err)
	}
	for name, given := range values {
		if !slices.Contains([]string{"master", "fail_on"}, name) {
			return q, fmt.Errorf("unknown parameter %q: there are master and fail_on", name)
		}
		if len(given) > 1 {
			return q, fmt.Errorf("parameter %s is given %d times", name, len(given))
		}
	}
	if q.narrow = values.Has("master"); q.narrow {
		q.master = values.Get("master")
	}
	switch fail := values.Get("fail_on"); {
	case !values.Has("fail_on"), fail == health.Critical.String():
	case fail == health.Warning.String():
		q.warnings = true
	default:
		return q, fmt.Errorf("fail_on is %q: it can be warning or critical", strings.ToValidUTF8(fail, "?"))
	}
	return q, nil
}

func (q question) code(status health.Status) int {
	switch {
	case status == health.OK, status == health.Warning && !q.warnings:
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}
