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

// waitForReader lets the reader have its time from when the answer is there. One
// that is made until a deadline calls it before, with the time until then, and
// once more when it is made: a scrape may allow the Sentinels an hour, and a
// reader shall not have the rest of that.
func waitForReader(w http.ResponseWriter, untilMade time.Duration) {
	// Not every writer has deadlines; one that has none needs none.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(untilMade + answerTimeout))
}
