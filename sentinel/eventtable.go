package sentinel

import "strings"

// A shape is the structure of the payload of an event.
type shape int

const (
	shapeText     shape = iota // free text, not about a master
	shapeInstance              // TYPE NAME IP PORT [@ MASTER IP PORT], then a known number of words
	shapeSet                   // the same, followed by an option and its values
	shapeSwitch                // MASTER IP PORT IP PORT
	shapeEpoch                 // EPOCH
	shapeVote                  // ID EPOCH
)

// An eventLayout is the structure of one event.
type eventLayout struct {
	name  string
	shape shape
	words int // how many follow the instance
}

// eventTable has every event that a Sentinel of Redis 2.8 to 8 or of Valkey 7 to 9
// publishes.
func eventTable() []eventLayout {
	return []eventLayout{
		{EventMonitor, shapeInstance, 2}, // quorum 2
		{EventUnmonitor, shapeInstance, 0},
		{eventSet, shapeSet, 2},
		{EventResetMaster, shapeInstance, 0},
		{"+slave", shapeInstance, 0},
		{"+sentinel", shapeInstance, 0},
		{"+sentinel-address-switch", shapeInstance, 6}, // ip IP port PORT for ID
		{"+sentinel-address-update", shapeInstance, 4}, // 2 additional matching instances
		{"+sentinel-invalid-addr", shapeInstance, 0},
		{"-dup-sentinel", shapeInstance, 5}, // #duplicate of IP:PORT or ID
		{"+reboot", shapeInstance, 0},
		{"+role-change", shapeInstance, 5}, // new reported role is slave
		{"-role-change", shapeInstance, 5},
		{EventSDown, shapeInstance, 0},
		{EventSDownEnd, shapeInstance, 0},
		{EventODown, shapeInstance, 2}, // #quorum 2/2
		{EventODownEnd, shapeInstance, 0},
		{EventNewEpoch, shapeEpoch, 0},
		{EventTryFailover, shapeInstance, 0},
		{EventVoteForLeader, shapeVote, 0},
		{EventElectedLeader, shapeInstance, 0},
		{EventSelectSlave, shapeInstance, 0},
		{EventSelectedSlave, shapeInstance, 0},
		{EventSendSlaveOfNoOne, shapeInstance, 0},
		{EventWaitPromotion, shapeInstance, 0},
		{EventPromotedSlave, shapeInstance, 0},
		{EventReconfSlaves, shapeInstance, 0},
		{EventReconfSent, shapeInstance, 0},
		{EventReconfInProgress, shapeInstance, 0},
		{EventReconfDone, shapeInstance, 0},
		{"+slave-reconf-sent-be", shapeInstance, 0},
		{"-slave-reconf-sent-timeout", shapeInstance, 0},
		{"+failover-end-for-timeout", shapeInstance, 0},
		{EventFailoverEnd, shapeInstance, 0},
		{EventSwitchMaster, shapeSwitch, 0},
		{EventConfigUpdateFrom, shapeInstance, 0},
		{EventAbortNotElected, shapeInstance, 0},
		{EventAbortNoGoodSlave, shapeInstance, 0},
		{EventAbortSlaveTimeout, shapeInstance, 0},
		{EventAbortMasterTimeout, shapeInstance, 0},
		{EventConvertToReplica, shapeInstance, 0},
		{EventFixReplicaConfig, shapeInstance, 0},
		{EventTilt, shapeText, 0},
		{EventTiltEnd, shapeText, 0},
		{EventScriptError, shapeText, 0},
		{EventScriptTimeout, shapeText, 0},
	}
}

// EventNames returns the names of all known events. A Sentinel that is newer than the exporter
// may publish others.
func EventNames() []string {
	table := eventTable()
	names := make([]string, len(table))
	for i := range table {
		names[i] = table[i].name
	}
	return names
}

// isSetOption reports whether a word is an option of SENTINEL SET, whatever its case.
func isSetOption(word string) bool {
	switch strings.ToLower(word) {
	case "quorum", "down-after-milliseconds", "failover-timeout", "parallel-syncs", "auth-pass", "auth-user",
		"notification-script", "client-reconfig-script", "rename-command",
		"master-reboot-down-after-period", "primary-reboot-down-after-period":
		return true
	}
	return false
}
