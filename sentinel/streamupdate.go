package sentinel

import "time"

// A StreamUpdateKind says what a StreamUpdate tells.
type StreamUpdateKind int

// The kinds of updates.
const (
	StreamEvent   StreamUpdateKind = iota // the Sentinel published something
	StreamUp                              // the stream stands: what happens from now on will be told
	StreamLost                            // the stream stood and broke: events may be missing from now on, until it is up
	StreamFailed                          // a stream that did not stand could not be opened; it will be tried again
	StreamDropped                         // events were dropped, since the consumer had not taken those before
	StreamEnded                           // the Sentinel is asked no longer: its stream will not come back
)

// A StreamUpdate is what comes of an event stream: an event, or a change of the stream.
type StreamUpdate struct {
	Sentinel string // its address
	Time     time.Time
	Kind     StreamUpdateKind
	Event    Event  // of StreamEvent
	Err      *Error // of StreamLost and StreamFailed: why
	Dropped  int    // of StreamDropped: how many events
}

// Gap reports whether events may be missing at this point.
func (n *StreamUpdate) Gap() bool { return n.Kind == StreamLost || n.Kind == StreamDropped }
