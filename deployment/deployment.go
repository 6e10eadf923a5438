// Package deployment asks all Sentinels of one deployment, which are those that monitor the
// same masters. It finds their peers, merges their event streams, and decides which views
// are authoritative if they differ.
package deployment

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"redis_sentinel_exporter/internal/refcount"
	"redis_sentinel_exporter/sentinel"
)

// A Deployment is the set of Sentinels that monitor the same masters: those it was
// given, and with FollowPeers also the peers that these know. It is safe for
// concurrent use.
type Deployment struct {
	given []*member

	mu        sync.Mutex         // guards the fields below, and the members
	follow    *sentinel.Options  // for clients of the peers; nil to ask only the given Sentinels
	found     map[string]*member // the peers that are asked, by address
	aliases   map[string]alias   // by address: peers that are asked at another address
	preferred []string           // addresses of the Sentinels whose answers discovery used, the latest first
	changed   chan struct{}      // closed and replaced when a peer comes or goes
}

// A member is one Sentinel of a deployment.
type member struct {
	client *sentinel.Client
	mention
	uses refcount.Count // rounds that may ask it
}

// New returns a Deployment of the Sentinels of these clients. Its Close closes them.
func New(clients ...*sentinel.Client) *Deployment {
	d := &Deployment{found: make(map[string]*member), aliases: make(map[string]alias), changed: make(chan struct{})}
	for _, client := range clients {
		d.given = append(d.given, &member{client: client})
	}
	return d
}

// Snapshots asks all Sentinels at once. It returns one snapshot for each, at the latest when
// ctx ends: a Sentinel that hangs does not affect the snapshots of the others. They are in
// the order of the clients, followed by the peers by address.
func (d *Deployment) Snapshots(ctx context.Context) []*sentinel.Snapshot {
	return d.fanOut(ctx, func(ctx context.Context, c *sentinel.Client) *sentinel.Snapshot { return c.Snapshot(ctx) }, nil)
}

// SnapshotsAsTheyCome is Snapshots, and passes each snapshot to came as soon as its Sentinel has
// answered, so that one that hangs does not delay the others. came is called concurrently.
func (d *Deployment) SnapshotsAsTheyCome(ctx context.Context, came func(*sentinel.Snapshot)) []*sentinel.Snapshot {
	return d.fanOut(ctx, func(ctx context.Context, c *sentinel.Client) *sentinel.Snapshot {
		s := c.Snapshot(ctx)
		came(s)
		return s
	}, nil)
}

// prefer moves a Sentinel to the front.
func (d *Deployment) prefer(addr string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	others := slices.DeleteFunc(d.preferred, func(a string) bool { return a == addr || d.memberLocked(a) == nil })
	d.preferred = slices.Insert(others, 0, addr)
}

// memberLocked returns the Sentinel that is asked at an address, or nil. The caller holds
// the lock.
func (d *Deployment) memberLocked(addr string) *member {
	for _, m := range d.given {
		if m.client.Address() == addr {
			return m
		}
	}
	return d.found[addr]
}

// membersLocked returns all Sentinels that are asked now. The caller holds the lock.
func (d *Deployment) membersLocked() []*member {
	return slices.AppendSeq(slices.Clone(d.given), maps.Values(d.found))
}

// ordered returns the members of a set in the order of Snapshots: the given ones in their
// order, then the peers by address.
func ordered[V any](given []*member, set map[*member]V) []*member {
	rank := func(m *member) int {
		if i := slices.Index(given, m); i >= 0 {
			return i
		}
		return len(given)
	}
	return slices.SortedFunc(maps.Keys(set), func(a, b *member) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.client.Address(), b.client.Address()))
	})
}

// current returns the clients of all Sentinels that are asked now, and a channel that is
// closed when that changes.
func (d *Deployment) current() (clients []*sentinel.Client, changed <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range d.membersLocked() {
		clients = append(clients, m.client)
	}
	return clients, d.changed
}

// announceLocked announces that a peer came or went. The caller holds the lock.
func (d *Deployment) announceLocked() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// Close closes the connections when the calls under way are done.
func (d *Deployment) Close() {
	d.mu.Lock()
	members := d.membersLocked()
	d.mu.Unlock()
	for _, m := range members {
		m.client.Close()
	}
}
