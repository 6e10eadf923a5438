package sentinel

import "context"

// An updateQueue is between the reader of a stream, which never waits, and its
// consumer. When it is full, events are dropped, and an update of that takes the
// place where they would have been.
type updateQueue struct {
	taken   chan *StreamUpdate
	waiting []*StreamUpdate // had no room: that the stream is up, that events were dropped
}

func newUpdateQueue(room int) *updateQueue {
	return &updateQueue{taken: make(chan *StreamUpdate, room)}
}

// push adds an update without waiting for room.
func (q *updateQueue) push(n *StreamUpdate) {
	q.advance()
	if len(q.waiting) == 0 {
		select {
		case q.taken <- n:
			return
		default:
		}
	}
	q.keep(n)
}

// advance adds what is waiting, as far as there is room now.
func (q *updateQueue) advance() {
	for len(q.waiting) > 0 {
		select {
		case q.taken <- q.waiting[0]:
			q.waiting = q.waiting[1:]
		default:
			return
		}
	}
}

// finish adds what is waiting and a last notice, and does wait for room: the
// connection is closed, so nobody waits for its reader.
func (q *updateQueue) finish(ctx context.Context, n *StreamUpdate) {
	for _, n := range append(q.waiting, n) {
		select {
		case q.taken <- n:
		case <-ctx.Done():
			return
		}
	}
	q.waiting = nil
}

// keep keeps what must not be lost; of an event only the count.
func (q *updateQueue) keep(n *StreamUpdate) {
	if n.Kind != StreamEvent {
		q.waiting = append(q.waiting, n)
		return
	}
	if last := len(q.waiting) - 1; last >= 0 && q.waiting[last].Kind == StreamDropped {
		q.waiting[last].Dropped++
		return
	}
	q.waiting = append(q.waiting, &StreamUpdate{Sentinel: n.Sentinel, Time: n.Time, Kind: StreamDropped, Dropped: 1})
}
