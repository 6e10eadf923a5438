package web

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// answerTimeout is how long a reader may take, after the deadline of its scrape,
// to take the answer. Without it one that does not read would keep its place
// among the requests of --web.max-requests for ever.
const answerTimeout = 30 * time.Second

// metrics asks the Sentinels once for each scrape.
type metrics struct {
	deployment snapshotter
	collector  *collector.Collector
	own        prometheus.Gatherer // the exporter's own metrics
	timeouts   timeouts
	failures   *failureLog
	promhttp   promhttp.HandlerOpts
}

// newMetrics returns the handler of the telemetry path.
func newMetrics(
	deployment snapshotter, c *collector.Collector, opts Options, bound limit, failures *failureLog, logger *slog.Logger,
) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(versioncollector.NewCollector(name))
	if opts.AdminRequests != nil {
		registry.MustRegister(opts.AdminRequests.counter)
	}
	if opts.Prober != nil {
		registry.MustRegister(opts.Prober.metrics()...)
	}
	m := &metrics{
		deployment: deployment,
		collector:  c,
		own:        registry,
		timeouts:   timeouts{absent: opts.Timeout, offset: opts.TimeoutOffset},
		failures:   failures,
		promhttp: promhttp.HandlerOpts{
			ErrorLog:      slog.NewLogLogger(logger.Handler(), slog.LevelError),
			ErrorHandling: promhttp.ContinueOnError,
		},
	}
	limited := bound.on(m)
	if opts.DisableExporterMetrics {
		return limited
	}
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.promhttp.Registry = registry
	return promhttp.InstrumentMetricHandler(registry, limited)
}

// ServeHTTP answers one scrape with what the Sentinels say until its deadline.
func (m *metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	timeout, err := m.timeouts.of(r.Header)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	// Not every writer has deadlines; one that has none needs none.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(timeout + answerTimeout))

	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	snapshots := m.deployment.Snapshots(ctx)
	if r.Context().Err() != nil {
		return // nobody waits for the answer, and what is missing in it is no Sentinel's fault
	}
	m.failures.note(snapshots)
	promhttp.HandlerFor(m.gatherer(snapshots), m.promhttp).ServeHTTP(w, r)
}

// gatherer puts the Sentinels' families and the exporter's own together. Their
// names differ, so that sorting them is all there is to do: a registry would
// check and sort every sample again, at several times the cost of the encoding.
func (m *metrics) gatherer(snapshots []*sentinel.Snapshot) prometheus.Gatherer {
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		own, err := m.own.Gather()
		report := health.Assess(snapshots)
		families := slices.Concat(m.collector.Families(snapshots, &report), own)
		slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
		return families, err
	})
}
