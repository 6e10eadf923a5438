package canstop

// A Layout is what a deployment has on which machine.
type Layout struct {
	hosts    *hosts
	machines []machine // by hostID, of those that the Sentinels know
	masters  []master
	err      error // no Sentinel has answered
}

// A master with all that is known to belong to it.
type master struct {
	name      string
	node      node     // that clients are sent to
	fault     string   // why it takes no writes as it is; empty when nothing says so
	moving    bool     // a failover is under way
	views     []view   // of the Sentinels that answered and monitor it
	sentinels []node   // all that are known, the dead ones included
	replicas  []node   // all that are listed
	unsettled []string // what has not come back, or has not been told yet
}

// A node is a server on a machine.
type node struct {
	addr string
	host hostID
}

// A view is one Sentinel's, of one master.
type view struct {
	sentinel node
	tilt     bool // it neither agrees nor leads
	agrees   bool // on which node is the master
	quorum   int
	needed   int // votes to lead a failover
	peers    []peer
	heirs    []heir    // in the order in which it would promote them
	others   []refusal // replicas that it would not promote
	hidden   bool      // it may have replicas that it does not list
}

// A peer is another Sentinel, as one Sentinel sees it.
type peer struct {
	node
	answers bool   // PING
	agrees  belief // would say that the master is down
	votes   belief
}

// A heir is a replica that can be promoted.
type heir struct {
	node
	empty    bool // it has none of the master's data
	priority int64
}

// A refusal is why a replica would not be promoted.
type refusal struct {
	node
	reason string
}
