package sentinel

import (
	"context"
	"sync"
)

// An updateQueue is between the reader of a stream, which never waits, and its consumer. When
// it is full, events are dropped and replaced by one update of the kind StreamDropped. It has
// only the memory of what waits in it, and a goroutine only while something does: there may be thousands of streams, nearly all
// of them quiet.
type updateQueue struct {
	room   int
	handle func(*StreamUpdate)

	mu       sync.Mutex // guards the fields below
	waiting  []*StreamUpdate
	handling bool // there is a goroutine that hands them over

	handlers sync.WaitGroup
	taken    chan struct{} // has a token if something has been taken since the reader looked
}

// newUpdateQueue returns a queue that calls handle with one update at a time.
func newUpdateQueue(room int, handle func(*StreamUpdate)) *updateQueue {
	return &updateQueue{room: room, handle: handle, taken: make(chan struct{}, 1)}
}

// push adds an update. It does not wait for room.
func (q *updateQueue) push(n *StreamUpdate) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.addLocked(n)
	if !q.handling {
		q.handling = true
		q.handlers.Go(q.handleAll)
	}
}

// addLocked adds an update; of events without room it keeps only the number.
func (q *updateQueue) addLocked(n *StreamUpdate) {
	if n.Kind != StreamEvent || len(q.waiting) < q.room {
		q.waiting = append(q.waiting, n)
		return
	}
	if last := q.waiting[len(q.waiting)-1]; last.Kind == StreamDropped {
		last.Dropped++
		return
	}
	q.waiting = append(q.waiting, &StreamUpdate{Sentinel: n.Sentinel, Time: n.Time, Kind: StreamDropped, Dropped: 1})
}

// finish adds the last update of a connection. Then it waits for room, because there is nothing
// more to read.
func (q *updateQueue) finish(ctx context.Context, n *StreamUpdate) {
	q.push(n)
	for q.full() {
		select {
		case <-q.taken:
		case <-ctx.Done():
			return
		}
	}
}

func (q *updateQueue) full() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) > q.room
}

// wait waits until all is handled that was pushed.
func (q *updateQueue) wait() { q.handlers.Wait() }

// handleAll hands over what waits, until nothing does.
func (q *updateQueue) handleAll() {
	for n := q.take(); n != nil; n = q.take() {
		q.handle(n)
	}
}

// take returns the next update; nil if there is none, with which the handling ends.
func (q *updateQueue) take() *StreamUpdate {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.handling = false
		return nil
	}
	n := q.waiting[0]
	q.waiting[0] = nil
	if q.waiting = q.waiting[1:]; len(q.waiting) == 0 {
		q.waiting = nil
	}
	signal(q.taken)
	return n
}

// signal leaves a token, if there is none.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
