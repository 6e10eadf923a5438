//go:build e2e

package alerts_test

// An expectation is what people shall be told of a fault.
type expectation struct {
	page    []string // no other critical alert may be told
	morning []string // warnings; others may come with them
	silent  []string // alerts that fire, and that another one silences
}

// expectations are by the names of the faults in the shared table, which are the
// same for findings and metrics.
func expectations() map[string]expectation {
	morning := func(names ...string) expectation { return expectation{morning: names} }
	page := func(names ...string) expectation { return expectation{page: names} }
	return map[string]expectation{
		"Sentinel killed":        {morning: []string{"Down"}, silent: []string{"QuorumMarginZero"}},
		"Sentinel hung":          morning("Down"),
		"two Sentinels killed":   {page: []string{"BelowMajority"}, silent: []string{"QuorumUnreachable", "MajorityUnreachable"}},
		"not permitted":          {morning: []string{"CredentialsRefused"}, silent: []string{"Down"}},
		"TILT":                   morning("Tilt"),
		"failure simulation":     morning("FailureSimulation"),
		"clients near the limit": morning("ClientsNearLimit"),
		"scripts wait":           morning("ScriptsBacklog"),
		"settings drift":         morning("SettingsDrift"),
		"quorum 1":               morning("QuorumMisconfigured"),
		"monitors nothing":       morning("MonitorsNothing", "MasterMissing"),
		"node of two masters":    page("SharedNode"),

		"Sentinel gone for good": morning("Ghosts"),
		"replica gone for good":  morning("ReplicaDown"),
		"copied id":              morning("DuplicateId"),

		"replica killed":        morning("ReplicaDown"),
		"no replica to promote": page("FailoverImpossible"),
		"master killed, none to promote": {
			page: []string{"FailoverImpossible", "MasterDown"}, morning: []string{"FailoverAborted"},
			silent: []string{"MasterSubjectivelyDown"},
		},
		"replica without its link": morning("ReplicaLinkDown"),
		"replica of another":       morning("ReplicaWrongMaster"),
		"wrong auth-pass":          {morning: []string{"MasterAnswersErrors"}, silent: []string{"MasterSubjectivelyDown"}},

		"replica that is a master": page("ReplicaRoleMismatch"),
		"split view":               page("Disagree", "MasterRoleMismatch"),

		"Sentinels cut off from each other": morning("PeersUnreachable"),
		"Sentinel cut off from the master":  morning("MasterSubjectivelyDown"),
		"replica that lags":                 morning("ReplicaLagging"),

		"missed one": {page: []string{"Disagree"}, silent: []string{"EpochsDisagree"}},
		"missed two": morning("EpochsDisagree"),

		"loopback given to clients": morning("LoopbackAddress"),
	}
}
