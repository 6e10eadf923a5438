package deployment

import (
	"cmp"
	"errors"
	"maps"
	"net/netip"
	"slices"

	"redis_sentinel_exporter/sentinel"
)

// A Group is one master with all that belongs to it, as the Sentinels of a
// deployment see it together.
type Group struct {
	Name string // of the master, any bytes
	// Master is at the address that clients are given; MasterErr says why that is not
	// known.
	Master    Node
	MasterErr error
	// Replicas are sorted by address, and nil with the reason in ReplicasErr when no
	// Sentinel says which there are, and where. So are the Sentinels. These are at the
	// addresses that they announce to each other; one that nobody else knows is at
	// the address asked.
	Replicas     []Node
	ReplicasErr  error
	Sentinels    []Node
	SentinelsErr error
}

// A Node is a server of a group.
type Node struct {
	Addr string // host:port
	// Healthy is false when at least half of the Sentinels that know the node consider
	// it down or, of a replica, not linked to its master. A Sentinel that has
	// answered is healthy.
	Healthy bool
}

// errNoAddr says that a node is known and its address is not.
var errNoAddr = errors.New("one is at no address: its host name has not resolved, or it announces 0.0.0.0")

// Groups merges what the Sentinels say of each master, sorted by name. Of a master and
// its replicas those are believed that [Authoritative] returns; a replica that only some of
// them know is one.
func Groups(snapshots []*sentinel.Snapshot) []Group {
	names := make(map[string]bool)
	for _, s := range snapshots {
		for i := range s.Masters {
			names[s.Masters[i].Name] = true
		}
	}
	groups := make([]Group, 0, len(names))
	for _, name := range slices.Sorted(maps.Keys(names)) {
		all := ViewsOf(snapshots, name)
		g := Group{Name: name}
		g.addDataNodes(Authoritative(all))
		g.addSentinels(all)
		groups = append(groups, g)
	}
	return groups
}

// A poll counts how many know a node, and how many of these consider it well.
type poll struct{ known, well int }

func (p *poll) add(well bool) {
	p.known++
	if well {
		p.well++
	}
}

func (p *poll) healthy() bool { return 2*p.well > p.known }

// polls are kept by address.
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

// addDataNodes takes the master and its replicas from the views, which agree on
// the master's address.
func (g *Group) addDataNodes(views []View) {
	addr := views[0].Advertised()
	if !views[0].AdvertisedNode().HasAddr() {
		g.MasterErr = errNoAddr
	}
	var master poll
	replicas := make(polls)
	answered := false
	for _, v := range views {
		master.add(masterFault(v.Master, 0) == nil)
		if v.ReplicasErr != nil {
			g.ReplicasErr = v.ReplicasErr
			continue
		}
		complete := true
		for i := range v.Replicas {
			r := &v.Replicas[i]
			switch {
			case !r.HasAddr():
				g.ReplicasErr, complete = errNoAddr, false
			case r.Addr != addr:
				replicas.add(r.Addr, r.OK())
			}
		}
		answered = answered || complete
		// The old master is a replica to be, from before Sentinel lists it as one.
		if v.Addr != addr && v.HasAddr() {
			replicas.add(v.Addr, false)
		}
	}
	g.Master = Node{addr, master.healthy()}
	if answered {
		g.Replicas, g.ReplicasErr = replicas.nodes(), nil
	}
}

// A watcher is one Sentinel as it is known under its id.
type watcher struct {
	asked     string // the address at which it answered; empty if it did not
	announced polls  // by its peers
}

// addSentinels takes the Sentinels from all views: also one that is out of date
// is there.
func (g *Group) addSentinels(views []View) {
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
			g.SentinelsErr = v.PeersErr
			continue
		}
		complete := true
		for i := range v.Peers {
			p := &v.Peers[i]
			if !hasAnnounced(p) {
				if !answeredAs(views, p.RunID) {
					g.SentinelsErr, complete = errNoAddr, false
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
	g.SentinelsErr = nil
	nodes := make(polls)
	for _, w := range watchers {
		nodes.add(w.node())
	}
	g.Sentinels = nodes.nodes()
}

// hasAnnounced reports whether the Sentinel is known at an address. 0.0.0.0, which one
// announces that was given it as announce-ip, is whoever reads it.
func hasAnnounced(p *sentinel.Peer) bool {
	ip, err := netip.ParseAddr(p.Host)
	return p.HasAddr() && (err != nil || !ip.IsUnspecified())
}

// answeredAs reports whether the Sentinel with the id has answered itself, so that it is known
// at the address asked.
func answeredAs(views []View, id string) bool {
	return id != "" && slices.ContainsFunc(views, func(v View) bool { return v.Snapshot.ID == id })
}

// idOf is the id of a Sentinel that does not tell it, as before Redis 6.2, by the
// address that its peers know; that address itself when they do not.
func idOf(watchers map[string]*watcher, addr string) string {
	for id, w := range watchers {
		if w.announced[addr] != nil {
			return id
		}
	}
	return addr
}

// node is the address that most peers know, and whether the Sentinel is well.
func (w *watcher) node() (addr string, healthy bool) {
	var best poll
	for _, a := range slices.Sorted(maps.Keys(w.announced)) {
		if p := w.announced[a]; p.known > best.known {
			addr, best = a, *p
		}
	}
	return cmp.Or(addr, w.asked), w.asked != "" || best.healthy()
}

// ErrNoAnswer says that no Sentinel has answered, so that nothing is known.
var ErrNoAnswer = errors.New("no Sentinel has answered")

// Unanswered returns an error that says why no Sentinel of a deployment has
// answered; nil when one has.
func Unanswered(snapshots []*sentinel.Snapshot) error {
	errs := []error{ErrNoAnswer}
	for _, s := range snapshots {
		if s.Up() {
			return nil
		}
		errs = append(errs, s.Err)
	}
	return errors.Join(errs...)
}
