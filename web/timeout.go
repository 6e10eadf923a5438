package web

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// timeoutHeader is how long Prometheus waits for the answer to a scrape.
const timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

const (
	// maxTimeout is the longest timeout that a scrape can ask for.
	maxTimeout = time.Hour
	// minTimeout is the least that the Sentinels get, whatever a scrape asks for: when their time
	// is over their connections are closed, which others who ask share.
	minTimeout = 250 * time.Millisecond
)

// timeouts decides how long the Sentinels may take to answer.
type timeouts struct {
	absent time.Duration // for a request without timeoutHeader
	offset time.Duration // subtracted from timeoutHeader, for the way back
}

// of returns how long the Sentinels may take in this scrape. If the offset would leave
// nothing, it returns half of what Prometheus waits: an answer that is late is lost, and so
// is a scrape that asks no Sentinel.
func (t timeouts) of(h http.Header) (time.Duration, error) {
	text := h.Get(timeoutHeader)
	if text == "" {
		return t.absent, nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(seconds) || math.IsInf(seconds, 0) || seconds <= 0 {
		return 0, fmt.Errorf("%s: %q is not a positive number of seconds", timeoutHeader, text)
	}
	timeout := time.Duration(min(seconds, maxTimeout.Seconds()) * float64(time.Second))
	if t.offset >= timeout {
		return max(timeout/2, minTimeout), nil
	}
	return max(timeout-t.offset, minTimeout), nil
}
