package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"
)

// Limits on what a client can make the server hold.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 15 * time.Second // includes the body, which is read before an answer begins
	idleTimeout       = 5 * time.Minute  // longer than a usual scrape interval
	maxHeaderBytes    = 32 << 10
	shutdownTimeout   = 4 * time.Second // the whole program stops within 5 s
)

// Serve serves handler on the listeners of the flags until ctx ends. Then requests in flight
// have a few seconds to finish. It returns an error if it cannot serve. It calls started
// once, when the first listener is open.
func Serve(ctx context.Context, handler http.Handler, flags *toolkit.FlagConfig, logger *slog.Logger, started func()) error {
	open := func() {
		logger.Info("Started "+name, "version", version.Info())
		started()
	}
	return serve(ctx, open, handler, flags, logger)
}

// ServeAdmin does the same for the admin listener.
func ServeAdmin(ctx context.Context, handler http.Handler, flags *toolkit.FlagConfig, logger *slog.Logger) error {
	open := func() { logger.Info("The admin listener is open") }
	return serve(ctx, open, handler, flags, logger)
}

func serve(ctx context.Context, open func(), handler http.Handler, flags *toolkit.FlagConfig, logger *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		BaseContext:       onOpen(open),
	}
	served := make(chan error, 1)
	go func() { served <- toolkit.ListenAndServe(server, flags, logger) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	logger.Info("Stopping", "cause", context.Cause(ctx))
	shutDown(server, shutdownTimeout, logger)
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// shutDown waits for the requests in flight until the timeout, then cuts them off.
func shutDown(server *http.Server, timeout time.Duration, logger *slog.Logger) {
	// The context that has just ended must not end this as well.
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		logger.Warn("Requests in flight are cut off", "err", errors.Join(err, server.Close()))
	}
}

// onOpen returns a BaseContext function for http.Server that calls open when the first
// listener is open. Background work starts only then: if the program cannot serve, its log
// lines would hide the error.
func onOpen(open func()) func(net.Listener) context.Context {
	once := sync.OnceFunc(open)
	return func(net.Listener) context.Context {
		once()
		return context.Background()
	}
}
