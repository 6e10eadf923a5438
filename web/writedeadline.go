package web

import (
	"net/http"
	"time"
)

// writeTimeout limits how long a client may take to read a response. Without it a client that
// does not read would keep its place in --web.max-requests, or at least its connection, for
// ever.
const writeTimeout = 30 * time.Second

// withWriteDeadline sets the write deadline for the responses of next.
func withWriteDeadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setWriteDeadline(w, 0)
		next.ServeHTTP(w, r)
	})
}

// setWriteDeadline gives the client writeTimeout from the moment when the response is made,
// which may be as late as untilMade from now. A handler that waits for Sentinels calls it
// twice: before, with its timeout, and with 0 when the response is ready, so that the client
// does not get the rest of a long timeout.
func setWriteDeadline(w http.ResponseWriter, untilMade time.Duration) {
	// A writer without deadlines, such as a recorder in a test, needs none.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(untilMade + writeTimeout))
}
