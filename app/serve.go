package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/prometheus/common/promslog"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/internal/lograte"
	"redis_sentinel_exporter/role"
	"redis_sentinel_exporter/web"
)

// A server listens and answers until ctx ends.
type server func(ctx context.Context) error

// serve runs the servers until ctx ends or one of them fails.
func serve(ctx context.Context, c *Config, logs io.Writer) error {
	unbounded := newLogger(c.Log, logs)
	bounded := lograte.New(unbounded.Handler())
	defer bounded.Close()
	logger := slog.New(bounded)
	deployment := newDeployment(&c.Sentinels)
	defer deployment.Close()
	var file *history.File
	if c.HistoryFile != "" {
		file = history.OpenFile(c.HistoryFile, c.History, logger)
		defer file.Close() // when all is saved
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()

	sources, err := newSources(c, deployment, file, logger)
	if err != nil {
		return err
	}
	sentinels := func() int { return len(c.Sentinels.Addresses) + sources.Fleet.Sentinels() + sources.Prober.Sentinels() }
	limitGarbage()
	if err := limitMemory(ctx, c.ReplyMemory, sentinels); err != nil {
		return err
	}
	operator := admin.New(deployment, c.Sentinels.Timeout)
	operator.UseNodes(c.Sentinels.Preflight.Nodes)
	keeper := role.NewKeeper(deployment, c.Role)
	if !c.Web.OnlyProbes {
		sources.Roles = keeper
	}
	started := func() {
		if sources.Fleet != nil {
			wg.Go(func() { sources.Fleet.Run(ctx) })
		}
		if c.Web.OnlyProbes && (sources.Fleet == nil || sources.Fleet.Size() == 0) {
			logger.Info("No --sentinel.address is given: only /probe asks Sentinels")
		}
		if sources.Events != nil {
			wg.Go(func() { sources.Events.Follow(ctx, deployment, c.Sentinels.Timeout, keeper.Event, operator.Hear) })
		}
		wg.Go(func() { keeper.Run(ctx) })
	}
	handler, err := web.NewHandler(c.Web, sources, logger)
	if err != nil {
		return err
	}
	service, err := newService(handler, logger)
	if err != nil {
		return err
	}
	var closed atomic.Int64 // servers that do not listen yet
	opened := func() {
		if closed.Add(-1) == 0 {
			wg.Go(func() { service.run(ctx) })
		}
	}
	servers := []server{func(ctx context.Context) error {
		return web.Serve(ctx, handler, c.Listen, sources.FailedLogins, logger, func() { started(); opened() })
	}}
	if c.AdminListen != nil {
		ofDeployment := operator
		if c.Web.OnlyProbes {
			ofDeployment = nil
		}
		handler := web.NewAdminHandler(ofDeployment, sources.Fleet, *c.AdminListen.WebConfigFile, sources.AdminRequests, ctx.Done(), unbounded) // each call is in the log
		servers = append(servers, func(ctx context.Context) error {
			return web.ServeAdmin(ctx, handler, c.AdminListen, sources.FailedLogins, logger, opened)
		})
	}
	closed.Store(int64(len(servers)))
	wg.Go(func() { sources.Prober.Run(ctx) })
	if c.Modules.Exists() {
		reloadOnHangup(ctx, &wg, &sources)
	}
	return runAll(ctx, cancel, servers...)
}

// newSources returns what the endpoints answer from.
func newSources(c *Config, deployment *deployment.Deployment, file *history.File, logger *slog.Logger) (web.Sources, error) {
	sources := web.Sources{
		Deployment:   deployment,
		Preflight:    c.Sentinels.Preflight,
		Collector:    collector.New(c.Collector),
		Prober:       web.NewProber(c.Modules, c.Prober, logger),
		FailedLogins: web.NewFailedLogins(),
		History:      file,
	}
	if c.Collector.Events && !c.Web.OnlyProbes {
		sources.Events = collector.NewEvents(history.New(history.Options{Save: file.Save, Saved: file.Load(history.DefaultMaxBytes)[""]}), logger)
		sources.Collector = sources.Collector.WithEvents(sources.Events)
	}
	if c.AdminListen != nil {
		sources.AdminRequests = web.NewAdminRequests()
	}
	if !c.Modules.Exists() {
		return sources, nil
	}
	var err error
	c.Fleet.History = file
	sources.Fleet, err = fleet.New(c.Modules, c.Fleet, logger)
	return sources, err
}

func newLogger(config promslog.Config, logs io.Writer) *slog.Logger {
	config.Writer = logs
	return promslog.New(&config)
}

// runAll runs the servers until ctx ends or one of them fails, which cancels the
// others.
func runAll(ctx context.Context, cancel func(), servers ...server) error {
	errs := make([]error, len(servers))
	var wg sync.WaitGroup
	for i, run := range servers {
		wg.Go(func() {
			if errs[i] = run(ctx); errs[i] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
