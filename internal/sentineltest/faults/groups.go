package faults

import (
	"slices"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// A release of Redis. A Valkey counts as 7.2.
type release struct{ major, minor int }

// since returns the first releases that can make some of the faults, by their names; and under
// the names of groups those on which a topology can be had.
func since() map[string]release {
	return map[string]release{
		"not permitted":                 {7, 0}, // the permission for a part of SENTINEL
		"no agreement on a dead master": {7, 0},
		"events refused":                {6, 2}, // ACL at a Sentinel
		"clients near the limit":        {6, 2}, // INFO has no maxclients
		"wrong auth-pass":               {6, 2}, // SENTINEL SET keeps the connections
		"copied id":                     {6, 2}, // SENTINEL MYID
		"TILT":                          {7, 0}, // SENTINEL DEBUG
		// Before, a link that was never up has been down since 1970, so that Sentinel promotes none.
		"replicas that never synchronized": {6, 2},
		"replica that has moved":           {7, 0}, // CONFIG SET bind
		"host names":                       {6, 2},
		"failovers":                        {7, 0}, // SENTINEL DEBUG
		"traps":                            {7, 0},
		"pauses":                           {6, 2}, // FAILOVER
	}
}

// GroupsOn returns what of the table can be made with servers of a version.
func GroupsOn(v sentineltest.Version) []Group {
	releases := since()
	missing := func(name string) bool { return !v.AtLeast(releases[name].major, releases[name].minor) }
	groups := slices.DeleteFunc(Groups(), func(g Group) bool { return missing(g.Name) })
	for i, g := range groups {
		groups[i].Faults = slices.DeleteFunc(g.Faults, func(f Fault) bool { return missing(f.Name) })
	}
	return groups
}

// Groups returns the table.
func Groups() []Group {
	const short = 3 * time.Second // failover-timeout
	scripts := []string{"sentinel deny-scripts-reconfig no", "maxclients 100"}
	return []Group{
		{
			Name:   "Sentinels",
			Config: sentineltest.Config{Replicas: 1, FailoverTimeout: short, SentinelConf: scripts},
			Faults: []Fault{
				{"Sentinel killed", killSentinel, withCause(warning("sentinel_unreachable"), warning("quorum_fragile")), nil},
				{"Sentinel hung", hangSentinel, withCause(warning("sentinel_unreachable"), warning("quorum_fragile")), nil},
				{"two Sentinels killed", killTwoSentinels, withCause(critical("sentinel_unreachable"), critical("quorum_unreachable", "majority_unreachable")), nil},
				{"not permitted", forbid, critical("sentinel_auth"), nil},
				{"TILT", tilt, warning("sentinel_tilt"), nil},
				{"failure simulation", simulateFailure, warning("failure_simulation"), nil},
				{"clients near the limit", fillClients, warning("sentinel_clients_near_limit"), nil},
				{"no place for a client", fillAllClients, warning("sentinel_unreachable"), askAnew},
				{"scripts wait", queueScripts, warning("sentinel_scripts_backlog"), nil},
				{"settings drift", driftSettings, warning("settings_drift"), nil},
				{"quorum 1", lowQuorum, warning("quorum_misconfigured"), nil},
				{"monitors nothing", removeMaster, withCause(warning("no_masters"), warning("quorum_fragile"), critical("master_missing")), nil},
				{"node of two masters", shareNode, withCause(critical("shared_node"), critical("shared_node")), nil},
			},
		},
		{
			Name:   "ids and ghosts",
			Aged:   time.Hour,
			Config: sentineltest.Config{Replicas: 2, FailoverTimeout: short},
			Faults: []Fault{
				{"Sentinel gone for good", ghostSentinel, withCause(warning("ghost_sentinels"), warning("quorum_fragile")), nil},
				{"replica gone for good", ghostReplica, withCause(warning("replica_down"), warning("ghost_replicas")), nil},
				{"Sentinel that takes no part", leaveOthers, withCause(warning("ghost_sentinels"), warning("quorum_fragile")), askTheOthers},
				{"replica announced wrongly", announceWrongly, warning("replica_down"), nil},
				{"Sentinels that do not hear of each other", muteHellos, withCause(critical("peers_unknown"), critical("quorum_unreachable")), nil},
				{"copied id", cloneID, withCause(critical("sentinel_id_duplicate"), warning("quorum_fragile", "quorum_misconfigured")), nil},
			},
		},
		{
			Name:   "data nodes",
			Config: sentineltest.Config{FailoverTimeout: short, MasterPassword: masterPassword},
			Faults: []Fault{
				{"replica killed", killReplica, warning("replica_down"), nil},
				{"no replica to promote", zeroPriorities, critical("no_promotable_replica"), nil},
				{"master killed, none to promote", killMasterWithoutHeir, slices.Concat(withCause(critical("master_odown"), warning("master_sdown")), withCause(critical("no_promotable_replica"), critical("failover_stuck"))), nil},
				{"replica without its link", breakReplication, warning("replica_link_down"), nil},
				{"promotion refused", refusePromotion, withCause(critical("master_odown"), warning("master_sdown"), critical("failover_stuck")), nil},
				{"replicas that never synchronized", neverSynchronize, slices.Concat(critical("failover_loses_data"), warning("replica_link_down")), nil},
				{"replica of another", chainReplica, warning("replica_wrong_master"), nil},
				{"INFO refused", refuseInfo, critical("master_info_missing"), nil},
				{"wrong auth-pass", wrongAuthPass, withCause(critical("master_answers_errors"), warning("master_sdown", "replica_answers_errors")), nil},
				{"replica that refuses PING", refusePing, warning("replica_answers_errors"), nil},
				{"busy script", runScript, busyScript(), nil},
			},
		},
		{
			Name:   "INFO",
			Config: sentineltest.Config{FailoverTimeout: short, MasterPassword: masterPassword},
			Faults: []Fault{
				{"replicas at one address", shareAddress, warning("replicas_overlooked"), nil},
				{"writes refused for want of replicas", starve, withCause(warning("replica_down"), critical("master_refuses_writes", "no_promotable_replica")), nil},
				{"master without memory", starveOfMemory, critical("master_refuses_writes"), nil},
				{"master that loads", loadMaster, critical("master_refuses_writes"), nil},
				{"old master that loads", loadOldMaster, warning("replica_loading"), nil},
			},
		},
		{
			Name:   "two masters",
			Config: sentineltest.Config{FailoverTimeout: short},
			Faults: []Fault{
				{"replica that is a master", looseReplica, critical("replica_role_mismatch"), nil},
				{"split view", splitView, withCause(critical("master_disagreement"), critical("master_role_mismatch"), warning("master_sdown")), nil},
				{"each Sentinel its own master", partAll, withCause(critical("master_disagreement"), critical("peers_unknown", "quorum_unreachable", "no_promotable_replica")), nil},
				// After a failover, which its hint is, the epochs would end a split view.
				{"no agreement on a dead master", refuseAgreement, withCause(critical("agreement_missing"), warning("master_sdown")), nil},
			},
		},
		{
			Name:   "addresses",
			Config: sentineltest.Config{Replicas: 1, FailoverTimeout: short, NodeConf: []string{"bind 127.0.0.1 " + secondIP}},
			Faults: []Fault{
				{"replica at two addresses", announceAgain, critical("node_listed_twice"), nil},
				{"replica that has moved", moveReplica, warning("replica_down"), nil},
			},
		},
		{
			Name:   "machines",
			Config: sentineltest.Config{FailoverTimeout: short, Hosts: onMachines},
			Faults: []Fault{
				{"failed over to most of the Sentinels", failOverTo, warning("single_point_of_failure"), nil},
			},
		},
		{
			Name:   "host names",
			Config: sentineltest.Config{Replicas: 1, FailoverTimeout: short, Host: "localhost"},
			Faults: []Fault{
				{"one Sentinel gives IP addresses", giveIPs, warning("master_disagreement"), nil},
				{"names that are resolved no more", stopResolving, withCause(warning("sentinel_restart_fails"), warning("peers_unknown", "quorum_unreachable", "replica_told_again")), nil},
				{"failover that never ends", failOverUnresolved, withCause(warning("sentinel_restart_fails"), warning("peers_unknown", "quorum_unreachable"), critical("failover_stuck")), nil},
				{"one replica twice", giveIPsAtOnce, slices.Concat(warning("sentinel_restart_fails", "master_disagreement"), critical("node_listed_twice")), nil},
			},
		},
		{
			Name:   "partitions",
			Config: sentineltest.Config{FailoverTimeout: short, Partitionable: true},
			Faults: []Fault{
				{"Sentinels cut off from each other", cutPeers, withCause(warning("peers_unreachable"), warning("peers_unreachable")), nil},
				{"Sentinel cut off from the master", cutMaster, warning("master_sdown"), nil},
				{"replica that lags", lagReplica, warning("replica_lagging"), nil},
			},
		},
		{
			Name:   "missed failovers",
			Config: sentineltest.Config{Replicas: 1, FailoverTimeout: short, Partitionable: true},
			Faults: []Fault{
				{"missed one", missFailovers(1), withCause(warning("quorum_unreachable"), critical("master_disagreement"), warning("master_sdown", "replica_down", "quorum_fragile", "majority_unreachable")), nil},
				{"missed two", missFailovers(2), withCause(warning("quorum_unreachable"), warning("epoch_disagreement", "master_sdown", "replica_down", "quorum_fragile", "majority_unreachable")), nil},
			},
		},
		{
			// Both times are longer than it takes to see that a node is down.
			Name:   "failovers",
			Config: sentineltest.Config{FailoverTimeout: 10 * time.Second, Timers: map[string]time.Duration{"slave-reconf-timeout": time.Minute}},
			Faults: []Fault{
				{"promoted replica killed", killPromoted, slices.Concat(
					withCause(critical("master_odown"), critical("failover_stuck"), warning("master_sdown", "replica_down")),
					withCause(warning("replica_down"), warning("master_sdown"))), nil},
			},
		},
		{
			// Nobody makes a replica again what another Sentinel has promoted, which takes four
			// publish periods; and no failover is given up while the next is made.
			Name:   "traps",
			Config: sentineltest.Config{FailoverTimeout: 20 * time.Second, Timers: map[string]time.Duration{"publish-period": 3 * time.Second}},
			Faults: []Fault{
				{"two leaders", twoLeaders, slices.Concat(critical("no_named_master"), warning("master_sdown")), nil},
			},
		},
		{
			Name:   "resets",
			Config: sentineltest.Config{Replicas: 2, FailoverTimeout: short, DownAfter: 4 * time.Second}, // for a busy machine to RESET more often
			Faults: []Fault{
				{"RESET again and again", resetAgain, critical("master_reset_again"), nil},
				{"RESET while the master is dead", forgetDeadMaster, withCause(critical("replicas_forgotten"), critical("no_promotable_replica", "peers_unknown", "quorum_unreachable", "agreement_missing"), warning("master_sdown")), nil},
			},
		},
		{
			// Long enough that the Sentinels begin new connections, by which they get INFO, well before they
			// hold the replica to be down, which hangs.
			Name:   "pauses",
			Config: sentineltest.Config{Replicas: 1, DownAfter: 30 * time.Second, FailoverTimeout: short},
			Faults: []Fault{
				{"balancer for a master", balanceMaster, withCause(critical("master_disagreement"), critical("master_role_mismatch"), warning("replica_wrong_master")), nil},
				{"FAILOVER at the master", failOverAtNode, critical("master_paused"), nil},
				{"master restarted empty", emptyMaster, critical("master_emptied"), nil},
			},
		},
		{
			Name:   "clients",
			Config: sentineltest.Config{Replicas: 1, SentinelConf: bindElsewhere()},
			Faults: []Fault{
				{"loopback given to clients", asIs, warning("loopback_address"), askFromElsewhere},
				{"events refused", refuseEvents, nil, nil},
			},
		},
	}
}

// busyScript are the findings on a master that runs a script, and that nobody can replace.
func busyScript() []Finding {
	return slices.Concat(
		withCause(critical("master_answers_errors"), critical("master_odown"), warning("master_sdown")),
		withCause(critical("no_promotable_replica"), critical("failover_stuck")))
}
