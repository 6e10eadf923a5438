package web

import (
	"net/http"
	"time"
)

// writeTimeout limits how long a client may take to read a response. Without it one
// that does not read would keep its place among the requests of
// --web.max-requests, or at least its connection, for ever.
const writeTimeout = 30 * time.Second

// withWriteDeadline gives the clients of next that time for each response.
func withWriteDeadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setWriteDeadline(w, 0)
		next.ServeHTTP(w, r)
	})
}

// setWriteDeadline gives the client its time, counted from when the response is made.
// Where that takes until a deadline it is called twice: before, with the time until
// then, and again when the response is there. A scrape may allow the Sentinels an hour,
// and its client must not get the rest of that hour.
func setWriteDeadline(w http.ResponseWriter, untilMade time.Duration) {
	// Not every writer has deadlines; one that has none needs none.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(untilMade + writeTimeout))
}
