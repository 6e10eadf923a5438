package sentinel

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// EventOptions are the settings of an event stream. Zero values mean the defaults.
type EventOptions struct {
	// PingInterval is how often a PING is sent, to notice a broken connection.
	PingInterval time.Duration
	// PingTimeout is how long the Sentinel may take to answer a PING, and to accept the
	// subscription.
	PingTimeout time.Duration
	// MinBackoff and MaxBackoff are the first and the longest pause before a broken
	// stream is opened again. If the Sentinel refuses the stream, the pause can be
	// longer: each try may add an entry to its ACL log.
	MinBackoff, MaxBackoff time.Duration
	// Room is how many updates can wait for handle before events are dropped.
	Room int
}

func (o EventOptions) withDefaults() EventOptions {
	for _, d := range []struct {
		field     *time.Duration
		otherwise time.Duration
	}{
		{&o.PingInterval, 5 * time.Second},
		{&o.PingTimeout, 5 * time.Second},
		{&o.MinBackoff, 100 * time.Millisecond},
		{&o.MaxBackoff, 5 * time.Second},
	} {
		if *d.field <= 0 {
			*d.field = d.otherwise
		}
	}
	if o.Room <= 0 {
		o.Room = 1 << 14
	}
	return o
}

// refusedBackoff times MaxBackoff is the longest pause if the Sentinel refuses the stream.
const refusedBackoff = 12

// Events subscribes to all events of the Sentinel, on a connection of its own, and calls
// handle with one update at a time until ctx ends. It opens a broken stream again; updates
// report the gap, since events that are published meanwhile are lost. If handle is too
// slow, events are dropped, which an update reports as well; the Sentinel never has to wait.
// Snapshots have the recent events, too.
func (c *Client) Events(ctx context.Context, o EventOptions, handle func(*StreamUpdate)) {
	s := &eventStream{client: c, options: o.withDefaults()}
	s.queue = newUpdateQueue(s.options.Room, func(n *StreamUpdate) {
		c.recent.note(n)
		handle(n)
	})
	defer s.queue.wait()
	s.run(ctx)
}

// An eventStream is a subscription that is opened again when it breaks.
type eventStream struct {
	client  *Client
	options EventOptions
	queue   *updateQueue
	pause   time.Duration // before the next try
	heard   time.Time     // when something was last received
}

func (s *eventStream) run(ctx context.Context) {
	for ctx.Err() == nil {
		stood, err := s.once(ctx)
		if ctx.Err() != nil {
			return
		}
		kind := StreamFailed
		if stood > 0 {
			kind = StreamLost
		}
		n := s.newUpdate(kind)
		n.Err = err
		if kind == StreamLost {
			n.Since = s.heard
		}
		s.queue.finish(ctx, n)
		s.wait(ctx, s.backoff(stood, err.Reason))
	}
}

// once opens the stream and reads it until it breaks. It returns how long the stream was up,
// 0 if it could not be opened, and why it broke.
func (s *eventStream) once(ctx context.Context) (stood time.Duration, _ *Error) {
	password, err := s.client.options.password()
	if err != nil {
		return 0, s.failure(ctx, err, password)
	}
	sub, err := subscribe(ctx, s.client.options, password, s.options)
	if err != nil {
		return 0, s.failure(ctx, err, password)
	}
	defer sub.close()
	began := time.Now()
	s.heard = began
	s.queue.push(s.newUpdate(StreamUp))
	err = sub.receive(ctx, func(channel, payload string) {
		n := s.newUpdate(StreamEvent)
		n.Event = ParseEvent(channel, payload)
		s.heard = n.Time
		s.queue.push(n)
	}, func() {
		s.heard = time.Now()
	})
	return max(1, time.Since(began)), s.failure(ctx, err, password)
}

func (s *eventStream) newUpdate(kind StreamUpdateKind) *StreamUpdate {
	return &StreamUpdate{Sentinel: s.client.Address(), Time: time.Now(), Kind: kind}
}

// failure returns why the stream broke or was refused; the text contains no password.
func (s *eventStream) failure(ctx context.Context, err error, password string) *Error {
	const command = "PSUBSCRIBE"
	if refused, ok := errors.AsType[refusalError](err); ok {
		reason, cause := replyError(scrub(refused.Error(), password))
		return &Error{Sentinel: s.client.Address(), Command: command, Reason: reason, Err: cause}
	}
	return s.client.failure(ctx, scrubError(err, password), command)
}

// backoff returns the pause before the next try. It doubles each time, and is partly random,
// so that many exporters do not all reconnect at the same moment. If the stream was up for
// as long as MaxBackoff, it starts again with MinBackoff.
func (s *eventStream) backoff(stood time.Duration, reason Reason) time.Duration {
	longest := s.options.MaxBackoff
	if reason != ReasonUnreachable && reason != ReasonTimeout {
		longest *= refusedBackoff
	}
	s.pause = min(max(2*s.pause, s.options.MinBackoff), longest)
	if stood >= s.options.MaxBackoff {
		s.pause = s.options.MinBackoff
	}
	return s.pause/2 + rand.N(s.pause/2+1) //nolint:gosec // it need not be secret
}

func (s *eventStream) wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
