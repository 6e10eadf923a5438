package collector

import (
	"slices"

	"redis_sentinel_exporter/sentinel"
)

// maxRecent is how many updates are kept.
const maxRecent = 200

// recentUpdates is a ring of the last updates.
type recentUpdates struct {
	updates []sentinel.StreamUpdate
	next    int
}

func (r *recentUpdates) add(n *sentinel.StreamUpdate) {
	if len(r.updates) < maxRecent {
		r.updates = append(r.updates, *n)
		return
	}
	r.updates[r.next] = *n
	r.next = (r.next + 1) % maxRecent
}

func (r *recentUpdates) all() []sentinel.StreamUpdate {
	return slices.Concat(r.updates[r.next:], r.updates[:r.next])
}
