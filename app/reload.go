package app

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"redis_sentinel_exporter/web"
)

// reloadOnHangup reads the configuration file again at each SIGHUP, within wg, until
// ctx ends.
func reloadOnHangup(ctx context.Context, wg *sync.WaitGroup, prober *web.Prober) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP) // now: without it a SIGHUP ends the program
	wg.Go(func() {
		defer signal.Stop(hangup)
		for {
			select {
			case <-hangup:
				_ = prober.Reload() // it has been logged, and there is a metric
			case <-ctx.Done():
				return
			}
		}
	})
}
