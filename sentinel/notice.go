package sentinel

import "time"

// A NoticeKind says what a Notice tells.
type NoticeKind int

// The kinds of notices.
const (
	NoticeEvent   NoticeKind = iota // the Sentinel published something
	NoticeUp                        // the stream stands: what happens from now on will be told
	NoticeLost                      // the stream stood and broke: events may be missing from now on, until it is up
	NoticeFailed                    // a stream that did not stand could not be opened; it will be tried again
	NoticeDropped                   // events were dropped, since the consumer had not taken those before
)

// A Notice is what comes of an event stream: an event, or a change of the stream.
type Notice struct {
	Sentinel string // its address
	Time     time.Time
	Kind     NoticeKind
	Event    Event  // of NoticeEvent
	Err      *Error // of NoticeLost and NoticeFailed: why
	Dropped  int    // of NoticeDropped: how many events
}

// Gap tells whether events may be missing at this point.
func (n *Notice) Gap() bool { return n.Kind == NoticeLost || n.Kind == NoticeDropped }
