package deployment

import (
	"maps"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/sentinel"
)

const (
	// maxFound is the maximum number of peers that are asked besides the given
	// Sentinels. Real deployments have three, five or seven Sentinels.
	maxFound = 64
	// forgetAfter is how long a peer is asked after the last Sentinel named it. A RESET
	// makes a Sentinel forget the others for some seconds.
	forgetAfter = time.Minute
)

// A mention is the last time a peer was named by another Sentinel.
type mention struct {
	id    string // the id that the others have for the peer
	named time.Time
}

// An alias is another address of a Sentinel that is asked already.
type alias struct {
	id    string // of the Sentinel, as its peers name it
	runID string // of its process, if known
	of    string // the address at which it is asked
}

// holds reports whether the Sentinel that has answered is still the one of the alias: a load
// balancer may lead to another one. Before 6.2 a Sentinel tells only its run id.
func (a alias) holds(said *sentinel.Snapshot) bool {
	switch {
	case said.ID != "":
		return said.ID == a.id
	case said.Info != nil && said.Info.RunID != "":
		return said.Info.RunID == a.runID
	}
	return true
}

// FollowPeers makes the deployment also ask the Sentinels that the given ones know, and those
// that these know, and so on. They are asked with the options of the template, credentials
// included, except for its address. A peer is asked from the moment it is named until it has
// not been named for a minute. The given Sentinels are always asked.
//
// A Sentinel that answers at two addresses, such as a host name and an IP address, counts
// once. Two processes with the same id count as two.
func (d *Deployment) FollowPeers(template sentinel.Options) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.follow = &template
}

// joinPeers registers the round as a user of the peers that an answer names and that it has
// not asked yet, and returns them. If the answer shows that an alias is wrong, earlier answers
// may have named the peer of that alias, so joinPeers looks at these again.
func (d *Deployment) joinPeers(r *round, said *sentinel.Snapshot) []*member {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.follow == nil {
		return nil
	}
	answers := []*sentinel.Snapshot{said}
	if d.dropAliasesLocked(said) {
		answers = r.list(d.given)
	}
	var members []*member
	for _, s := range answers {
		for addr, id := range namedPeers(s) {
			if m := d.peerLocked(addr, id); m != nil && !r.asked[m] {
				r.useLocked(m)
				members = append(members, m)
			}
		}
	}
	return members
}

// dropAliasesLocked forgets the aliases that an answer has shown to be wrong, and reports
// whether there were any. The caller holds the lock.
func (d *Deployment) dropAliasesLocked(said *sentinel.Snapshot) bool {
	before := len(d.aliases)
	maps.DeleteFunc(d.aliases, func(_ string, a alias) bool { return a.of == said.Sentinel && said.Up() && !a.holds(said) })
	return len(d.aliases) < before
}

// namedPeers returns the ids of the peers that a Sentinel knows, by address.
func namedPeers(s *sentinel.Snapshot) map[string]string {
	named := make(map[string]string)
	for i := range s.Masters {
		for j := range s.Masters[i].Peers {
			p := &s.Masters[i].Peers[j]
			if p.HasAddr() {
				named[strings.ToLower(p.Addr)] = strings.Clone(p.RunID)
			}
		}
	}
	return named
}

// peerLocked returns the Sentinel to ask at an address; nil if it is asked at another address,
// or if there are too many. The caller holds the lock.
func (d *Deployment) peerLocked(addr, id string) *member {
	if m := d.memberLocked(addr); m != nil {
		return m
	}
	if a, known := d.aliases[addr]; known && a.id == id && d.memberLocked(a.of) != nil {
		return nil
	}
	if len(d.found) >= maxFound {
		return nil
	}
	options := *d.follow
	options.Address = strings.Clone(addr)
	m := &member{client: sentinel.NewClient(options), mention: mention{id: id, named: time.Now()}}
	d.found[options.Address] = m
	d.announceLocked()
	return m
}

// settlePeersLocked updates the peers after a round: it notes which were named, and stops
// asking those that are gone or are the same as another Sentinel. The caller holds the lock.
func (d *Deployment) settlePeersLocked(r *round) {
	if d.follow == nil || !r.anyUp() {
		return // without an answer no peer is known to be gone
	}
	for addr, id := range d.reached(r) {
		if m := d.found[addr]; m != nil {
			m.mention = mention{id: id, named: time.Now()}
		}
	}
	for _, addr := range slices.Sorted(maps.Keys(d.found)) {
		m := d.found[addr]
		if other := d.sameAs(r, m); other != "" {
			d.noteAliasLocked(addr, alias{id: m.id, runID: runID(r.answers[m]), of: other})
			d.retireLocked(addr)
			delete(r.answers, m)
		} else if time.Since(m.named) > forgetAfter {
			d.retireLocked(addr)
		}
	}
}

// reached returns the ids, by address, of the peers that can be reached from the given
// Sentinels, by following the peers that each names. If none of the given ones answers, it
// starts from the peers that do.
func (d *Deployment) reached(r *round) map[string]string {
	reached := make(map[string]string)
	var next []*sentinel.Snapshot
	for _, m := range d.given {
		if s := r.answers[m]; s != nil && s.Up() {
			next = append(next, s)
		}
	}
	if len(next) == 0 {
		for addr, m := range d.found {
			if s := r.answers[m]; s != nil && s.Up() {
				next = append(next, s)
				reached[addr] = m.id
			}
		}
	}
	for len(next) > 0 {
		s := next[0]
		next = next[1:]
		for addr, id := range namedPeers(s) {
			if _, known := reached[addr]; known {
				continue
			}
			reached[addr] = id
			if answer := r.answers[d.found[addr]]; answer != nil {
				next = append(next, answer)
			}
		}
	}
	return reached
}

// anyUp reports whether a Sentinel has answered.
func (r *round) anyUp() bool {
	for _, s := range r.answers {
		if s.Up() {
			return true
		}
	}
	return false
}

// sameAs returns the address of the Sentinel that is the same as this peer and comes before
// it in the order of the snapshots; empty if there is none.
func (d *Deployment) sameAs(r *round, m *member) string {
	mine := r.answers[m]
	if mine == nil || !mine.Up() {
		return ""
	}
	for _, s := range r.list(d.given) {
		if s == mine {
			break
		}
		if s.Up() && sameSentinel(s, mine) {
			return s.Sentinel
		}
	}
	return ""
}

// sameSentinel reports whether two snapshots are of one Sentinel. The id is not enough, since
// a Sentinel whose files were copied has the id of the original; the run ids of two
// processes always differ.
func sameSentinel(a, b *sentinel.Snapshot) bool {
	if a.ID != b.ID {
		return false
	}
	if a.Info != nil && b.Info != nil && a.Info.RunID != "" && b.Info.RunID != "" {
		return a.Info.RunID == b.Info.RunID
	}
	return a.ID != ""
}

func runID(s *sentinel.Snapshot) string {
	if s.Info == nil {
		return ""
	}
	return s.Info.RunID
}

func (d *Deployment) noteAliasLocked(addr string, a alias) {
	if len(d.aliases) >= maxFound {
		clear(d.aliases) // those that are still right are found again
	}
	d.aliases[addr] = a
}

// retireLocked stops asking a peer. Its last user closes the client.
func (d *Deployment) retireLocked(addr string) {
	m := d.found[addr]
	delete(d.found, addr)
	d.announceLocked()
	if m.uses.Retire() {
		m.client.Close() // does not block: no call is under way
	}
}
