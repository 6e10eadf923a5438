package deployment

import (
	"cmp"
	"errors"
	"maps"
	"net/netip"
	"slices"

	"redis_sentinel_exporter/sentinel"
)

// A MergedMaster is one master with its replicas and Sentinels, merged from all views.
type MergedMaster struct {
	Name string // of the master; any bytes
	// Master has the address that clients are given; MasterErr says why it is not known.
	Master    Node
	MasterErr error
	// Replicas and Sentinels are sorted by address. Each is nil if no Sentinel has a
	// complete list; then the error says why. Sentinels have the addresses that they
	// announce to each other; one that no other knows has the address that was asked.
	Replicas     []Node
	ReplicasErr  error
	Sentinels    []Node
	SentinelsErr error
}

// A Node is a server that belongs to a master.
type Node struct {
	Addr string // host:port
	// Healthy is false if at least half of the Sentinels that know the node consider it
	// down or, if it is a replica, not linked to its master. A Sentinel that has
	// answered is healthy.
	Healthy bool
}

// errNoAddr means that a node is known but its address is not.
var errNoAddr = errors.New("one is at no address: its host name has not resolved, or it announces 0.0.0.0")

// MergedMasters merges the views of each master, sorted by name. The master and its replicas come
// from the views that [Authoritative] returns, including replicas that only some of them
// have; the Sentinels come from all views.
func MergedMasters(snapshots []*sentinel.Snapshot) []MergedMaster {
	masters := ByMaster(snapshots)
	merged := make([]MergedMaster, 0, len(masters))
	for _, views := range masters {
		m := MergedMaster{Name: views.Name}
		m.addDataNodes(Authoritative(views.Views))
		m.addSentinels(views.Views)
		merged = append(merged, m)
	}
	return merged
}

// A poll counts the Sentinels that know a node, and those that consider it healthy.
type poll struct{ known, well int }

func (p *poll) add(well bool) {
	p.known++
	if well {
		p.well++
	}
}

func (p *poll) healthy() bool { return 2*p.well > p.known }

// polls maps addresses to polls.
type polls map[string]*poll

func (p polls) add(addr string, well bool) {
	if p[addr] == nil {
		p[addr] = &poll{}
	}
	p[addr].add(well)
}

func (p polls) nodes() []Node {
	nodes := make([]Node, 0, len(p))
	for _, addr := range slices.Sorted(maps.Keys(p)) {
		nodes = append(nodes, Node{addr, p[addr].healthy()})
	}
	return nodes
}

// addDataNodes adds the master and its replicas from views that agree on the master's
// address.
func (m *MergedMaster) addDataNodes(views []View) {
	addr := views[0].Advertised()
	if !views[0].AdvertisedNode().HasAddr() {
		m.MasterErr = errNoAddr
	}
	var master poll
	replicas := make(polls)
	answered := false
	for _, v := range views {
		master.add(masterFault(v.Master, 0) == nil)
		if v.ReplicasErr != nil {
			m.ReplicasErr = v.ReplicasErr
			continue
		}
		complete := true
		for i := range v.Replicas {
			r := &v.Replicas[i]
			switch {
			case !r.HasAddr():
				m.ReplicasErr, complete = errNoAddr, false
			case r.Addr != addr:
				replicas.add(r.Addr, r.OK())
			}
		}
		answered = answered || complete
		// The old master will be a replica; until Sentinel lists it, it is down.
		if v.Addr != addr && v.HasAddr() {
			replicas.add(v.Addr, false)
		}
	}
	m.Master = Node{addr, master.healthy()}
	if answered {
		m.Replicas, m.ReplicasErr = replicas.nodes(), nil
	}
}

// A watcher is one Sentinel, identified by its id.
type watcher struct {
	asked     string // the address at which it answered; empty if it did not
	announced polls  // the addresses at which its peers know it
}

// addSentinels adds the Sentinels from all views: even one that is out of date is running.
func (m *MergedMaster) addSentinels(views []View) {
	watchers := make(map[string]*watcher)
	at := func(id string) *watcher {
		if watchers[id] == nil {
			watchers[id] = &watcher{announced: make(polls)}
		}
		return watchers[id]
	}
	answered := false
	for _, v := range views {
		if v.PeersErr != nil {
			m.SentinelsErr = v.PeersErr
			continue
		}
		complete := true
		for i := range v.Peers {
			p := &v.Peers[i]
			if !hasAnnounced(p) {
				if !answeredAs(views, p.RunID) {
					m.SentinelsErr, complete = errNoAddr, false
				}
				continue
			}
			at(p.RunID).announced.add(p.Addr, !p.Flags.Any(sentinel.FlagSDown))
		}
		answered = answered || complete
	}
	for _, v := range views {
		at(cmp.Or(v.Snapshot.ID, idOf(watchers, v.Snapshot.Sentinel))).asked = v.Snapshot.Sentinel
	}
	if !answered {
		return
	}
	m.SentinelsErr = nil
	nodes := make(polls)
	for _, w := range watchers {
		nodes.add(w.node())
	}
	m.Sentinels = nodes.nodes()
}

// hasAnnounced reports whether the peer announces a usable address. 0.0.0.0, which may be its
// announce-ip, means whichever machine reads it.
func hasAnnounced(p *sentinel.Peer) bool {
	ip, err := netip.ParseAddr(p.Host)
	return p.HasAddr() && (err != nil || !ip.IsUnspecified())
}

// answeredAs reports whether the Sentinel with the id has answered, so that the address that
// was asked can be used.
func answeredAs(views []View, id string) bool {
	return id != "" && slices.ContainsFunc(views, func(v View) bool { return v.Snapshot.ID == id })
}

// idOf returns the id of a Sentinel before Redis 6.2, which does not tell it: the id that
// its peers have for addr, or addr if they do not know it.
func idOf(watchers map[string]*watcher, addr string) string {
	for id, w := range watchers {
		if w.announced[addr] != nil {
			return id
		}
	}
	return addr
}

// node returns the address that most peers know, and whether the Sentinel is healthy.
func (w *watcher) node() (addr string, healthy bool) {
	var best poll
	for _, a := range slices.Sorted(maps.Keys(w.announced)) {
		if p := w.announced[a]; p.known > best.known {
			addr, best = a, *p
		}
	}
	return cmp.Or(addr, w.asked), w.asked != "" || best.healthy()
}
