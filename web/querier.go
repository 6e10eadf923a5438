package web

import (
	"context"
	"net/http"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// An inquirer asks the Sentinels of a deployment on behalf of a request.
type inquirer struct {
	deployment snapshotter
	timeout    time.Duration // for the Sentinels to answer
	failures   *failureLog
}

// within is the same inquirer with another timeout.
func (i inquirer) within(timeout time.Duration) inquirer {
	i.timeout = timeout
	return i
}

// ask returns what the Sentinels say until the deadline. It tells false when nobody
// waits for the answer any more: what is then missing in it is no Sentinel's fault.
func (i inquirer) ask(w http.ResponseWriter, r *http.Request) (snapshots []*sentinel.Snapshot, waiting bool) {
	waitForReader(w, i.timeout)
	ctx, cancel := context.WithTimeout(r.Context(), i.timeout)
	defer cancel()
	snapshots = i.deployment.Snapshots(ctx)
	waitForReader(w, 0)
	if r.Context().Err() != nil {
		return nil, false
	}
	i.failures.note(snapshots)
	return snapshots, true
}
