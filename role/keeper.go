// Package role answers load balancers: may this node take writes, may that one serve reads?
// A Keeper asks the Sentinels of one deployment together, remembers what it has answered, and
// lets no two nodes of a master have the writes at once.
package role

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/sentinel"
)

const (
	// interval is the time from one round of asking the Sentinels to the next.
	interval = time.Second
	// freshFor is how long a snapshot counts; a Sentinel without a newer one does not answer.
	freshFor = 2 * time.Second
	// movingFor is how long a failover that has not made a replica the master keeps the old
	// master from taking writes, while the other Sentinels consider that one up.
	movingFor = 10 * time.Second
	// idleAfter is how long the Sentinels are asked after the last check.
	idleAfter = time.Minute
)

// A source asks the Sentinels of one deployment. *deployment.Deployment is one.
type source interface {
	SnapshotsAsTheyCome(ctx context.Context, came func(*sentinel.Snapshot)) []*sentinel.Snapshot
}

// Options are the settings of a Keeper.
type Options struct {
	// Grace is how long the last answer holds if nobody can tell.
	Grace time.Duration
	// Timeout is how long the Sentinels may take to answer.
	Timeout time.Duration
	// Names are other names of hosts, by which a node can be asked for.
	Names canstop.HostMap
}

// A Keeper answers for the masters of one deployment. It is safe for concurrent use.
type Keeper struct {
	source source
	opts   Options
	wake   chan struct{} // holds one token if Run has to look what is due

	mu       sync.Mutex // guards the fields below
	asked    time.Time  // when the last check came in
	eventful bool       // the Sentinels have published something since the last round began
	heard    map[string]*sentinel.Snapshot
	version  int           // of heard
	first    chan struct{} // closed when a round has ended since the keeper was idle
	masters  map[string]*master
}

// NewKeeper returns a Keeper that asks the Sentinels of a deployment while it runs.
func NewKeeper(d source, o Options) *Keeper {
	return &Keeper{
		source: d, opts: o,
		wake:    make(chan struct{}, 1),
		heard:   make(map[string]*sentinel.Snapshot),
		first:   make(chan struct{}),
		masters: make(map[string]*master),
	}
}

// Event takes in what a Sentinel has published: the Sentinels are asked again at once.
func (k *Keeper) Event(u *sentinel.StreamUpdate) {
	if u.Kind != sentinel.StreamEvent && u.Kind != sentinel.StreamUp {
		return
	}
	k.mu.Lock()
	k.eventful = true
	k.mu.Unlock()
	k.rouse()
}

func (k *Keeper) rouse() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// Grace returns, for each master that was asked for, whether its last answer holds only by the
// grace, or has ended with it, because nobody can tell.
func (k *Keeper) Grace() map[string]bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	graces := make(map[string]bool, len(k.masters))
	for name, m := range k.masters {
		graces[name] = m.unsure != nil
	}
	return graces
}

// begin notes that a check has come in. The channel is closed when the Sentinels have been asked.
func (k *Keeper) begin(now time.Time) (first <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.idle(now) {
		k.first = make(chan struct{})
		k.rouse()
	}
	k.asked = now
	return k.first
}

// idle reports whether nobody has asked for some time. The caller holds the lock.
func (k *Keeper) idle(now time.Time) bool { return now.Sub(k.asked) > idleAfter }

// fresh returns what the Sentinels have said lately, by address. The caller holds the lock.
func (k *Keeper) fresh(now time.Time) []*sentinel.Snapshot {
	var fresh []*sentinel.Snapshot
	for _, address := range slices.Sorted(maps.Keys(k.heard)) {
		if s := k.heard[address]; now.Sub(s.Started.Add(s.Duration)) <= freshFor {
			fresh = append(fresh, s)
		}
	}
	return fresh
}
