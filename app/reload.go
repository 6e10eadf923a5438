package app

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"redis_sentinel_exporter/web"
)

// reloadOnHangup starts a goroutine, in wg, that reloads the configuration file at each SIGHUP
// until ctx ends.
func reloadOnHangup(ctx context.Context, wg *sync.WaitGroup, sources *web.Sources) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP) // not in the goroutine: until then a SIGHUP ends the program
	wg.Go(func() {
		defer signal.Stop(hangup)
		for {
			select {
			case <-hangup:
				_ = sources.Reload() // logs the error, and there is a metric
			case <-ctx.Done():
				return
			}
		}
	})
}
