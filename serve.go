package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/prometheus/common/promslog"
	toolkit "github.com/prometheus/exporter-toolkit/web"

	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/sentinel"
	"redis_sentinel_exporter/web"
)

// serve answers scrapes until ctx ends. Whatever is wrong with the flags is said
// before anything listens.
func serve(ctx context.Context, f *flags, logs io.Writer) error {
	if err := f.check(); err != nil {
		return err
	}
	if err := toolkit.Validate(*f.listen.WebConfigFile); err != nil {
		return fmt.Errorf("--web.config.file: %w", err)
	}
	f.log.Writer = logs
	logger := promslog.New(&f.log)
	sentinel.QuietLibrary()
	deployment, err := f.deployment()
	if err != nil {
		return err
	}
	defer deployment.Close()
	metrics, background := collector.New(f.collector), func(context.Context) {}
	if f.collector.Events {
		events := collector.NewEvents(logger)
		metrics = metrics.WithEvents(events)
		background = func(ctx context.Context) { deployment.Events(ctx, sentinel.EventOptions{}, events.Handle) }
	}
	handler, err := web.NewHandler(deployment, metrics, f.web, logger)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	return web.Serve(ctx, handler, f.listen, logger, func() { wg.Go(func() { background(ctx) }) })
}

// deployment returns the Sentinels to ask.
func (f *flags) deployment() (*sentinel.Deployment, error) {
	addresses, err := parseAddresses(f.sentinel.addresses)
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
	clients := make([]*sentinel.Client, len(addresses))
	for i, address := range addresses {
		clients[i] = sentinel.NewClient(sentinel.Options{
			Address:   address,
			Username:  f.sentinel.username,
			Password:  password,
			TLS:       tlsConfig,
			InfoCache: f.collector.InfoCache,
		})
	}
	return sentinel.NewDeployment(clients...), nil
}
