package web

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/probe"
	"redis_sentinel_exporter/sentinel"
)

const probePath = "/probe"

// probes is the handler of /probe. It answers with the metrics of the deployment that the
// request names.
type probes struct {
	prober   *Prober
	found    *deployments
	timeouts timeouts
	logger   *slog.Logger
}

// newProbes returns the handler of /probe. It has a limit of its own, so that probes that
// wait for dead deployments do not block the other endpoints.
func newProbes(p *Prober, found *deployments, opts Options, logger *slog.Logger) (http.Handler, error) {
	h := &probes{prober: p, found: found, timeouts: timeouts{absent: opts.Timeout, offset: opts.TimeoutOffset}, logger: logger}
	return compress(newLimit(p.opts.MaxConnections).on(h))
}

// ServeHTTP answers one probe with what the Sentinels say until its deadline.
func (h *probes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	values, err := parseQuery(r.URL.RawQuery, []string{"target", "name[]"}, "module", deploymentParameter) // ignoring a misspelt "module" would probe without credentials
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	timeout, err := h.timeouts.of(r.Header)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if values.Has(deploymentParameter) {
		h.named(w, r, values, timeout)
		return
	}
	q, status, err := h.question(values)
	if err != nil {
		http.Error(w, err.Error(), status)
		return
	}
	d, err := h.prober.acquire(q.module, q.name, q.targets)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer h.prober.release(d)
	began, asked := time.Now(), querier{d.Deployment, d.Limit(timeout)}
	snapshots, waiting := asked.ask(w, r)
	if !waiting {
		return
	}
	if err := forbidden(snapshots); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	h.write(w, r, asked, began, snapshots)
}

// write answers with the metrics of one deployment.
func (h *probes) write(w http.ResponseWriter, r *http.Request, asked querier, began time.Time, snapshots []*sentinel.Snapshot) {
	report, err := asked.assess(r, began, snapshots)
	if err != nil {
		h.logger.Error("The metrics of the checks are missing", "err", err)
	}
	page := collector.Page{Snapshots: snapshots, Report: &report, Names: r.URL.Query()["name[]"]}
	writePage(w, r, asked.deployment.Collector, page, h.logger)
}

// forbidden returns an error if the names of all Sentinels resolve to addresses that are not
// allowed. If only some do, the metrics of the others are useful.
func forbidden(snapshots []*sentinel.Snapshot) error {
	for _, s := range snapshots {
		if !errors.Is(s.Err, probe.ErrForbidden) {
			return nil
		}
	}
	return cmp.Or(snapshots[0].Err, probe.ErrForbidden)
}

// named answers with the metrics of a named deployment.
func (h *probes) named(w http.ResponseWriter, r *http.Request, values url.Values, timeout time.Duration) {
	if values.Has("target") || values.Has("module") {
		http.Error(w, "deployment: it has its Sentinels and its module from --config.file, so leave out target and module", http.StatusBadRequest)
		return
	}
	d, release, err := h.found.named(values.Get(deploymentParameter))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	defer release()
	began, asked := time.Now(), querier{d, d.Limit(timeout)}
	if snapshots, waiting := asked.ask(w, r); waiting {
		h.write(w, r, asked, began, snapshots)
	}
}

// A probeQuestion is the query of a probe that brings its targets.
type probeQuestion struct {
	module  *probe.Module
	name    string // of the module
	targets []string
}

// question reads the query. status is the HTTP status for the error.
func (h *probes) question(values url.Values) (q probeQuestion, status int, err error) {
	if q.targets, err = probe.ParseTargets(values["target"]); err != nil {
		return q, http.StatusBadRequest, err
	}
	q.name = values.Get("module")
	if q.module = h.prober.file.Config().Module(q.name); q.module == nil || values.Has("module") && q.name == "" {
		return q, http.StatusBadRequest, fmt.Errorf("module: there is none named %q", q.name)
	}
	if err := q.module.Check(q.targets); err != nil {
		return q, http.StatusForbidden, err
	}
	return q, http.StatusOK, nil
}
