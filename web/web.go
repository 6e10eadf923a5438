// Package web has the HTTP endpoints of the exporter and the admin listener.
package web

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/preflight"
)

const (
	name   = "redis_sentinel_exporter"
	sdPath = "/sd"
	// fleetPath has the list of the named deployments.
	fleetPath = "/fleet"
)

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
	// Named means that there are named deployments, or may be after a reload.
	Named bool
	// HostMap says which machine, or zone, a host is.
	HostMap canstop.HostMap
	// ExternalURL is where Prometheus reaches the exporter, for /sd?role=deployment; nil for the
	// address that a request comes to.
	ExternalURL *url.URL
	// EnableLifecycle enables POST /-/reload, which reads the Prober's file again.
	EnableLifecycle bool
}

// Sources are what the endpoints answer from.
type Sources struct {
	// Deployment is the one without a name; unused with Options.OnlyProbes.
	Deployment fleet.Snapshotter
	// Collector makes the metrics of the Deployment.
	Collector *collector.Collector
	// Events are shown on /status; nil if the event streams are not followed.
	Events *collector.Events
	// Preflight is how /status looks at the data nodes.
	Preflight preflight.Options
	// Fleet is the named deployments; nil if there are none.
	Fleet *fleet.Fleet
	// Prober serves /probe; nil means that there is no /probe.
	Prober *Prober
	// Roles answers load balancers; nil with Options.OnlyProbes.
	Roles fleet.RoleJudge
	// History is the file of the records of failovers; nil if there is none.
	History *history.File
	// AdminRequests counts the calls to the admin listener; nil if there is none.
	AdminRequests *AdminRequests
	// FailedLogins counts those of all listeners; nil leaves the metric out.
	FailedLogins *FailedLogins
}

// NewHandler returns the handler of all endpoints.
func NewHandler(opts Options, sources Sources, logger *slog.Logger) (http.Handler, error) {
	if err := opts.Check(); err != nil {
		return nil, err
	}
	if opts.OnlyProbes {
		sources.Deployment, sources.Collector = deployment.New(), collector.NewEmpty() // no Sentinel, no metric
	}
	landing, err := landingPage(opts)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", landing)
	mux.Handle("GET /-/healthy", textHandler(http.StatusOK, name+" is healthy.\n"))
	mux.Handle("GET /-/ready", textHandler(http.StatusOK, name+" is ready.\n"))
	unnamed := fleet.NewDeployment(fleet.Parts{
		Sentinels: sources.Deployment, Collector: sources.Collector, Events: sources.Events, HostMap: opts.HostMap, Preflight: sources.Preflight,
		Roles: sources.Roles, Logger: logger,
	})
	found := &deployments{fleet: sources.Fleet, timeout: opts.Timeout}
	if !opts.OnlyProbes {
		found.unnamed = unnamed
	}
	limited := newLimit(opts.MaxRequests)
	roles := newRoleMetrics(sources.Roles, sources.Fleet)
	metrics, err := newMetrics(querier{unnamed, opts.Timeout}, opts, sources, roles, limited, logger)
	if err != nil {
		return nil, err
	}
	mux.Handle("GET "+opts.TelemetryPath, metrics)
	status, err := newStatusPage(logger)
	if err != nil {
		return nil, err
	}
	failovers, err := newHistoryPage(logger)
	if err != nil {
		return nil, err
	}
	for path, page := range map[string]func(querier) http.Handler{
		historyPath: failovers.of,
		canStopPath: func(q querier) http.Handler { return &canStop{q} },
		"/health":   func(q querier) http.Handler { return &healthHandler{q} },
		"/status":   status.of,
	} {
		mux.Handle("GET "+path, limited.on(found.page(page)))
	}
	mux.Handle("GET "+sdPath, limited.on(&sd{found, opts.ExternalURL}))
	list, err := newFleetPage(sources.Fleet, logger)
	if err != nil {
		return nil, err
	}
	mux.Handle("GET "+fleetPath, list)
	mux.Handle("GET /status.css", style())
	mux.Handle("GET "+rolePath, textHandler(http.StatusOK, roleHelp))
	for path, page := range rolePages(roles.checks) {
		mux.Handle("GET "+path, found.page(page))
		mux.Handle("OPTIONS "+path, withoutBody(found.page(page)))
	}
	switch {
	case sources.Prober == nil:
	case !sources.Prober.file.Exists():
		mux.Handle("GET "+probePath, textHandler(http.StatusNotFound, noProbes+"\n"))
	default:
		probes, err := newProbes(sources.Prober, found, opts, logger)
		if err != nil {
			return nil, err
		}
		mux.Handle("GET "+probePath, probes)
	}
	if sources.Prober != nil && opts.EnableLifecycle {
		mux.Handle("POST "+reloadPath, reload(&sources))
	}
	return withWriteDeadline(unsniffed(mux)), nil
}

// ownPaths returns the paths of the endpoints that cannot be moved.
func ownPaths() []string {
	return []string{
		"/health", "/status", "/status.css", historyPath, sdPath, canStopPath, fleetPath, probePath,
		rolePath, rolePath + "/" + roleMaster, rolePath + "/" + roleReplica, rolePath + "/" + roleSentinel,
	}
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

// noProbes is the text of /probe without a configuration file.
const noProbes = "Probes are off: whoever asks would choose what the exporter connects to. " +
	"Give it a --config.file, with allowed_targets; an empty file allows every target."

// textHandler answers with a fixed text. The liveness endpoints use it, because they must not
// depend on a Sentinel: restarting the exporter would not repair one.
func textHandler(status int, text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	})
}
