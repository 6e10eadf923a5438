package web

import (
	"net/http"
	"time"
)

// answerTimeout is how long a reader may take to take its answer. Without it one
// that does not read would keep its place among the requests of
// --web.max-requests, or at least its connection, for ever.
const answerTimeout = 30 * time.Second

// patient gives the readers of all answers of next that time.
func patient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		waitForReader(w, 0)
		next.ServeHTTP(w, r)
	})
}

// waitForReader gives the reader its time, counted from when the answer is made.
// Where that takes until a deadline it is called twice: before, with the time until
// then, and again when the answer is there. A scrape may allow the Sentinels an hour,
// and its reader must not get the rest of that hour.
func waitForReader(w http.ResponseWriter, untilMade time.Duration) {
	// Not every writer has deadlines; one that has none needs none.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(untilMade + answerTimeout))
}
