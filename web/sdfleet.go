package web

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// all answers with the nodes of all deployments. Those of the named ones are as their last
// snapshots had them: one deployment that is down would otherwise keep all others from being
// discovered.
func (h *sd) all(w http.ResponseWriter, r *http.Request, query sdQuery) {
	all := []targetGroup{}
	found := false
	if h.found.unnamed != nil {
		one := &sdOfOne{query, querier{h.found.unnamed, h.found.timeout}}
		targets, status, err := one.targets(w, r)
		switch {
		case err != nil && status != http.StatusNotFound:
			http.Error(w, err.Error(), status)
			return
		case err == nil && targets == nil:
			return
		}
		found = err == nil
		all = append(all, targets...)
	}
	waiting := 0
	for _, d := range h.found.fleet.Targets() {
		if !d.Asked {
			waiting++
		}
		if targets, _, err := query.targets(d.Name, d.Groups); err == nil {
			found = true
			all = append(all, targets...)
		}
	}
	switch {
	case waiting > 0:
		text := fmt.Sprintf("%d deployments have not been asked yet: an answer without them would drop their targets", waiting)
		http.Error(w, text, http.StatusServiceUnavailable)
	case !found:
		http.Error(w, fmt.Sprintf("no deployment has a master %q", query.master), http.StatusNotFound)
	default:
		writeJSON(w, http.StatusOK, all)
	}
}

// A scrapeTarget is a deployment in Prometheus's form.
type scrapeTarget struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// deployments answers with one target for each named deployment, which is this exporter with
// the path and the parameter of the deployment.
func (h *sd) deployments(w http.ResponseWriter, r *http.Request) {
	address, scheme, prefix := r.Host, "http", ""
	switch {
	case h.external != nil:
		address, scheme, prefix = h.external.Host, h.external.Scheme, strings.TrimSuffix(h.external.Path, "/")
	case r.TLS != nil:
		scheme = "https"
	}
	targets := []scrapeTarget{}
	if h.found.fleet != nil {
		for _, d := range h.found.fleet.Targets() {
			labels := map[string]string{}
			maps.Copy(labels, d.Labels)
			labels["__scheme__"], labels["__metrics_path__"], labels["__param_"+deploymentParameter] = scheme, prefix+probePath, d.Name
			labels["deployment"], labels["instance"] = d.Name, d.Name
			targets = append(targets, scrapeTarget{[]string{address}, labels})
		}
	}
	writeJSON(w, http.StatusOK, targets)
}
