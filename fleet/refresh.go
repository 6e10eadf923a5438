package fleet

import (
	"context"
	"time"

	"redis_sentinel_exporter/internal/pause"
)

const (
	// readFilesEvery is how often the deployment files are looked at.
	readFilesEvery = 5 * time.Second
	// refreshers is how many deployments at once are asked that nobody else asks, and
	// refreshPause how long each waits between two.
	refreshers   = 8
	refreshPause = 100 * time.Millisecond
	// refreshAfter is how old the last snapshots of a deployment may be.
	refreshAfter = time.Minute
)

// watchFiles reads the deployment files when they change, until ctx ends.
func (f *Fleet) watchFiles(ctx context.Context) {
	for pause.For(ctx, readFilesEvery) {
		changed, err := f.file.Refresh()
		if !changed {
			continue
		}
		if err != nil {
			f.logger.Error("Deployment files cannot be used, what they said before stays", "err", err)
		}
		if err := f.Apply(); err != nil {
			f.logger.Error("The deployments stay as they were", "err", err)
			continue
		}
		f.logger.Info("The deployment files are read", "deployments", f.Size())
	}
}

// refresh asks deployments whose last snapshots are old, one after the other, until ctx ends.
func (f *Fleet) refresh(ctx context.Context) {
	for pause.For(ctx, refreshPause) {
		d := f.stale()
		if d == nil {
			if !pause.For(ctx, time.Second) {
				return
			}
			continue
		}
		asking, cancel := context.WithTimeout(ctx, d.Limit(f.opts.Timeout))
		snapshots := d.Sentinels.Snapshots(asking)
		cancel()
		if ctx.Err() == nil {
			d.Note(snapshots)
			_, _ = d.Assess(ctx, snapshots) // it ends with ctx only
		}
		for _, s := range snapshots {
			s.Release()
		}
		f.release(d)
	}
}

// stale returns the deployment that was not asked for longest, if that is long; nil if there is
// none. The caller must release it.
func (f *Fleet) stale() *Deployment {
	f.mu.Lock()
	defer f.mu.Unlock()
	var stalest *Deployment
	oldest := time.Now().Add(-refreshAfter)
	for _, d := range f.named {
		if at := d.lastAsked(); at.Before(oldest) {
			stalest, oldest = d, at
		}
	}
	if stalest != nil {
		stalest.uses.Acquire()
		stalest.refreshing = time.Now()
	}
	return stalest
}
