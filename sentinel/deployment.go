package sentinel

import (
	"context"
	"slices"
	"sync"
)

// A Deployment is the set of Sentinels that watch the same masters: those it was
// given, and with FollowPeers also those that these know. It is safe for
// concurrent use.
type Deployment struct {
	given []*member

	mu        sync.Mutex         // guards what is below, and the members
	follow    *Options           // for clients of the peers; nil to ask the given Sentinels only
	found     map[string]*member // the peers that are asked, by address
	aliases   map[string]alias   // by address: peers that are a Sentinel asked at another address
	preferred []string           // addresses, of the Sentinel whose answer was last used first
	changed   chan struct{}      // closed when a peer comes or goes; another takes its place
}

// A member is one Sentinel of a deployment.
type member struct {
	client *Client
	sighting
	users   int  // rounds that may ask it
	retired bool // to be closed by its last user
}

// NewDeployment takes the clients of its Sentinels, which it will close.
func NewDeployment(clients ...*Client) *Deployment {
	d := &Deployment{found: make(map[string]*member), aliases: make(map[string]alias), changed: make(chan struct{})}
	for _, client := range clients {
		d.given = append(d.given, &member{client: client})
	}
	return d
}

// Snapshots asks all Sentinels at once. It returns one snapshot for each by the
// end of the context: one that hangs costs nothing but its own. They are in the
// order of the clients, peers after them by their addresses.
func (d *Deployment) Snapshots(ctx context.Context) []*Snapshot {
	return d.gather(ctx, func(ctx context.Context, c *Client) *Snapshot { return c.Snapshot(ctx) }, nil)
}

// Preferred returns the addresses of the Sentinels whose answers discovery has
// used, the last one first. Where several say the same it takes the answer of the
// first of them.
func (d *Deployment) Preferred() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.preferred)
}

// prefer moves a Sentinel to the front.
func (d *Deployment) prefer(addr string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	others := slices.DeleteFunc(d.preferred, func(a string) bool { return a == addr || d.member(a) == nil })
	d.preferred = slices.Insert(others, 0, addr)
}

// member returns the Sentinel asked at an address, nil if there is none. The
// caller has the lock.
func (d *Deployment) member(addr string) *member {
	for _, m := range d.given {
		if m.client.Address() == addr {
			return m
		}
	}
	return d.found[addr]
}

// current returns the clients of all Sentinels that are asked now, and what is
// closed when these are no longer they.
func (d *Deployment) current() (clients []*Client, changed <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range d.given {
		clients = append(clients, m.client)
	}
	for _, m := range d.found {
		clients = append(clients, m.client)
	}
	return clients, d.changed
}

// announce says that a peer came or went. The caller has the lock.
func (d *Deployment) announce() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// Close closes the connections, after the calls under way.
func (d *Deployment) Close() {
	d.mu.Lock()
	members := slices.Clone(d.given)
	for _, m := range d.found {
		members = append(members, m)
	}
	d.mu.Unlock()
	for _, m := range members {
		m.client.Close()
	}
}
