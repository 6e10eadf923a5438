package sentinel

// The events that are more to the exporter than a line to show.
const (
	EventSwitchMaster      = "+switch-master"
	EventTryFailover       = "+try-failover"
	EventElectedLeader     = "+elected-leader"
	EventFailoverEnd       = "+failover-end"
	EventAbortNotElected   = "-failover-abort-not-elected"
	EventAbortNoGoodSlave  = "-failover-abort-no-good-slave"
	EventAbortSlaveTimeout = "-failover-abort-slave-timeout"
	// EventAbortMasterTimeout is of Valkey 9.0 and later.
	EventAbortMasterTimeout = "-failover-abort-master-timeout"
	EventNewEpoch           = "+new-epoch"
	EventResetMaster        = "+reset-master"
	EventMonitor            = "+monitor"
	EventUnmonitor          = "-monitor"
	EventSDown              = "+sdown"
	EventSDownEnd           = "-sdown"
	EventODown              = "+odown"
	EventODownEnd           = "-odown"
	EventTilt               = "+tilt"
	EventTiltEnd            = "-tilt"
	EventScriptError        = "-script-error"
	EventScriptTimeout      = "-script-timeout"
	eventSet                = "+set"
)

// An Event is one message that a Sentinel published. What it does not say, or
// what could not be read out of it, is empty: Name and Raw are always there.
type Event struct {
	Name   string // the channel, such as "+sdown"
	Master string // name of the master that it is about

	// The node that it is about: RoleMaster, RoleReplica or "sentinel"; its name, which
	// is the address for a replica and the id for a Sentinel; and its address.
	Kind    string
	Node    string
	Address string
	// MasterAddress is where the master was; of a switch it is the old address.
	MasterAddress string
	// NewAddress is where the master is after a switch.
	NewAddress string

	Epoch   Number // of +new-epoch and +vote-for-leader
	Details string // what follows the node, such as "#quorum 2/2"
	Raw     string // the whole payload
}
