package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// A mark is something that only one deployment can have.
type mark struct {
	kind markKind
	id   string
}

type markKind int

const (
	sentinelMark    markKind = iota // the id of a Sentinel
	nodeMark                        // the run id of a data node
	replicationMark                 // a replication id
)

// unsetID is the replication id of a node that has none yet.
const unsetID = "0000000000000000000000000000000000000000"

// A sighting is how a deployment knows a mark.
type sighting struct {
	id      string // of the mark
	address string
	given   bool   // a Sentinel that the file has for the deployment
	master  bool   // a data node that is a master, according to any Sentinel
	by      string // the address of the Sentinel that knows it
	others  bool   // know it, too
}

// A view is what one Sentinel that the file has for a deployment monitors.
type view struct {
	sentinel string   // its address
	id       string   // empty before Redis 6.2
	masters  []string // their run ids
}

// A census is what the snapshots of a deployment say of what only one can have. Its strings are copies.
type census struct {
	marks map[mark]*sighting
	views []view
}

// censusOf returns that of the snapshots of the Sentinels given for a deployment and of their peers.
func censusOf(snapshots []*sentinel.Snapshot, given []string) census {
	c := census{marks: make(map[mark]*sighting)}
	for _, s := range snapshots {
		by := strings.Clone(s.Sentinel)
		note := func(kind markKind, id, address string, as sighting) string {
			if id == "" || id == unsetID {
				return ""
			}
			known := c.marks[mark{kind, id}]
			if known == nil { // not an assignment to a key that there is: that would take over the text of the new one
				known = &sighting{id: strings.Clone(id), address: strings.Clone(address), by: by}
				c.marks[mark{kind, known.id}] = known
			}
			if address < known.address {
				known.address = strings.Clone(address)
			}
			known.given, known.master, known.others = known.given || as.given, known.master || as.master, known.others || known.by != by
			return known.id
		}
		v := view{sentinel: by}
		own := slices.Contains(given, s.Sentinel)
		if own {
			v.id = note(sentinelMark, s.ID, s.Sentinel, sighting{given: true})
		}
		for i := range s.Masters {
			m := &s.Masters[i]
			if id := note(nodeMark, m.RunID, m.Addr, sighting{master: true}); id != "" {
				v.masters = append(v.masters, id)
			}
			for j := range m.Replicas {
				note(nodeMark, m.Replicas[j].RunID, m.Replicas[j].Addr, sighting{})
			}
			for j := range m.Peers {
				note(sentinelMark, m.Peers[j].RunID, m.Peers[j].Addr, sighting{})
			}
			for j := range m.Cache {
				note(replicationMark, m.Cache[j].ReplicationID, "", sighting{})
			}
		}
		if own {
			c.views = append(c.views, v)
		}
	}
	return c
}

// A registry knows which deployments have which marks. The zero registry is empty.
type registry struct {
	mu     sync.Mutex // guards what is below, and the marks and views of the deployments
	owners map[mark][]owner
}

// An owner is a deployment that has a mark.
type owner struct {
	deployment *Deployment
	sighting
}

func (o owner) compare(name string) int { return strings.Compare(o.deployment.name, name) }

// note makes this the census of a deployment, unless it is forgotten.
func (r *registry) note(d *Deployment, c census) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d.forgotten {
		return
	}
	r.removeLocked(d)
	if r.owners == nil {
		r.owners = make(map[mark][]owner)
	}
	d.views = c.views
	for m, as := range c.marks {
		owners := r.owners[m]
		at, _ := slices.BinarySearchFunc(owners, d.name, owner.compare)
		r.owners[m] = slices.Insert(owners, at, owner{d, *as})
		d.marks = append(d.marks, m)
	}
	slices.SortFunc(d.marks, func(a, b mark) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id)) })
}

// forget removes a deployment that is not in the file any more, for good.
func (r *registry) forget(d *Deployment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d.forgotten = true
	r.removeLocked(d)
}

func (r *registry) removeLocked(d *Deployment) {
	for _, m := range d.marks {
		owners := slices.DeleteFunc(r.owners[m], func(o owner) bool { return o.deployment == d })
		if r.owners[m] = owners; len(owners) == 0 {
			delete(r.owners, m)
		}
	}
	d.marks, d.views = nil, nil
}

// sightingLocked returns how a deployment knows a mark, if it does. The caller has the lock.
func (r *registry) sightingLocked(d *Deployment, m mark) (as sighting, known bool) {
	owners := r.owners[m]
	at, known := slices.BinarySearchFunc(owners, d.name, owner.compare)
	if !known {
		return sighting{}, false
	}
	return owners[at].sighting, true
}

// mostOthers is how many other deployments are named.
const mostOthers = 3

// A sharedMark is a mark that other deployments have as well.
type sharedMark struct {
	id      string
	what    sharing
	address string
	others  []string // their names, the first of them
	more    int      // how many there are besides
}

// A sharing is what is wrong where two deployments have a mark.
type sharing int

const (
	unshared          sharing = iota // it follows from another mark
	givenTwice                       // a Sentinel is given for both
	strays                           // a Sentinel given here monitors only masters of the other one
	givenElsewhere                   // a Sentinel known here is given for the other one, and monitors only masters of this one
	foreignPeer                      // a Sentinel of the other one, which those of this one take for theirs
	takenPeer                        // a Sentinel given for this one, which those of the other one take for theirs
	sharedNode                       // a data node
	sharedReplication                // a replication id
)

// severity is that of the check's finding.
func (s sharing) severity() health.Status {
	switch s {
	case unshared:
		return health.OK
	case givenTwice, strays, givenElsewhere: // the file is wrong, and not the deployments
		return health.Warning
	default:
		return health.Critical
	}
}

// shared returns what a deployment shares with others. What follows from a Sentinel that the file has for the wrong
// one is left out.
func (r *registry) shared(d *Deployment) (shared []sharedMark) {
	r.mu.Lock()
	defer r.mu.Unlock()
	pairs := make(map[*Deployment]*pair)
	for _, m := range d.marks { // those of Sentinels are the first
		owners := r.owners[m]
		if len(owners) < 2 {
			continue
		}
		mine, _ := r.sightingLocked(d, m)
		var by [sharedReplication + 1]sharedMark
		for _, o := range owners {
			if o.deployment == d {
				continue
			}
			p := pairs[o.deployment]
			if p == nil {
				p = r.pairLocked(d, o.deployment)
				pairs[o.deployment] = p
			}
			s := &by[p.sharing(m, mine, o.sighting)]
			if len(s.others) < mostOthers {
				s.others = append(s.others, o.deployment.name)
			} else {
				s.more++
			}
		}
		for what := givenTwice; what <= sharedReplication; what++ {
			if s := by[what]; len(s.others) > 0 {
				s.id, s.what, s.address = m.id, what, mine.address
				shared = append(shared, s)
			}
		}
	}
	return shared
}

// A pair is what is known of two deployments together.
type pair struct {
	given         bool     // a Sentinel is given for both
	stray, guests []string // the addresses of the first one's Sentinels that stray to the other, and the other way round
}

func (r *registry) pairLocked(d, other *Deployment) *pair {
	for _, m := range d.marks {
		if m.kind != sentinelMark {
			break
		}
		mine, _ := r.sightingLocked(d, m)
		if theirs, both := r.sightingLocked(other, m); both && mine.given && theirs.given {
			return &pair{given: true}
		}
	}
	return &pair{stray: r.strayLocked(d, other), guests: r.strayLocked(other, d)}
}

// strayLocked returns the addresses of the Sentinels given for a deployment which those of the other one know, and
// which monitor masters of that one, and none that another Sentinel given for it monitors.
func (r *registry) strayLocked(d, other *Deployment) (stray []string) {
	for _, v := range d.views {
		_, known := r.sightingLocked(other, mark{sentinelMark, v.id})
		foreign := func(id string) bool {
			as, known := r.sightingLocked(other, mark{nodeMark, id})
			return !known || !as.master
		}
		atHome := func(w view) bool {
			return w.sentinel != v.sentinel && slices.ContainsFunc(w.masters, func(id string) bool { return slices.Contains(v.masters, id) })
		}
		if known && len(v.masters) > 0 && !slices.ContainsFunc(v.masters, foreign) && !slices.ContainsFunc(d.views, atHome) {
			stray = append(stray, v.sentinel)
		}
	}
	return stray
}

// sharing says what it means that both have a mark, of which mine is how the first one knows it.
func (p *pair) sharing(m mark, mine, theirs sighting) sharing {
	only := func(as sighting, sentinels []string) bool { return !as.others && slices.Contains(sentinels, as.by) }
	isSentinel := m.kind == sentinelMark
	switch {
	case isSentinel && mine.given && theirs.given:
		return givenTwice
	case p.given:
		return unshared
	case isSentinel && mine.given && slices.Contains(p.stray, mine.address):
		return strays
	case isSentinel && theirs.given && slices.Contains(p.guests, theirs.address) && len(p.stray) == 0:
		return givenElsewhere
	case only(mine, p.stray) || only(theirs, p.guests):
		return unshared
	case isSentinel && mine.given:
		return takenPeer
	case isSentinel:
		return foreignPeer
	case m.kind == nodeMark:
		return sharedNode
	}
	return sharedReplication
}

// elsewhere returns the shared marks as the checks take them.
func elsewhere(shared []sharedMark) health.Elsewhere {
	var e health.Elsewhere
	for _, s := range shared {
		to := map[sharing]*map[string]string{
			givenTwice: &e.Sentinels, strays: &e.Strays, givenElsewhere: &e.Given, foreignPeer: &e.Peers, takenPeer: &e.Taken, sharedNode: &e.Nodes, sharedReplication: &e.Replications,
		}[s.what]
		if *to == nil {
			*to = make(map[string]string)
		}
		words := strings.Join(s.others, ", ")
		if s.more > 0 {
			words += fmt.Sprintf(" and %d more", s.more)
		}
		(*to)[s.id] = words
	}
	return e
}

// A Shared is what a deployment has in common with another one, which is a mistake: the wrong
// REPLICAOF, MONITOR or configuration.
type Shared struct {
	// With is the name of the other deployment.
	With string `json:"with"`
	// Message says what both have.
	Message string `json:"message"`
}

// byOther returns shared marks by the other deployment, the first few of these.
func byOther(shared []sharedMark) (all []Shared) {
	var others []string
	for _, s := range shared {
		others = append(others, s.others...)
	}
	slices.Sort(others)
	others = slices.Compact(others)
	for _, other := range others[:min(len(others), mostOthers)] {
		all = append(all, Shared{other, sharedText(other, shared)})
	}
	return all
}

// worstOf returns the severity of the finding on what is shared, and what it is in words; OK if nothing is.
func worstOf(shared []sharedMark) (severity health.Status, text string) {
	for _, s := range shared {
		if one := s.what.severity(); one.Compare(severity) > 0 {
			severity, text = one, sharedText(s.others[0], shared)
		}
	}
	return severity, text
}

// sharedText says what is shared with another deployment.
func sharedText(other string, shared []sharedMark) string {
	addresses := make(map[sharing][]string)
	replication := ""
	more := 0
	for _, s := range shared {
		if slices.Contains(s.others, other) {
			more = max(more, s.more)
			addresses[s.what] = append(addresses[s.what], s.address)
			if s.what == sharedReplication {
				replication = s.id
			}
		}
	}
	var parts []string
	say := func(what sharing, noun, verb, verbs, rest string) {
		if list := addresses[what]; len(list) > 1 {
			parts = append(parts, "the "+noun+"s "+few(list)+" "+verbs+rest)
		} else if len(list) == 1 {
			parts = append(parts, "the "+noun+" "+list[0]+" "+verb+rest)
		}
	}
	say(sharedNode, "data node", "is", "are", " also in the deployment "+other)
	say(givenTwice, "Sentinel", "is", "are", " also in the deployment "+other)
	say(strays, "Sentinel", "monitors", "monitor", " the masters of the deployment "+other)
	say(givenElsewhere, "Sentinel", "is", "are", " given for the deployment "+other)
	if foreign := addresses[foreignPeer]; len(foreign) > 0 {
		parts = append(parts, "its Sentinels take "+few(foreign)+" of the deployment "+other+" for theirs")
	} else if taken := addresses[takenPeer]; len(taken) > 0 {
		parts = append(parts, "those of the deployment "+other+" take its Sentinels for theirs: "+few(taken))
	}
	if len(parts) == 0 {
		parts = append(parts, "the replication id "+replication+" is also in the deployment "+other)
	}
	text := strings.Join(parts, ", and ")
	if more > 0 {
		text += fmt.Sprintf(", and in %d more", more)
	}
	return text
}

// mostAddresses is how many Sentinels or nodes a message names.
const mostAddresses = 3

func few(addresses []string) string {
	slices.Sort(addresses)
	if more := len(addresses) - mostAddresses; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(addresses[:mostAddresses], ", "), more)
	}
	return strings.Join(addresses, ", ")
}
