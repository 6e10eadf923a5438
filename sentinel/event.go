package sentinel

// The events that the exporter does more with than count and show them.
const (
	EventSwitchMaster      = "+switch-master"
	EventTryFailover       = "+try-failover"
	EventVoteForLeader     = "+vote-for-leader"
	EventElectedLeader     = "+elected-leader"
	EventSelectSlave       = "+failover-state-select-slave"
	EventSelectedSlave     = "+selected-slave"
	EventSendSlaveOfNoOne  = "+failover-state-send-slaveof-noone"
	EventWaitPromotion     = "+failover-state-wait-promotion"
	EventPromotedSlave     = "+promoted-slave"
	EventReconfSlaves      = "+failover-state-reconf-slaves"
	EventReconfSent        = "+slave-reconf-sent"
	EventReconfInProgress  = "+slave-reconf-inprog"
	EventReconfDone        = "+slave-reconf-done"
	EventConfigUpdateFrom  = "+config-update-from" // another Sentinel tells of a switch; +switch-master follows
	EventFailoverEnd       = "+failover-end"
	EventAbortNotElected   = "-failover-abort-not-elected"
	EventAbortNoGoodSlave  = "-failover-abort-no-good-slave"
	EventAbortSlaveTimeout = "-failover-abort-slave-timeout"
	// EventAbortMasterTimeout exists from Valkey 9.0 on.
	EventAbortMasterTimeout = "-failover-abort-master-timeout"
	EventFixReplicaConfig   = "+fix-slave-config"
	EventNewEpoch           = "+new-epoch"
	// The node reports another role than before: the one that it should have, or not.
	EventRoleRight = "+role-change"
	EventRoleWrong = "-role-change"
	// EventConvertToReplica: the Sentinel makes a master that has come back a replica.
	EventConvertToReplica = "+convert-to-slave"
	EventResetMaster      = "+reset-master"
	EventMonitor          = "+monitor"
	EventUnmonitor        = "-monitor"
	EventSDown            = "+sdown"
	EventSDownEnd         = "-sdown"
	EventODown            = "+odown"
	EventODownEnd         = "-odown"
	EventTilt             = "+tilt"
	EventTiltEnd          = "-tilt"
	EventScriptError      = "-script-error"
	EventScriptTimeout    = "-script-timeout"
	eventSet              = "+set"
)

// An Event is one message that a Sentinel published. Name and Raw are always set; other
// fields are empty if the event does not have them or could not be parsed.
type Event struct {
	Name   string // the channel, such as "+sdown"
	Master string // name of the master that it is about

	// The node that it is about: Kind is RoleMaster, RoleReplica or "sentinel"; Node is its
	// name, which is the address of a replica and the id of a Sentinel.
	Kind    string
	Node    string
	Address string
	// MasterAddress is the address of the master; in a switch, the old one.
	MasterAddress string
	// NewAddress is the address of the master after a switch.
	NewAddress string

	Epoch   Number // in +new-epoch and +vote-for-leader
	Details string // what follows the node, such as "#quorum 2/2"
	Raw     string // the whole payload, passwords hidden
}
