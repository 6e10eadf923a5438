package sentinel

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// EventOptions say how an event stream is kept. What is 0 has a default.
type EventOptions struct {
	// PingInterval is how often the Sentinel is asked for a sign of life.
	PingInterval time.Duration
	// PingTimeout is how long it may take to give one, and to accept a
	// subscription.
	PingTimeout time.Duration
	// MinBackoff and MaxBackoff are the first and the longest pause before a
	// broken stream is opened again. A Sentinel that refuses the stream is left
	// alone for longer: each try may be an entry in its ACL log.
	MinBackoff, MaxBackoff time.Duration
	// Room is how many updates wait for the consumer before events are dropped.
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

// refusedBackoff is how many times MaxBackoff a Sentinel is left alone at most
// that refuses a stream.
const refusedBackoff = 12

// Events subscribes to all that the Sentinel publishes, on a connection of its
// own, and hands it to handle, one notice at a time, until ctx ends. A broken
// stream is opened again; an update says so, since what was published meanwhile
// is gone. The Sentinel never waits for handle: what that does not take in time
// is dropped, which an update says as well. Snapshots have what it told of late.
func (c *Client) Events(ctx context.Context, o EventOptions, handle func(*StreamUpdate)) {
	s := &eventStream{client: c, options: o.withDefaults(), parser: newEventParser()}
	s.queue = newUpdateQueue(s.options.Room)
	go func() {
		defer close(s.queue.taken)
		s.run(ctx)
	}()
	for n := range s.queue.taken {
		c.recent.note(n)
		handle(n)
	}
}

// An eventStream is a subscription that is renewed when it breaks.
type eventStream struct {
	client  *Client
	options EventOptions
	parser  eventParser
	queue   *updateQueue
	pause   time.Duration // before the next try
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
		n := s.notice(kind)
		n.Err = err
		s.queue.finish(ctx, n)
		s.wait(ctx, s.backoff(stood, err.Reason))
	}
}

// once opens the stream, stays with it until it breaks and says for how long it
// stood and what broke it.
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
	s.queue.push(s.notice(StreamUp))
	err = sub.receive(ctx, func(channel, payload string) {
		n := s.notice(StreamEvent)
		n.Event = s.parser.parse(channel, payload)
		s.queue.push(n)
	}, s.queue.advance)
	return max(1, time.Since(began)), s.failure(ctx, err, password)
}

func (s *eventStream) notice(kind StreamUpdateKind) *StreamUpdate {
	return &StreamUpdate{Sentinel: s.client.Address(), Time: time.Now(), Kind: kind}
}

// failure says what is wrong with the stream, without a password.
func (s *eventStream) failure(ctx context.Context, err error, password string) *Error {
	const command = "PSUBSCRIBE"
	if refused, ok := errors.AsType[*refusedError](err); ok {
		reason, cause := replyError(scrub(refused.text, password))
		return &Error{Sentinel: s.client.Address(), Command: command, Reason: reason, Err: cause}
	}
	return s.client.failure(ctx, scrubError(err, password), command)
}

// backoff returns the pause before the next try: each twice the last, with a
// random part of it, so that many exporters do not all come back at one moment.
// A stream that has stood for as long as the longest pause starts anew.
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
