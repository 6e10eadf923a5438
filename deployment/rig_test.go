package deployment_test

import (
	"context"
	"testing"
	"time"

	"redis_sentinel_exporter/sentinel"
)

const name = "mymaster"

// grace is how much longer than it should a busy machine may take.
const grace = 5 * time.Second

// within is a context for what must be quick.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// quickly notices a hung Sentinel, and comes back, in seconds: sooner a busy machine
// may only look like one.
func quickly() sentinel.EventOptions {
	return sentinel.EventOptions{
		PingInterval: 200 * time.Millisecond, PingTimeout: 2 * time.Second,
		MinBackoff: 10 * time.Millisecond, MaxBackoff: 100 * time.Millisecond,
	}
}

func newClient(t *testing.T, o sentinel.Options) *sentinel.Client {
	t.Helper()
	c := sentinel.NewClient(o)
	t.Cleanup(c.Close)
	return c
}
