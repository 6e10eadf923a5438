package web

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/probe"
	"redis_sentinel_exporter/sentinel"
)

const probePath = "/probe"

// probes is the handler of /probe. It answers with the metrics of the deployment that the
// request names.
type probes struct {
	prober   *Prober
	timeouts timeouts
	hosts    canstop.HostMap
	logger   *slog.Logger
}

// newProbes returns the handler of /probe. It has a limit of its own, so that probes that
// wait for dead deployments do not block the other endpoints.
func newProbes(p *Prober, opts Options, logger *slog.Logger) (http.Handler, error) {
	h := &probes{prober: p, timeouts: timeouts{absent: opts.Timeout, offset: opts.TimeoutOffset}, hosts: opts.HostMap, logger: logger}
	return compress(newLimit(p.opts.MaxConnections).on(h))
}

// ServeHTTP answers one probe with what the Sentinels say until its deadline.
func (h *probes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, status, err := h.question(r)
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
	snapshots, waiting := querier{d.deployment, q.timeout, d.failures}.ask(w, r)
	if !waiting {
		return
	}
	if err := forbidden(snapshots); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	h.write(w, r, d.collector, snapshots)
}

// write answers with the metrics of one deployment.
func (h *probes) write(w http.ResponseWriter, r *http.Request, c *collector.Collector, snapshots []*sentinel.Snapshot) {
	report := health.Assess(snapshots, h.hosts)
	page := collector.Page{Snapshots: snapshots, Report: &report, Names: r.URL.Query()["name[]"]}
	writePage(w, r, c, page, h.logger)
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

// A probeQuestion is the query of /probe.
type probeQuestion struct {
	module  *probe.Module
	name    string // of the module
	targets []string
	timeout time.Duration
}

// question reads the query. status is the HTTP status for the error.
func (h *probes) question(r *http.Request) (q probeQuestion, status int, err error) {
	values, err := parseQuery(r.URL.RawQuery, []string{"target", "name[]"}, "module") // ignoring a misspelt "module" would probe without credentials
	if err != nil {
		return q, http.StatusBadRequest, err
	}
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
	if q.timeout, err = h.timeouts.of(r.Header); err != nil {
		return q, http.StatusBadRequest, err
	}
	if most := time.Duration(q.module.Timeout); most > 0 {
		q.timeout = min(q.timeout, most)
	}
	return q, http.StatusOK, nil
}
