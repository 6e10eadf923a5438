package deployment_test

import (
	"context"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// TestEventsFollowPeers: a peer's stream comes when it is found and goes, with
// word of it, when the peer is asked no longer; the others stand.
func TestEventsFollowPeers(t *testing.T) {
	t.Parallel()
	peer := sentineltest.RunFake(t, naming("2"))
	given := sentineltest.RunFake(t, naming("1", peer.Addr()))
	d := following(t, given.Addr())
	ctx, stop := context.WithCancel(within(t, 20*time.Second))
	defer stop()
	notices := make(chan sentinel.StreamUpdate, 100)
	go func() {
		defer close(notices)
		d.EventsWith(ctx, quickly(), func(n *sentinel.StreamUpdate) { notices <- *n })
	}()
	expect := func(kind sentinel.StreamUpdateKind, addr string) {
		t.Helper()
		if n := <-notices; n.Kind != kind || n.Sentinel != addr {
			t.Fatalf("got %d of %s (%v), want %d of %s", n.Kind, n.Sentinel, n.Err, kind, addr)
		}
	}
	expect(sentinel.StreamUp, given.Addr())
	d.Snapshots(ctx) // finds the peer
	expect(sentinel.StreamUp, peer.Addr())
	peer.Publish("+tilt", "#tilt mode entered")
	expect(sentinel.StreamEvent, peer.Addr())
	given.Set(naming("1"))
	d.AgePeers(2 * time.Minute)
	d.Snapshots(ctx) // forgets it
	expect(sentinel.StreamEnded, peer.Addr())
	given.Publish("+tilt", "#tilt mode entered")
	expect(sentinel.StreamEvent, given.Addr())
	sentineltest.WaitFor(t, "the connection to the former peer to be closed", func() bool { _, open := peer.Connections(); return open == 0 })
	stop()
	for range notices { // until the streams have ended
	}
}
