package sentinel

import "time"

// A StreamUpdateKind is the kind of a StreamUpdate.
type StreamUpdateKind int

// The kinds of updates.
const (
	StreamEvent   StreamUpdateKind = iota // the Sentinel published an event
	StreamUp                              // the stream is up: no events are missing from now on
	StreamLost                            // the stream broke: events may be missing until it is up again
	StreamFailed                          // the stream could not be opened; it will be tried again
	StreamDropped                         // events were dropped, because the consumer was too slow
	StreamEnded                           // the Sentinel is no longer asked: its stream will not come back
)

// A StreamUpdate is one item of an event stream: an event, or a change of the stream itself.
type StreamUpdate struct {
	Sentinel string // its address
	Time     time.Time
	// Since is, with StreamLost, when something was last received on the stream: events may be
	// missing from then on.
	Since   time.Time
	Kind    StreamUpdateKind
	Event   Event  // with StreamEvent
	Err     *Error // with StreamLost and StreamFailed: the reason
	Dropped int    // with StreamDropped: the number of events
}

// Gap reports whether events may be missing at this point.
func (n *StreamUpdate) Gap() bool { return n.Kind == StreamLost || n.Kind == StreamDropped }
