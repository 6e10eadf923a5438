package web

import (
	"context"
	"net/http"
	"time"

	"redis_sentinel_exporter/fleet"
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

// ask returns the snapshots of the Sentinels within the timeout, and whether the client still
// waits for the response. If it does not, the request was cancelled, and what is missing in
// the snapshots is not the fault of a Sentinel.
func (q querier) ask(w http.ResponseWriter, r *http.Request) (snapshots []*sentinel.Snapshot, waiting bool) {
	setWriteDeadline(w, q.timeout)
	ctx, cancel := context.WithTimeout(r.Context(), q.timeout)
	defer cancel()
	snapshots = q.deployment.Sentinels.Snapshots(ctx)
	setWriteDeadline(w, 0)
	if r.Context().Err() != nil {
		return nil, false
	}
	q.deployment.Note(snapshots)
	return snapshots, true
}
