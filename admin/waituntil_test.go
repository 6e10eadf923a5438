package admin

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestPollKeepsTheLastRealError: a connection notices the deadline before the
// context does, and its timeout must not hide what is missing.
func TestPollKeepsTheLastRealError(t *testing.T) {
	t.Parallel()
	deadline := time.Now().Add(300 * time.Millisecond)
	ctx, cancel := context.WithDeadline(t.Context(), deadline)
	defer cancel()
	missing, late := errors.New("it has not found a replica"), errors.New("no answer within the deadline")
	asked := 0
	err := waitUntil(slow{ctx}, func() (bool, error) {
		if asked++; asked == 1 {
			return false, missing
		}
		<-ctx.Done()
		return false, late
	})
	if !errors.Is(err, missing) {
		t.Errorf("got %v", err)
	}
}

// A slow context has passed its deadline and says so only when asked to wait.
type slow struct{ context.Context } //nolint:containedctx // it is one

func (slow) Err() error { return nil }
