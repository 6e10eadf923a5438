package sentinel

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"
)

// The context may have ended by the time that a reply turns out to be none of a Sentinel.
func TestReasonAfterTheDeadline(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	for err, want := range map[error]Reason{
		fmt.Errorf("reading: %w", errMalformed): ReasonProtocol,
		errCurbed:                               ReasonProtocol,
		io.ErrUnexpectedEOF:                     ReasonTimeout, // the end of the context has closed the connection
	} {
		if got := reasonOf(ctx, err); got != want {
			t.Errorf("%v: the reason is %v, want %v", err, got, want)
		}
	}
}
