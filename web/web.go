// Package web has the HTTP endpoints of the exporter and the admin listener.
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

// A snapshotter asks the Sentinels of one deployment. It returns one Snapshot for each
// Sentinel, whether it answers or not. Tests replace *deployment.Deployment.
type snapshotter interface {
	Snapshots(ctx context.Context) []*sentinel.Snapshot
}

var _ snapshotter = (*deployment.Deployment)(nil)

// Options are the settings of the endpoints.
type Options struct {
	// TelemetryPath is the path of the metrics.
	TelemetryPath string
	// MaxRequests limits how many requests ask the Sentinels at the same time; 0 means no
	// limit.
	MaxRequests int
	// Timeout is how long the Sentinels may take if the request has no timeout of its own.
	Timeout time.Duration
	// TimeoutOffset is subtracted from the timeout of a scrape, to leave time for the
	// answer to arrive.
	TimeoutOffset time.Duration
	// DisableExporterMetrics leaves out go_*, process_* and promhttp_*.
	DisableExporterMetrics bool
	// OnlyProbes means that there is no deployment of the exporter's own, only those that
	// are probed.
	OnlyProbes bool
	// HostMap says which machine, or zone, a host is.
	HostMap canstop.HostMap
	// EnableLifecycle enables POST /-/reload, which reads the Prober's file again.
	EnableLifecycle bool
}

// Sources are what the endpoints answer from.
type Sources struct {
	// Deployment is unused with Options.OnlyProbes.
	Deployment snapshotter
	// Collector makes the metrics of the Deployment.
	Collector *collector.Collector
	// Events are shown on /status; nil if the event streams are not followed.
	Events *collector.Events
	// Prober serves /probe; nil means that there is no /probe.
	Prober *Prober
	// AdminRequests counts the calls to the admin listener; nil if there is none.
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
		"/health":   &healthHandler{q, opts.HostMap},
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

// ownPaths returns the paths of the endpoints that cannot be moved.
func ownPaths() []string {
	return []string{"/health", "/status", "/status.css", sdPath, canStopPath, probePath}
}

// Check returns an error if no request could reach the telemetry path, or another endpoint
// has it.
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

// noDeployment is the text of the pages about a deployment if there is none.
const noDeployment = "This exporter has no deployment of its own: --sentinel.address is not given. " +
	"Ask for any deployment with " + probePath + "?target=HOST:PORT&module=NAME"

// textHandler answers with a fixed text. The liveness endpoints use it, because they must not
// depend on a Sentinel: restarting the exporter would not repair one.
func textHandler(status int, text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	})
}
