package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
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
// once, when all listeners are open.
func Serve(ctx context.Context, handler http.Handler, flags *toolkit.FlagConfig, failed *FailedLogins, logger *slog.Logger, started func()) error {
	open := func() {
		logger.Info("Started "+name, "version", version.Info())
		started()
	}
	return serve(ctx, open, handler, flags, &door{listener: "web", failed: failed, logger: logger}, logger)
}

// ServeAdmin does the same for the admin listener.
func ServeAdmin(ctx context.Context, handler http.Handler, flags *toolkit.FlagConfig, failed *FailedLogins, logger *slog.Logger, started func()) error {
	open := func() {
		logger.Info("The admin listener is open")
		started()
	}
	return serve(ctx, open, handler, flags, &door{listener: "admin", failed: failed, logger: logger}, logger)
}

// serve serves on each listener with a server of its own: the toolkit puts its handler before
// that of the server, and the door has to stand before both. open is called when all are open.
func serve(ctx context.Context, open func(), handler http.Handler, flags *toolkit.FlagConfig, d *door, logger *slog.Logger) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	d.file, d.tries = *flags.WebConfigFile, newPasswordTries()
	listeners, err := eachListener(flags, logger)
	if err != nil {
		return err
	}
	var left atomic.Int64
	left.Store(int64(len(listeners)))
	errs := make([]error, len(listeners))
	var wg sync.WaitGroup
	for i, listen := range listeners {
		wg.Go(func() {
			opened := func() {
				if left.Add(-1) == 0 {
					open()
				}
			}
			if errs[i] = serveListener(ctx, opened, handler, listen, *d, logger); errs[i] != nil {
				cancel(errs[i])
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// eachListener returns a function for each address of the flags, or for each socket that systemd
// has opened. It serves with a server until that is shut down.
func eachListener(flags *toolkit.FlagConfig, logger *slog.Logger) ([]func(*http.Server) error, error) {
	var each []func(*http.Server) error
	if *flags.WebSystemdSocket {
		sockets, err := activation.Listeners()
		if err != nil {
			return nil, err
		}
		for _, socket := range sockets {
			if socket != nil { // nil for one that is no stream
				each = append(each, func(server *http.Server) error { return toolkit.Serve(socket, server, flags, logger) })
			}
		}
		if len(each) == 0 {
			return nil, errors.New("--web.systemd-socket: systemd has passed no socket that listens")
		}
		return each, nil
	}
	for _, address := range *flags.WebListenAddresses {
		one := &toolkit.FlagConfig{
			WebListenAddresses: &[]string{address}, WebSystemdSocket: flags.WebSystemdSocket, WebConfigFile: flags.WebConfigFile,
		}
		each = append(each, func(server *http.Server) error { return toolkit.ListenAndServe(server, one, logger) })
	}
	if len(each) == 0 {
		return nil, toolkit.ErrNoListeners
	}
	return each, nil
}

// serveListener serves with listen, behind the door if there is a web configuration.
func serveListener(ctx context.Context, opened func(), handler http.Handler, listen func(*http.Server) error, d door, logger *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(serverLog{logger.With("listener", d.listener).Handler(), d.file}, slog.LevelWarn),
	}
	server.BaseContext = onOpen(func() {
		if d.file != "" {
			d.next, server.Handler = server.Handler, &d
		}
		opened()
	})
	served := make(chan error, 1)
	go func() { served <- listen(server) }()
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

// A serverLog writes what http.Server logs. At a handshake the toolkit reads the web configuration file again,
// and what is wrong with it has what stands in it.
type serverLog struct {
	slog.Handler
	file string // the web configuration; empty for none
}

// Handle implements slog.Handler.
func (l serverLog) Handle(ctx context.Context, r slog.Record) error {
	if l.file != "" {
		r.Message = withoutValues(r.Message)
		if config, err := readWebConfig(l.file); err == nil {
			r.Message = withoutNames(r.Message, &config.TLSConfig)
		}
	}
	return l.Handler.Handle(ctx, r)
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
// listener is open, before a connection is accepted, and when the toolkit has put its handler
// before ours. Background work starts only then: if the program cannot serve, its log lines
// would hide the error.
func onOpen(open func()) func(net.Listener) context.Context {
	once := sync.OnceFunc(open)
	return func(net.Listener) context.Context {
		once()
		return context.Background()
	}
}
