package canstop

// A Layout is what a deployment has on which machine.
type Layout struct {
	hosts    *hosts
	machines []machine // by hostID, of those that the Sentinels know
	mixed    bool      // see machines
	masters  []masterParts
	held     map[hostID][]int // the masters that a machine holds something of; nil until somebody asks
	err      error            // no Sentinel has answered
}

// masterParts is a master with all that is known to belong to it.
type masterParts struct {
	name       string
	node       placedNode   // that clients are sent to
	fault      string       // why it takes no writes as it is; empty when nothing says so
	moving     bool         // a failover is under way
	sure       bool         // all is known that could decide
	candidates []candidate  // the Sentinels that answered and monitor it
	sentinels  []placedNode // all that are known, the dead ones included
	replicas   []placedNode // all that are listed
	unsettled  []string     // what has not come back, or has not been told yet
}

// A placedNode is a server on a machine.
type placedNode struct {
	addr string
	host hostID
}

// A candidate is a Sentinel that could lead a failover of one master, with what it says of it.
type candidate struct {
	sentinel placedNode
	tilt     bool // it neither agrees nor leads
	agrees   bool // on which node is the master
	quorum   int
	needed   int // votes to lead a failover
	voters   []voter
	heirs    []heir         // in the order in which it would promote them
	others   []unpromotable // replicas that it would not promote
	hidden   bool           // it may have replicas that it does not list
}

// A voter is another Sentinel, as a candidate sees it.
type voter struct {
	placedNode
	answers bool   // PING
	agrees  belief // would say that the master is down
	votes   belief
}

// An heir is a replica that can be promoted.
type heir struct {
	placedNode
	empty    bool // it has none of the master's data
	priority int64
}

// An unpromotable is a replica that would not be promoted, and why.
type unpromotable struct {
	placedNode
	reason string
}
