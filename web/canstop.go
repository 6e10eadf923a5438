package web

import (
	"net/http"

	"redis_sentinel_exporter/canstop"
)

const canStopPath = "/can-stop"

// canStop says as JSON whether hosts may stop.
type canStop struct{ querier querier }

// ServeHTTP answers 200 whatever the verdict is, and 503 when there is none as no Sentinel
// has answered.
func (h *canStop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query, err := parseQuery(r.URL.RawQuery, []string{"host"}, deploymentParameter)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	snapshots, waiting := h.querier.ask(w, r)
	if !waiting {
		return
	}
	layout := canstop.NewLayout(snapshots, h.querier.deployment.HostMap)
	var answer any
	if hosts := query["host"]; len(hosts) > 0 {
		answer, err = layout.Ask(hosts...)
	} else {
		answer, err = layout.Overview()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}
