package sentinel

import (
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// littleExchange is what any Sentinel may send between two requests, in bytes: the replies
	// about some hundred masters.
	littleExchange = 256 << 10
	// curbedFor is how long a Sentinel that has sent much in vain may send only little, and at most half as
	// long again: those that began at the same time shall not all end then.
	curbedFor = 5 * time.Minute
	// curbedFirst is how long it is that at first if it was only late, as one with many masters can be on a
	// busy machine; then twice as long each time, up to curbedFor.
	curbedFirst = 15 * time.Second
)

var errCurbed = fmt.Errorf("%w: more than it may send for now", errMalformed)

// An allowance is what one Sentinel may send between two requests. One that sends much in vain, since a
// reply has no end or is too much, would do so at each scrape, and take the time of all others. So it may send
// little, or twice what it has needed before, until a snapshot is complete or some minutes have passed.
type allowance struct {
	needed int           // bytes of the largest exchange of a snapshot that was complete
	curbed *Error        // why much came in vain; nil if it did not
	until  time.Time     // when it may send all again
	pause  time.Duration // how long it was curbed the last time; 0 if a snapshot was complete since

	largest int // bytes of the largest exchange of the call under way
}

// bytes returns how many it may send now.
func (a *allowance) bytes() int {
	if a.curbed == nil || time.Now().After(a.until) {
		return maxExchange
	}
	return min(max(littleExchange, 2*a.needed), maxExchange)
}

// judge ends a call that takes a snapshot, which is not complete for this reason; nil if it is.
func (a *allowance) judge(why *Error) {
	switch {
	case why == nil:
		a.needed, a.curbed, a.pause = max(a.needed, a.largest), nil, 0
	case a.largest > littleExchange && a.bytes() == maxExchange:
		a.pause = min(max(2*a.pause, curbedFirst), curbedFor)
		if why.Reason != ReasonTimeout {
			a.pause = curbedFor
		}
		a.curbed, a.until = why, time.Now().Add(a.pause+rand.N(a.pause/2)) //nolint:gosec // it need not be secret
	}
}
