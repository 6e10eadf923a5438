package web

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// timeoutHeader says how long Prometheus waits for the answer to a scrape.
const timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

// maxTimeout bounds what a scrape may ask for.
const maxTimeout = time.Hour

// timeouts decides how long the Sentinels may take.
type timeouts struct {
	absent time.Duration // for a scrape that does not say
	offset time.Duration // taken off what a scrape says, for the way back
}

// of returns how long the Sentinels may take for this scrape. It is half of what
// Prometheus waits where the offset would leave nothing: late samples are lost,
// and so are those of a scrape that asks nobody.
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
		return timeout / 2, nil
	}
	return timeout - t.offset, nil
}
