package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/expfmt"

	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// metrics is the handler of the telemetry path. It asks the Sentinels once for each scrape.
type metrics struct {
	querier   querier
	collector *collector.Collector
	own       prometheus.Gatherer // the exporter's own metrics
	timeouts  timeouts
	logger    *slog.Logger
}

// newMetrics returns the handler of the telemetry path.
func newMetrics(
	q querier, opts Options, sources Sources, roles *roleMetrics, bound limit, logger *slog.Logger,
) (http.Handler, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(versioncollector.NewCollector(name))
	if sources.AdminRequests != nil {
		registry.MustRegister(sources.AdminRequests.counter)
	}
	if sources.FailedLogins != nil {
		registry.MustRegister(sources.FailedLogins.counter)
	}
	if file := sources.History; file != nil {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: name, Name: "history_records_lost_total", Help: "Records of failovers that could not be written to --history.file.",
		}, func() float64 { return float64(file.Lost()) }))
	}
	if sources.Prober != nil {
		registry.MustRegister(sources.Prober.metrics(sources.Fleet)...)
	}
	if sources.Roles != nil || sources.Fleet != nil {
		registry.MustRegister(roles)
	}
	m := &metrics{
		querier:   q,
		collector: sources.Collector,
		own:       registry,
		timeouts:  timeouts{absent: opts.Timeout, offset: opts.TimeoutOffset},
		logger:    logger,
	}
	compressed, err := compress(bound.on(m))
	if err != nil {
		return nil, err
	}
	if opts.DisableExporterMetrics {
		return compressed, nil
	}
	registry.MustRegister(collectors.NewGoCollector(), newProcessCollector())
	return promhttp.InstrumentMetricHandler(registry, compressed), nil
}

// compress compresses for clients that accept gzip, as Prometheus does. A higher level would
// cost more than the rest of a scrape and save little, since the lines are so similar.
func compress(next http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.CompressionLevel(gzip.BestSpeed), gzhttp.EnableZstd(false))
	if err != nil {
		return nil, fmt.Errorf("compression: %w", err)
	}
	return wrap(next), nil
}

// ServeHTTP answers one scrape with what the Sentinels say until its deadline.
func (m *metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	timeout, err := m.timeouts.of(r.Header)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	began, q := time.Now(), m.querier.within(timeout)
	snapshots, waiting := q.ask(w, r)
	if !waiting {
		return
	}
	report, err := q.assess(r, began, snapshots)
	if err != nil {
		m.logger.Error("The metrics of the checks are missing", "err", err)
	}
	m.write(w, r, snapshots, &report)
}

// write answers with the metrics of the Sentinels and of the exporter itself. The parameter
// name[] limits them, as it does for every exporter.
func (m *metrics) write(w http.ResponseWriter, r *http.Request, snapshots []*sentinel.Snapshot, report *health.Report) {
	own, err := m.own.Gather()
	if err != nil {
		m.logger.Error("Some of the exporter's own metrics are missing", "err", err)
	}
	page := collector.Page{Snapshots: snapshots, Report: report, Also: own, Names: r.URL.Query()["name[]"]}
	writePage(w, r, m.collector, page, m.logger)
}

// writePage answers with a page in the format that was asked for.
func writePage(w http.ResponseWriter, r *http.Request, c *collector.Collector, page collector.Page, logger *slog.Logger) {
	var err error
	out := untilEnd(r.Context(), w)
	w.Header().Add("Vary", "Accept")
	format := expfmt.NegotiateAccept(r.Header, expfmt.FmtText, expfmt.FmtProtoDelim)
	if format.FormatType() == expfmt.TypeTextPlain {
		w.Header().Set("Content-Type", collector.ContentType)
		err = c.WriteText(out, page)
	} else {
		w.Header().Set("Content-Type", string(format))
		err = c.Encode(out, page, format)
	}
	if err != nil { // mostly the client has gone, or does not read
		logger.Debug("The answer to a scrape was cut short", "err", err)
	}
}

// A writerFunc is a function that writes.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// untilEnd returns a writer that fails when the context has ended: nobody reads the rest.
func untilEnd(ctx context.Context, w io.Writer) io.Writer {
	return writerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return w.Write(p)
	})
}
