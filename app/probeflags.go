package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/alecthomas/kingpin/v2"

	"redis_sentinel_exporter/probe"
	"redis_sentinel_exporter/web"
)

// probeFlags say how other deployments are probed.
type probeFlags struct {
	configFile string
	web.ProberOptions
}

func (f *probeFlags) addTo(app *kingpin.Application) {
	app.Flag("config.file", "File with the modules for /probe. Reloaded on SIGHUP.").
		PlaceHolder("FILE").StringVar(&f.configFile)
	app.Flag("probe.max-connections", "Most Sentinels to keep connections to between probes; also the most concurrent probes.").
		Default("4000").IntVar(&f.MaxConnections)
	app.Flag("probe.idle-timeout", "How long to keep the connections to Sentinels that are no longer probed.").
		Default("5m").DurationVar(&f.IdleTimeout)
}

// check refuses numbers that kingpin takes and that make no sense.
func (f *probeFlags) check(lifecycle bool) error {
	switch {
	case f.MaxConnections <= 0:
		return fmt.Errorf("--probe.max-connections: %d must be positive", f.MaxConnections)
	case f.IdleTimeout <= 0:
		return fmt.Errorf("--probe.idle-timeout: %s must be positive", f.IdleTimeout)
	case lifecycle && f.configFile == "":
		return errors.New("--web.enable-lifecycle: there is no --config.file to reload")
	}
	return nil
}

// open reads the configuration file.
func (f *probeFlags) open() (*probe.File, error) {
	file, err := probe.Open(f.configFile)
	if err != nil {
		return nil, fmt.Errorf("--config.file: %w", err)
	}
	return file, nil
}

// prober returns what serves probes, which works in the background, within wg,
// until ctx ends.
func (f *probeFlags) prober(ctx context.Context, wg *sync.WaitGroup, logger *slog.Logger) (*web.Prober, error) {
	file, err := f.open()
	if err != nil {
		return nil, err
	}
	prober := web.NewProber(file, f.ProberOptions, logger)
	wg.Go(func() { prober.Run(ctx) })
	if file.Exists() {
		hangup := make(chan os.Signal, 1)
		signal.Notify(hangup, syscall.SIGHUP)
		wg.Go(func() { reloadAt(ctx, hangup, prober) })
	}
	return prober, nil
}

// reloadAt reads the configuration file again at each signal, until ctx ends.
func reloadAt(ctx context.Context, hangup chan os.Signal, prober *web.Prober) {
	defer signal.Stop(hangup)
	for {
		select {
		case <-hangup:
			_ = prober.Reload() // it has been logged, and there is a metric
		case <-ctx.Done():
			return
		}
	}
}
