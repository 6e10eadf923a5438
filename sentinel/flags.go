package sentinel

import "strings"

// Flags is the set of states that Sentinel prints as a comma-separated list in the
// field "flags" (addReplySentinelRedisInstance in src/sentinel.c).
type Flags uint32

// The flags, in the order in which Sentinel prints them.
const (
	FlagSDown               Flags = 1 << iota // no valid reply to PING for longer than down-after
	FlagODown                                 // s_down here, and a quorum agrees; masters only
	FlagMaster                                // the entry is a master
	FlagReplica                               // the entry is a replica ("slave" on the wire)
	FlagSentinel                              // the entry is another Sentinel
	FlagDisconnected                          // the command or the Pub/Sub link is missing
	FlagMasterDown                            // this peer told us that the master is down
	FlagFailoverInProgress                    // this Sentinel leads a failover, or tries to
	FlagPromoted                              // the replica chosen to become the master
	FlagReconfSent                            // REPLICAOF was sent to this replica
	FlagReconfInProgress                      // the replica follows the new master, not yet in sync
	FlagReconfDone                            // the replica is in sync with the new master
	FlagForceFailover                         // SENTINEL FAILOVER started it; shown from 6.2.2 on
	FlagCoordinatedFailover                   // Valkey 9.0 and later
	FlagScriptKillSent                        // SCRIPT KILL was sent to a busy node
	FlagMasterReboot                          // the master came back with another run id; shown from 7.2 on
)

// flagNames returns the words of the protocol, by bit.
func flagNames() []string {
	return []string{
		"s_down", "o_down", RoleMaster, RoleReplica, "sentinel", "disconnected", "master_down",
		"failover_in_progress", "promoted", "reconf_sent", "reconf_inprog", "reconf_done",
		"force_failover", "coordinated_failover", "script_kill_sent", "master_reboot",
	}
}

// flagOf returns the bit of one word, 0 for a word this program does not know.
func flagOf(word string) Flags {
	switch word { // the common ones, which need no search
	case RoleMaster:
		return FlagMaster
	case RoleReplica:
		return FlagReplica
	case "sentinel":
		return FlagSentinel
	case "s_down":
		return FlagSDown
	case "o_down":
		return FlagODown
	case "disconnected":
		return FlagDisconnected
	}
	for bit, name := range flagNames() {
		if name == word {
			return 1 << bit
		}
	}
	return 0
}

// parseFlags parses the field "flags". It returns unknown words instead of an error: a newer
// Sentinel may have more flags.
func parseFlags(text string) (flags Flags, unknown []string) {
	for word := range strings.SplitSeq(text, ",") {
		if bit := flagOf(word); bit != 0 {
			flags |= bit
		} else if word != "" && len(unknown) < maxUnknown {
			unknown = append(unknown, word)
		}
	}
	return flags, unknown
}

// Has reports whether all of the given flags are set.
func (f Flags) Has(flags Flags) bool { return f&flags == flags }

// Any reports whether one of the given flags is set.
func (f Flags) Any(flags Flags) bool { return f&flags != 0 }

// String prints the flags as Sentinel does.
func (f Flags) String() string {
	var words []string
	for bit, name := range flagNames() {
		if f.Has(1 << bit) {
			words = append(words, name)
		}
	}
	return strings.Join(words, ",")
}
