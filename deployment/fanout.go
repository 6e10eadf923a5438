package deployment

import (
	"context"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// spareTime is the least time that the remaining Sentinels get when there are enough answers.
// Without it the slower of two healthy Sentinels would lose its connection each time, and the
// answer of one that leads a failover might be missed.
const spareTime = 100 * time.Millisecond

// A round asks every Sentinel of a deployment once.
type round struct {
	asked   map[*member]bool
	answers map[*member]*sentinel.Snapshot
}

// list returns the answers in the order of Deployment.Snapshots.
func (r *round) list(given []*member) []*sentinel.Snapshot {
	var snapshots []*sentinel.Snapshot
	for _, m := range ordered(given, r.answers) {
		snapshots = append(snapshots, r.answers[m])
	}
	return snapshots
}

// fanOut asks all Sentinels at once, including the peers that the answers name if these are
// followed. It returns an answer of each at the latest when ctx ends. When enough returns
// true, the remaining Sentinels get only as much time again as has passed. fanOut returns
// only after all calls of ask have.
func (d *Deployment) fanOut(
	ctx context.Context, ask func(context.Context, *sentinel.Client) *sentinel.Snapshot, enough func(answered []*sentinel.Snapshot, asked int) bool,
) []*sentinel.Snapshot {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		from *member
		said *sentinel.Snapshot
	}
	answers := make(chan answer)
	r := &round{asked: make(map[*member]bool), answers: make(map[*member]*sentinel.Snapshot)}
	begin := func(members []*member) {
		for _, m := range members {
			go func() { answers <- answer{m, ask(ctx, m.client)} }()
		}
	}
	start := time.Now()
	var rest *time.Timer // ends the calls that are no longer needed
	begin(d.join(r))
	for len(r.answers) < len(r.asked) {
		a := <-answers
		r.answers[a.from] = a.said
		if ctx.Err() != nil {
			continue
		}
		begin(d.joinPeers(r, a.said))
		if enough != nil && rest == nil && enough(r.list(d.given), len(r.asked)) {
			rest = time.AfterFunc(max(time.Since(start), spareTime), cancel)
			defer rest.Stop()
		}
	}
	return d.leave(r)
}

// join registers a round as a user of all Sentinels known so far, and returns them.
func (d *Deployment) join(r *round) []*member {
	d.mu.Lock()
	defer d.mu.Unlock()
	members := d.membersLocked()
	for _, m := range members {
		r.useLocked(m)
	}
	return members
}

// useLocked registers the round as a user of a Sentinel. The caller holds the lock.
func (r *round) useLocked(m *member) {
	r.asked[m] = true
	m.uses.Acquire()
}

// leave ends a round and returns its answers, one for each Sentinel, even if it answered at
// two addresses.
func (d *Deployment) leave(r *round) []*sentinel.Snapshot {
	d.mu.Lock()
	d.settlePeersLocked(r)
	var done []*sentinel.Client
	for m := range r.asked {
		if m.uses.Release() {
			done = append(done, m.client)
		}
	}
	d.mu.Unlock()
	for _, client := range done {
		client.Close()
	}
	return r.list(d.given)
}
