package web

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// healthHandler is the handler of /health: the report as JSON, with a status for load balancers.
type healthHandler struct{ querier querier }

// ServeHTTP answers 200 if the status of the deployment is one that the caller tolerates.
func (h *healthHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query, err := parseQuery(r.URL.RawQuery, nil, "master", "fail_on", deploymentParameter)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	worst, err := tolerated(query)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	began := time.Now()
	snapshots, waiting := h.querier.ask(w, r)
	if !waiting {
		return
	}
	report, err := h.querier.assess(r, began, snapshots)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	report, err = narrow(report, query)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	status := http.StatusServiceUnavailable
	if report.Status == health.OK || report.Status == worst {
		status = http.StatusOK
	}
	writeJSON(w, status, report)
}

// tolerated returns the worst status that is answered with 200.
func tolerated(query url.Values) (health.Status, error) {
	switch fail := query.Get("fail_on"); {
	case !query.Has("fail_on"), fail == health.Critical.String():
		return health.Warning, nil
	case fail == health.Warning.String():
		return health.OK, nil
	default:
		return 0, fmt.Errorf("fail_on must be warning or critical, not %q", sentinel.ValidUTF8(fail))
	}
}

// narrow returns the report on the master that the query names, or the whole report if it
// names none. The name of a master can be empty.
func narrow(report health.Report, query url.Values) (health.Report, error) {
	if !query.Has("master") {
		return report, nil
	}
	name := query.Get("master")
	narrowed, known := report.Narrowed(name)
	if !known {
		return report, fmt.Errorf("no Sentinel that answered monitors a master named %q", name)
	}
	return narrowed, nil
}
