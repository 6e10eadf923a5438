// Package pause waits as long as it is wanted.
package pause

import (
	"context"
	"time"
)

// For waits, and reports whether ctx has not ended meanwhile.
func For(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
