// Package web serves what the exporter knows over HTTP.
package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

const (
	name   = "redis_sentinel_exporter"
	sdPath = "/sd"
)

// A snapshotter asks the Sentinels of one deployment: one Snapshot for each of
// them, whatever its state. *deployment.Deployment is one.
type snapshotter interface {
	Snapshots(ctx context.Context) []*sentinel.Snapshot
}

var _ snapshotter = (*deployment.Deployment)(nil)

// Options are the settings of the endpoints.
type Options struct {
	// TelemetryPath is where the metrics are.
	TelemetryPath string
	// MaxRequests bounds the requests that ask the Sentinels at one time; 0 is no
	// bound.
	MaxRequests int
	// Timeout is how long a request may take that brings no deadline of its own, as
	// a scrape can.
	Timeout time.Duration
	// TimeoutOffset is taken off the deadline that a scrape brings, to leave
	// time for the answer to arrive.
	TimeoutOffset time.Duration
	// DisableExporterMetrics leaves out go_*, process_* and promhttp_*.
	DisableExporterMetrics bool
	// OnlyProbes says that there is no deployment but those that are probed.
	OnlyProbes bool
	// HostMap says which machine, or zone, a host is.
	HostMap canstop.HostMap
	// EnableLifecycle lets POST /-/reload read the Prober's file again.
	EnableLifecycle bool
}

// Sources are what the endpoints answer from.
type Sources struct {
	// Deployment is not asked with Options.OnlyProbes.
	Deployment snapshotter
	// Collector makes the metrics of the Deployment.
	Collector *collector.Collector
	// Events are those that /status shows; nil where nobody listens to them.
	Events *collector.Events
	// Prober serves /probe; nil leaves that out.
	Prober *Prober
	// AdminRequests are the calls to the admin listener; nil when there is none.
	AdminRequests *AdminRequests
}

// NewHandler returns the handler of all endpoints.
func NewHandler(opts Options, sources Sources, logger *slog.Logger) (http.Handler, error) {
	if err := opts.Check(); err != nil {
		return nil, err
	}
	if opts.OnlyProbes {
		sources.Deployment, sources.Collector = deployment.New(), &collector.Collector{} // no Sentinel, no metric
	}
	landing, err := landingPage(opts)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", landing)
	mux.Handle("GET /-/healthy", textHandler(http.StatusOK, name+" is healthy.\n"))
	mux.Handle("GET /-/ready", textHandler(http.StatusOK, name+" is ready.\n"))
	q := querier{sources.Deployment, opts.Timeout, newFailureLog(logger)}
	limited := newLimit(opts.MaxRequests)
	metrics, err := newMetrics(q, opts, sources, limited, logger)
	if err != nil {
		return nil, err
	}
	mux.Handle("GET "+opts.TelemetryPath, metrics)
	status, err := newStatusPage(q, sources.Events, opts.HostMap, logger)
	if err != nil {
		return nil, err
	}
	for path, page := range map[string]http.Handler{
		sdPath:      &sd{q},
		canStopPath: &canStop{q, opts.HostMap},
		"/health":   &verdict{q},
		"/status":   status,
	} {
		if opts.OnlyProbes {
			page = textHandler(http.StatusNotFound, noDeployment+"\n")
		}
		mux.Handle("GET "+path, limited.on(page))
	}
	mux.Handle("GET /status.css", style())
	if sources.Prober != nil {
		probes, err := newProbes(sources.Prober, opts, logger)
		if err != nil {
			return nil, err
		}
		mux.Handle("GET "+probePath, probes)
	}
	if sources.Prober != nil && opts.EnableLifecycle {
		mux.Handle("POST "+reloadPath, reload(sources.Prober))
	}
	return withWriteDeadline(unsniffed(mux)), nil
}

// ownPaths are those of the endpoints that cannot be moved.
func ownPaths() []string {
	return []string{"/health", "/status", "/status.css", sdPath, canStopPath, probePath}
}

// Check refuses a telemetry path that no request could reach, and one that another
// endpoint has.
func (o *Options) Check() error {
	switch p := o.TelemetryPath; {
	case !strings.HasPrefix(p, "/"):
		return fmt.Errorf("telemetry path %q does not start with /", p)
	case p == "/":
		return errors.New("telemetry path / is taken by the landing page")
	case slices.Contains(ownPaths(), p):
		return fmt.Errorf("telemetry path %s is another endpoint", p)
	case strings.HasPrefix(p, "/-/"):
		return fmt.Errorf("telemetry path %q: paths under /-/ are the exporter's own", p)
	case path.Clean(p) != p:
		return fmt.Errorf("telemetry path %q is not clean: write %q", p, path.Clean(p))
	case strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || strings.ContainsRune(`{}?#%\`, r) || r > '~' }):
		return fmt.Errorf("telemetry path %q may hold only plain characters", p)
	}
	return nil
}

// noDeployment is what the pages about one say where there is none.
const noDeployment = "This exporter has no deployment of its own: --sentinel.address is not given. " +
	"Ask for any deployment with " + probePath + "?target=HOST:PORT&module=NAME"

// textHandler answers with a text. Whether this process is well does not depend on
// any Sentinel: a restart would not mend one.
func textHandler(status int, text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	})
}
