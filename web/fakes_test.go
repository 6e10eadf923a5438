package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// deploymentFunc stands in for a deployment.
type deploymentFunc func(context.Context) []*sentinel.Snapshot

func (f deploymentFunc) Snapshots(ctx context.Context) []*sentinel.Snapshot { return f(ctx) }

// always is a deployment that says the same each time.
func always(snapshots ...*sentinel.Snapshot) deploymentFunc {
	return func(context.Context) []*sentinel.Snapshot { return snapshots }
}

// well is the snapshot of a Sentinel that has answered, and monitors nothing.
func well(address string) *sentinel.Snapshot {
	return &sentinel.Snapshot{Sentinel: address, Started: time.Now()}
}

// dead is the snapshot of a Sentinel that has not.
func dead(address string, reason sentinel.Reason) *sentinel.Snapshot {
	s := failing(address, reason, sentinel.Commands()...)
	s.Err = s.Failures[0].Err
	return s
}

// failing is the snapshot of a Sentinel that has answered all but some commands.
func failing(address string, reason sentinel.Reason, commands ...sentinel.Command) *sentinel.Snapshot {
	s := well(address)
	for _, c := range commands {
		err := &sentinel.Error{Sentinel: address, Command: c.String(), Reason: reason, Err: errors.New("it " + reason.String())}
		s.Failures = append(s.Failures, sentinel.Failure{Command: c, Err: err})
	}
	return s
}

func defaults() Options {
	return Options{
		TelemetryPath: "/metrics",
		MaxRequests:   40,
		Timeout:       5 * time.Second,
		TimeoutOffset: 500 * time.Millisecond,
	}
}

// handler returns the handler under test, with a log that is thrown away.
func handler(t *testing.T, d fleet.Snapshotter, opts Options) http.Handler {
	t.Helper()
	return loggingHandler(t, d, opts, slog.New(slog.DiscardHandler))
}

func loggingHandler(t *testing.T, d fleet.Snapshotter, opts Options, logger *slog.Logger) http.Handler {
	t.Helper()
	return handlerOf(t, Sources{Deployment: d}, opts, logger)
}

// handlerOf adds the collector to the sources.
func handlerOf(t *testing.T, sources Sources, opts Options, logger *slog.Logger) http.Handler {
	t.Helper()
	sources.Collector = collector.New(collector.Options{Replicas: true, Peers: true})
	h, err := NewHandler(opts, sources, logger)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// ask sends one request with the headers given as key, value, ...
func ask(h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// newLog returns a logger whose lines have no time.
func newLog() (*slog.Logger, *sentineltest.LockedBuffer) {
	buf := &sentineltest.LockedBuffer{}
	return slog.New(slog.NewTextHandler(buf, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})), buf
}
