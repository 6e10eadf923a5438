package web

import (
	"context"
	"net/http"
	"time"

	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// A querier asks the Sentinels of a deployment on behalf of a request.
type querier struct {
	deployment *fleet.Deployment
	timeout    time.Duration // for the Sentinels to answer
}

// within returns the same querier with another timeout.
func (q querier) within(timeout time.Duration) querier {
	q.timeout = timeout
	return q
}

// assessSpare is how long the checks may take after the Sentinels have used up their time.
const assessSpare = 250 * time.Millisecond

// assess makes the checks on the answers to a request that began at a time. The error says
// that they would have taken longer than who asked waits.
func (q querier) assess(r *http.Request, began time.Time, snapshots []*sentinel.Snapshot) (health.Report, error) {
	ctx, cancel := context.WithDeadline(r.Context(), began.Add(q.timeout+assessSpare))
	defer cancel()
	return q.deployment.Assess(ctx, snapshots)
}

// ask returns the snapshots of the Sentinels within the timeout, and whether the client still
// waits for the response. If it does not, the request was cancelled, and what is missing in
// the snapshots is not the fault of a Sentinel.
func (q querier) ask(w http.ResponseWriter, r *http.Request) (snapshots []*sentinel.Snapshot, waiting bool) {
	setWriteDeadline(w, q.timeout)
	ctx, cancel := context.WithTimeout(r.Context(), q.timeout)
	defer cancel()
	asked := q.deployment.Sentinels.Snapshots(ctx)
	setWriteDeadline(w, 0)
	context.AfterFunc(r.Context(), func() { // when the request has been answered
		for _, s := range asked {
			s.Release()
		}
	})
	if r.Context().Err() != nil {
		return nil, false
	}
	q.deployment.Note(asked)
	return asked, true
}
