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

// Options say how to serve.
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
	// Events are those that /status shows; nil where nobody listens to them.
	Events *collector.Events
	// AdminRequests are the calls to the admin listener; nil when there is none.
	AdminRequests *AdminRequests
	// Prober serves /probe; nil leaves that out.
	Prober *Prober
	// OnlyProbes says that there is no deployment but those that are probed.
	OnlyProbes bool
	// EnableLifecycle lets POST /-/reload read the Prober's file again.
	EnableLifecycle bool
}

// NewHandler returns the handler of all endpoints.
func NewHandler(asked snapshotter, c *collector.Collector, opts Options, logger *slog.Logger) (http.Handler, error) {
	if err := opts.Check(); err != nil {
		return nil, err
	}
	if opts.OnlyProbes {
		asked, c = deployment.New(), &collector.Collector{} // no Sentinel, no metric
	}
	landing, err := landingPage(opts)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", landing)
	mux.Handle("GET /-/healthy", says(http.StatusOK, name+" is healthy.\n"))
	mux.Handle("GET /-/ready", says(http.StatusOK, name+" is ready.\n"))
	asker := inquirer{asked, opts.Timeout, newFailureLog(logger)}
	limited := newLimit(opts.MaxRequests)
	metrics, err := newMetrics(asker, c, opts, limited, logger)
	if err != nil {
		return nil, err
	}
	mux.Handle("GET "+opts.TelemetryPath, metrics)
	status, err := newStatusPage(asker, opts.Events, logger)
	if err != nil {
		return nil, err
	}
	for path, page := range map[string]http.Handler{
		sdPath:    &sd{asker},
		"/health": &verdict{asker},
		"/status": status,
	} {
		if opts.OnlyProbes {
			page = says(http.StatusNotFound, noDeployment+"\n")
		}
		mux.Handle("GET "+path, limited.on(page))
	}
	mux.Handle("GET /status.css", style())
	if opts.Prober != nil {
		probes, err := newProbes(opts.Prober, opts, logger)
		if err != nil {
			return nil, err
		}
		mux.Handle("GET "+probePath, probes)
	}
	if opts.Prober != nil && opts.EnableLifecycle {
		mux.Handle("POST "+reloadPath, reload(opts.Prober))
	}
	return patient(unsniffed(mux)), nil
}

// ownPaths are those of the endpoints that cannot be moved.
func ownPaths() []string { return []string{"/health", "/status", "/status.css", sdPath, probePath} }

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

// says answers with a text. Whether this process is well does not depend on any
// Sentinel: a restart would not mend one.
func says(status int, text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	})
}
