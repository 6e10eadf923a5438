package sentinel

import (
	"context"
	"sync"
)

// An updateQueue is between the reader of a stream, which never waits, and its consumer. When
// it is full, events are dropped and replaced by one update of the kind StreamDropped. It has
// only the memory of what waits in it: there may be thousands of streams, nearly all of them
// quiet.
type updateQueue struct {
	room int

	mu      sync.Mutex // guards the fields below
	waiting []*StreamUpdate
	ended   bool

	added chan struct{} // has a token if something has been added since the consumer looked
	taken chan struct{} // has a token if something has been taken since the reader looked
}

func newUpdateQueue(room int) *updateQueue {
	return &updateQueue{room: room, added: make(chan struct{}, 1), taken: make(chan struct{}, 1)}
}

// push adds an update. It does not wait for room.
func (q *updateQueue) push(n *StreamUpdate) {
	q.mu.Lock()
	q.addLocked(n)
	q.mu.Unlock()
	signal(q.added)
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

// end is after the last update.
func (q *updateQueue) end() {
	q.mu.Lock()
	q.ended = true
	q.mu.Unlock()
	signal(q.added)
}

// take waits for the next update; it returns false after the last one.
func (q *updateQueue) take() (*StreamUpdate, bool) {
	for {
		q.mu.Lock()
		if len(q.waiting) > 0 {
			n := q.waiting[0]
			q.waiting[0] = nil
			if q.waiting = q.waiting[1:]; len(q.waiting) == 0 {
				q.waiting = nil
			}
			q.mu.Unlock()
			signal(q.taken)
			return n, true
		}
		ended := q.ended
		q.mu.Unlock()
		if ended {
			return nil, false
		}
		<-q.added
	}
}

// signal leaves a token, if there is none.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
