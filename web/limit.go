package web

import (
	"fmt"
	"net/http"
)

// A limit bounds how many requests are served at one time, over all handlers
// that share it. nil is no limit.
type limit chan struct{}

func newLimit(n int) limit {
	if n <= 0 {
		return nil
	}
	return make(limit, n)
}

// on lets next serve what is within the limit and refuses the rest.
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
