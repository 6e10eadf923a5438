package sentinel

// A FailoverState is the step of a failover that this Sentinel leads.
type FailoverState int

// The steps, in their order. A Sentinel that leads no failover does not send the field,
// which is FailoverNone.
const (
	FailoverNone FailoverState = iota
	FailoverWaitStart
	FailoverSelectReplica
	FailoverSendReplicaOfNoOne
	FailoverWaitPromotion
	FailoverReconfReplicas
	FailoverUpdateConfig
	FailoverUnknown // a word that this program does not know
)

// failoverStates returns the words of the protocol, in the order of the constants.
func failoverStates() [FailoverUnknown]string {
	return [...]string{
		"none", "wait_start", "select_slave", "send_slaveof_noone", "wait_promotion", "reconf_slaves", "update_config",
	}
}

func parseFailoverState(word string) FailoverState {
	for state, name := range failoverStates() {
		if name == word {
			return FailoverState(state)
		}
	}
	return FailoverUnknown
}

// String returns the word that Sentinel uses.
func (s FailoverState) String() string {
	if names := failoverStates(); s >= 0 && int(s) < len(names) {
		return names[s]
	}
	return "unknown"
}
