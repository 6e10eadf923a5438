package alerts_test

import (
	"slices"
	"strings"
	"testing"
)

// An expectation is what people shall be told of a fault.
type expectation struct {
	page        []string // no other critical alert may be told
	may         []string // but these, by how long an attempt, or what mends it, lasts beside the scaled times of the rules
	morning     []string // warnings; others may come with them
	information []string
	silent      []string // alerts that fire, and that another one silences; those that may are told at most while it is mended
}

// receivers are those who are told, with what they shall be told.
func (e expectation) receivers() map[string][]string {
	return map[string][]string{"page": full(e.page), "morning": full(e.morning), "information": full(e.information)}
}

// all lists every alert that shall fire.
func (e expectation) all() []string {
	return slices.Concat(full(e.page), full(e.morning), full(e.information), full(e.silent))
}

// full returns the names of alerts as they are in the rules, in order.
func full(names []string) []string {
	var list []string
	for _, n := range names {
		list = append(list, "RedisSentinel"+n)
	}
	slices.Sort(list)
	return list
}

// What TestFaults does to exporters and without faults.
const (
	noExporterKnown  = "no exporter known"
	exporterKilled   = "exporter killed"
	configSpoiled    = "configuration file spoiled"
	targetRemoved    = "target removed"
	failedOverByHand = "failed over by hand"
	failedOverAgain  = "failed over again and again"
)

// expectations are by the names of the faults and of what is named above.
func expectations() map[string]expectation {
	morning := func(names ...string) expectation { return expectation{morning: names} }
	page := func(names ...string) expectation { return expectation{page: names} }
	return map[string]expectation{
		"Sentinel killed":        {morning: []string{"Down"}, silent: []string{"QuorumMarginZero"}},
		"Sentinel hung":          morning("Down"),
		"two Sentinels killed":   {page: []string{"BelowMajority"}, silent: []string{"QuorumUnreachable", "MajorityUnreachable", "TooFewVoters"}},
		"not permitted":          {morning: []string{"CredentialsRefused"}, silent: []string{"Down"}},
		"TILT":                   morning("Tilt"),
		"failure simulation":     morning("FailureSimulation"),
		"clients near the limit": morning("ClientsNearLimit"),
		"promotion refused": {
			page: []string{"MasterDown"}, may: []string{"FailoverStuck"},
			morning: []string{"FailoverAborted"}, silent: []string{"MasterSubjectivelyDown"},
		},
		"replica that refuses PING": morning("ReplicaDown"),
		"busy script": {
			page: []string{"MasterDown"}, morning: []string{"FailoverAborted"},
			silent: []string{"FailoverImpossible", "MasterSubjectivelyDown", "MasterAnswersErrors"},
		},
		"no place for a client": morning("Down"),
		"scripts wait":          morning("ScriptsBacklog"),
		"settings drift":        morning("SettingsDrift"),
		"quorum 1":              morning("QuorumMisconfigured"),
		"monitors nothing":      morning("MonitorsNothing", "MasterMissing"),
		"node of two masters":   page("SharedNode"),

		"Sentinel gone for good":                   morning("Ghosts"),
		"replica gone for good":                    morning("ReplicaDown"),
		"replica announced wrongly":                morning("ReplicaDown"),
		"Sentinel that takes no part":              {morning: []string{"Ghosts"}, silent: []string{"QuorumMarginZero"}},
		"copied id":                                morning("DuplicateId"),
		"Sentinels that do not hear of each other": {page: []string{"PeersUnknown"}, silent: []string{"QuorumUnreachable"}},

		"replica killed":        morning("ReplicaDown"),
		"no replica to promote": page("FailoverImpossible"),
		"master killed, none to promote": {
			page: []string{"MasterDown"}, morning: []string{"FailoverAborted"},
			silent: []string{"FailoverImpossible", "MasterSubjectivelyDown"},
		},
		"INFO refused":                     page("FailoverImpossible"),
		"replica without its link":         morning("ReplicaLinkDown"),
		"replicas that never synchronized": {page: []string{"FailoverLosesData"}, morning: []string{"ReplicaLinkDown"}},
		"replica of another":               morning("ReplicaWrongMaster"),
		"replicas at one address":          {}, // all is well until one of them is needed
		"writes refused for want of replicas": {
			// The times of the rules are scaled, and that of Sentinel's INFO is not.
			page: []string{"MasterRefusesWrites"}, may: []string{"FailoverImpossible"}, morning: []string{"ReplicaDown"},
		},
		"master without memory": page("MasterRefusesWrites"),
		"master that loads":     page("MasterRefusesWrites"),
		"old master that loads": {may: []string{"ReplicaRoleMismatch"}}, // when it has its data, until Sentinel has INFO of a replica
		"wrong auth-pass":       {morning: []string{"MasterAnswersErrors"}, silent: []string{"MasterSubjectivelyDown"}},

		"replica that is a master":      page("ReplicaRoleMismatch"),
		"no agreement on a dead master": {page: []string{"MasterDown"}, silent: []string{"MasterSubjectivelyDown"}},
		"split view":                    {page: []string{"Disagree"}, silent: []string{"MasterRoleMismatch"}},

		"each Sentinel its own master": {page: []string{"Disagree"}, may: []string{"PeersUnknown", "FailoverImpossible"}},

		"failed over to most of the Sentinels": morning("HostLoss"),

		"replica at two addresses":        page("NodeListedTwice"),
		"replica that has moved":          morning("ReplicaDown"),
		"names that are resolved no more": morning("RestartFails", "ReplicaToldAgain"), // the others see enough
		"failover that never ends":        {page: []string{"FailoverStuck"}, may: []string{"MasterRoleMismatch"}, morning: []string{"RestartFails"}},
		"one replica twice":               {page: []string{"NodeListedTwice"}, morning: []string{"RestartFails"}},
		"one Sentinel gives IP addresses": {}, // one node all the same

		"Sentinels cut off from each other": morning("PeersUnreachable"),
		"Sentinel cut off from the master":  morning("MasterSubjectivelyDown"),
		"replica that lags":                 morning("ReplicaLagging"),

		"missed one": {
			page: []string{"Disagree"}, may: []string{"ReplicaRoleMismatch"}, // the one that missed it may hear its replica say that it is the master
			silent: []string{"EpochsDisagree"},
		},
		"missed two": morning("EpochsDisagree"),

		"promoted replica killed": {page: []string{"MasterDown"}, silent: []string{"FailoverStuck", "FailoverImpossible"}},

		// The old master takes writes, and each of the two names another node, as long as the fault is being
		// made: but for the failovers, which Disagree and ReplicaRoleMismatch leave out, that is about as long as they wait.
		"two leaders": {page: []string{"NoNamedMaster"}, may: []string{"Disagree", "FailoverStuck", "ReplicaRoleMismatch"}},

		// The master is dead in both, and in one of them nobody ever finds it down.
		"RESET again and again": {page: []string{"MasterResetAgain"}, may: []string{"QuorumUnreachable", "FailoverImpossible", "PeersUnknown", "TooFewVoters"}},
		// On a busy machine it takes several.
		"RESET while the master is dead": {page: []string{"MasterDown", "PeersUnknown"}, may: []string{"MasterResetAgain"}},

		"master restarted empty": page("MasterEmptied"),
		"FAILOVER at the master": page("MasterPaused"),
		"balancer for a master":  page("MasterRoleMismatch"),

		"loopback given to clients": morning("LoopbackAddress"),
		"events refused":            morning("EventStreamDown"),

		"all Sentinels killed":                   {page: []string{"NoneAnswers"}, silent: []string{"BelowMajority", "Down"}},
		"one forgets the master, one is in TILT": {page: []string{"TooFewVoters"}, morning: []string{"MasterMissing", "MonitorsNothing", "Tilt"}},
		"two forget the master, the quorum is 1": {page: []string{"TooFewVoters"}, morning: []string{"MasterMissing", "MonitorsNothing"}},
		// When the first Sentinel has the master again, the others have not.
		"all forget the master":             {page: []string{"NothingMonitored"}, may: []string{"MonitorsNothing"}, silent: []string{"MonitorsNothing"}},
		"two Sentinels refuse the exporter": {morning: []string{"CredentialsRefused"}, silent: []string{"Down"}},
		"one command not permitted":         {morning: []string{"CredentialsRefused"}, silent: []string{"CommandFails"}},

		noExporterKnown:  page("ExporterAbsent"),
		configSpoiled:    morning("ConfigRefused"),
		targetRemoved:    morning("DeploymentVanished"),
		exporterKilled:   {page: []string{"NoExporterUp"}, silent: []string{"ExporterDown"}},
		failedOverByHand: {information: []string{"FailoverHappened"}},
		failedOverAgain:  morning("FailoverFlapping"),
	}
}

// TestEveryAlertIsProvoked: each alert of the rules is expected of something that
// TestFaults does for real, and each fault of the table is expected to lead to
// something.
func TestEveryAlertIsProvoked(t *testing.T) {
	t.Parallel()
	done := map[string]bool{
		noExporterKnown: true, exporterKilled: true, configSpoiled: true, targetRemoved: true,
		failedOverByHand: true, failedOverAgain: true,
	}
	for _, g := range groups() {
		for _, f := range g.Faults {
			done[f.Name] = true
		}
	}
	provoked := map[string]bool{
		"RedisSentinelWatchdog": true, // without a fault: it always fires, and TestFaults looks for it in the end
	}
	for name, e := range expectations() {
		if !done[name] {
			t.Errorf("%s: nobody makes it", name)
		}
		delete(done, name)
		for _, alert := range e.all() {
			provoked[alert] = true
		}
	}
	for name := range done {
		t.Errorf("%s: nothing is said of what it shall lead to", name)
	}
	for _, a := range readAlerts(t) {
		if !provoked[a.Alert] {
			t.Errorf("no real fault leads to %s", a.Alert)
		}
		delete(provoked, a.Alert)
	}
	for name := range provoked {
		t.Errorf("%s is expected, but no alert", name)
	}
}

// TestTimesAreRecorded: README.md says of each notification how long it took.
func TestTimesAreRecorded(t *testing.T) {
	t.Parallel()
	text := readFile(t, "README.md")
	for name, e := range expectations() {
		for receiver, alerts := range e.receivers() {
			for _, alert := range alerts {
				if row := "| " + name + " | " + alert + " | " + receiver + " | "; !strings.Contains(text, row) {
					t.Errorf("README.md has no row that begins with %q", row)
				}
			}
		}
	}
}
