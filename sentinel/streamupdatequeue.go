package sentinel

import "context"

// An updateQueue is between the reader of a stream, which never waits, and its consumer. When
// it is full, events are dropped and replaced by one update of the kind StreamDropped.
type updateQueue struct {
	taken   chan *StreamUpdate
	waiting []*StreamUpdate // updates that had no room and must not be dropped
}

func newUpdateQueue(room int) *updateQueue {
	return &updateQueue{taken: make(chan *StreamUpdate, room)}
}

// push adds an update. It does not wait for room.
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

// advance moves waiting updates into the queue while there is room.
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

// finish adds the waiting updates and a last one. It waits for room, because the connection is
// closed and there is nothing more to read.
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

// keep adds an update to waiting; of events it keeps only the number.
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
