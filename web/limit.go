package web

import (
	"fmt"
	"net/http"
)

// A limit is the maximum number of requests that are served at the same time, by all handlers
// that share it. nil means no limit.
type limit chan struct{}

func newLimit(n int) limit {
	if n <= 0 {
		return nil
	}
	return make(limit, n)
}

// on returns a handler that refuses requests beyond the limit with 503.
func (l limit) on(next http.Handler) http.Handler {
	if l == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case l <- struct{}{}:
			defer func() { <-l }()
			next.ServeHTTP(w, r)
		default:
			text := fmt.Sprintf("Limit of concurrent requests reached (%d), try again later.", cap(l))
			http.Error(w, text, http.StatusServiceUnavailable)
		}
	})
}
