package pause_test

import (
	"context"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/pause"
)

// TestFor: it waits its time, and ends with the context.
func TestFor(t *testing.T) {
	t.Parallel()
	began := time.Now()
	if !pause.For(t.Context(), 20*time.Millisecond) || time.Since(began) < 20*time.Millisecond {
		t.Errorf("it ended after %s", time.Since(began))
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if pause.For(ctx, time.Hour) {
		t.Error("it says that the context has not ended")
	}
}
