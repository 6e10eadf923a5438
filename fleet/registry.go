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
	sentinelMark    markKind = iota // the id of a Sentinel that is given for the deployment
	nodeMark                        // the run id of a data node
	replicationMark                 // a replication id
)

// unsetID is the replication id of a node that has none yet.
const unsetID = "0000000000000000000000000000000000000000"

// marksOf returns the marks in the snapshots of the Sentinels given for a deployment and of their peers, with
// the address that has each, where there is one. The strings are copies.
func marksOf(snapshots []*sentinel.Snapshot, given []string) map[mark]string {
	marks := make(map[mark]string)
	note := func(kind markKind, id, address string) {
		if id == "" || id == unsetID {
			return
		}
		if old, known := marks[mark{kind, id}]; !known || address < old {
			marks[mark{kind, strings.Clone(id)}] = strings.Clone(address)
		}
	}
	for _, s := range snapshots {
		if slices.Contains(given, s.Sentinel) {
			note(sentinelMark, s.ID, s.Sentinel)
		}
		for i := range s.Masters {
			m := &s.Masters[i]
			note(nodeMark, m.RunID, m.Addr)
			for j := range m.Replicas {
				note(nodeMark, m.Replicas[j].RunID, m.Replicas[j].Addr)
			}
			for j := range m.Cache {
				note(replicationMark, m.Cache[j].ReplicationID, "")
			}
		}
	}
	return marks
}

// A registry knows which deployments have which marks. The zero registry is empty.
type registry struct {
	mu     sync.Mutex // guards what is below, and the marks of the deployments
	owners map[mark][]owner
}

// An owner is a deployment that has a mark.
type owner struct {
	deployment *Deployment
	address    string
}

func (o owner) compare(name string) int { return strings.Compare(o.deployment.name, name) }

// note makes these the marks of a deployment, unless it is forgotten.
func (r *registry) note(d *Deployment, marks map[mark]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d.forgotten {
		return
	}
	r.removeLocked(d)
	if r.owners == nil {
		r.owners = make(map[mark][]owner)
	}
	for m, address := range marks {
		owners := r.owners[m]
		at, _ := slices.BinarySearchFunc(owners, d.name, owner.compare)
		r.owners[m] = slices.Insert(owners, at, owner{d, address})
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
	d.marks = nil
}

// mostOthers is how many other deployments are named.
const mostOthers = 3

// A sharedMark is a mark that other deployments have as well.
type sharedMark struct {
	mark
	address string
	others  []string // their names, the first of them
	more    int      // how many there are besides
}

// shared returns what a deployment shares with others. If two have a Sentinel in common that
// is given for both, their nodes follow from that.
func (r *registry) shared(d *Deployment) (shared []sharedMark) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range d.marks { // those of Sentinels are the first
		owners := r.owners[m]
		if len(owners) < 2 {
			continue
		}
		s := sharedMark{mark: m}
		for _, o := range owners {
			switch {
			case o.deployment == d:
				s.address = o.address
			case m.kind != sentinelMark && r.sameSentinelLocked(d, o.deployment):
			case len(s.others) < mostOthers:
				s.others = append(s.others, o.deployment.name)
			default:
				s.more++
			}
		}
		if len(s.others) > 0 {
			shared = append(shared, s)
		}
	}
	return shared
}

// sameSentinelLocked reports whether a Sentinel is given for both. The caller has the lock.
func (r *registry) sameSentinelLocked(d, other *Deployment) bool {
	for _, m := range d.marks {
		if m.kind != sentinelMark {
			return false
		}
		if _, both := slices.BinarySearchFunc(r.owners[m], other.name, owner.compare); both {
			return true
		}
	}
	return false
}

// elsewhere returns the shared marks as the checks take them.
func elsewhere(shared []sharedMark) health.Elsewhere {
	var e health.Elsewhere
	for _, s := range shared {
		to := map[markKind]*map[string]string{sentinelMark: &e.Sentinels, nodeMark: &e.Nodes, replicationMark: &e.Replications}[s.kind]
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
		if one := s.kind.severity(); one.Compare(severity) > 0 {
			severity, text = one, sharedText(s.others[0], shared)
		}
	}
	return severity, text
}

// severity is that of the check on what is shared.
func (k markKind) severity() health.Status {
	if k == sentinelMark {
		return health.Warning
	}
	return health.Critical
}

// sharedText says what is shared with another deployment.
func sharedText(other string, shared []sharedMark) string {
	var sentinels, nodes, parts []string
	replication := ""
	more := 0
	for _, s := range shared {
		if !slices.Contains(s.others, other) {
			continue
		}
		more = max(more, s.more)
		switch s.kind {
		case sentinelMark:
			sentinels = append(sentinels, s.address)
		case nodeMark:
			nodes = append(nodes, s.address)
		case replicationMark:
			replication = s.id
		}
	}
	if len(nodes) > 0 {
		parts = append(parts, "the data node "+few(nodes))
	}
	if len(sentinels) > 0 {
		parts = append(parts, "the Sentinel "+few(sentinels))
	}
	if len(parts) == 0 {
		parts = append(parts, "the replication id "+replication)
	}
	text := strings.Join(parts, ", and ") + " is also in the deployment " + other
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
