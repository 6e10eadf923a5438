package web

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/probe"
	"redis_sentinel_exporter/sentinel"
)

const probePath = "/probe"

// probes answers with the metrics of the deployment that the request names.
type probes struct {
	prober   *Prober
	timeouts timeouts
	logger   *slog.Logger
}

// newProbes returns the handler of /probe. It does not share its limit with the
// other endpoints: while one probe in ten waits for a deployment that is gone, the
// others go on.
func newProbes(p *Prober, opts Options, logger *slog.Logger) (http.Handler, error) {
	h := &probes{prober: p, timeouts: timeouts{absent: opts.Timeout, offset: opts.TimeoutOffset}, logger: logger}
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

// write answers with what the snapshots of one deployment say.
func (h *probes) write(w http.ResponseWriter, r *http.Request, c *collector.Collector, snapshots []*sentinel.Snapshot) {
	report := health.Assess(snapshots)
	page := collector.Page{Snapshots: snapshots, Report: &report, Names: r.URL.Query()["name[]"]}
	writePage(w, r, c, page, h.logger)
}

// forbidden returns why no Sentinel was connected to, where it is that their names
// lead to addresses which are not allowed. If only some do, the others are of use.
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

// question reads the query. The status goes with the error.
func (h *probes) question(r *http.Request) (q probeQuestion, status int, err error) {
	values, err := parseQuery(r.URL.RawQuery, []string{"target", "name[]"}, "module") // a misspelt module would be one without credentials
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
