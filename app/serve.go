package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/prometheus/common/promslog"
	toolkit "github.com/prometheus/exporter-toolkit/web"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
	"redis_sentinel_exporter/web"
)

// serve answers scrapes until ctx ends. Whatever is wrong with the flags is said
// before anything listens.
func serve(ctx context.Context, f *flags, logs io.Writer) error {
	if err := f.checkFiles(); err != nil {
		return err
	}
	f.log.Writer = logs
	logger := promslog.New(&f.log)
	deployment, err := f.deployment()
	if err != nil {
		return err
	}
	defer deployment.Close()
	opts := f.web
	opts.Timeout, opts.OnlyProbes = f.sentinel.timeout, f.onlyProbes()
	metrics, background := collector.New(f.collector), func(context.Context) {}
	switch {
	case opts.OnlyProbes:
		background = func(context.Context) { logger.Info("No --sentinel.address is given: only /probe asks Sentinels") }
	case f.collector.Events:
		opts.Events = collector.NewEvents(logger)
		metrics = metrics.WithEvents(opts.Events)
		background = func(ctx context.Context) { deployment.Events(ctx, opts.Events.Handle) }
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	if opts.Prober, err = f.probe.prober(ctx, &wg, logger); err != nil {
		return err
	}
	write, requests := f.admin.listener(ctx, admin.New(deployment, f.sentinel.timeout), logger)
	opts.AdminRequests = requests
	handler, err := web.NewHandler(deployment, metrics, opts, logger)
	if err != nil {
		return err
	}
	read := func(ctx context.Context) error {
		return web.Serve(ctx, handler, f.listen, logger, func() { wg.Go(func() { background(ctx) }) })
	}
	return together(ctx, cancel, read, write)
}

// checkFiles refuses numbers that make no sense, and web configurations.
func (f *flags) checkFiles() error {
	if err := f.check(); err != nil {
		return err
	}
	if err := toolkit.Validate(*f.listen.WebConfigFile); err != nil {
		return fmt.Errorf("--web.config.file: %w", err)
	}
	return f.admin.check()
}

// together runs the servers, of which some may be nil, until ctx ends or one of
// them fails, which cancels it.
func together(ctx context.Context, cancel func(), servers ...func(context.Context) error) error {
	errs := make([]error, len(servers))
	var wg sync.WaitGroup
	for i, run := range servers {
		if run == nil {
			continue
		}
		wg.Go(func() {
			if errs[i] = run(ctx); errs[i] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// deployment returns the Sentinels to ask.
func (f *flags) deployment() (*deployment.Deployment, error) {
	sentinel.QuietLibrary()
	addresses, err := f.addresses()
	if err != nil {
		return nil, err
	}
	password, err := f.sentinel.password()
	if err != nil {
		return nil, err
	}
	tlsConfig, err := f.sentinel.tls.clientConfig()
	if err != nil {
		return nil, err
	}
	options := sentinel.Options{
		Username:  f.sentinel.username,
		Password:  password,
		TLS:       tlsConfig,
		InfoCache: f.collector.InfoCache,
	}
	clients := make([]*sentinel.Client, len(addresses))
	for i, address := range addresses {
		options.Address = address
		clients[i] = sentinel.NewClient(options)
	}
	deployment := deployment.New(clients...)
	if f.sentinel.discover {
		deployment.FollowPeers(options)
	}
	return deployment, nil
}
