package faults

import (
	"slices"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// Groups returns the table.
func Groups() []Group {
	const short = 3 * time.Second // failover-timeout
	scripts := []string{"sentinel deny-scripts-reconfig no", "maxclients 100"}
	return []Group{
		{
			Name:   "Sentinels",
			Config: sentineltest.Config{Replicas: 1, FailoverTimeout: short, SentinelConf: scripts},
			Faults: []Fault{
				{"Sentinel killed", killSentinel, warning("sentinel_unreachable", "quorum_fragile"), nil},
				{"Sentinel hung", hangSentinel, warning("sentinel_unreachable", "quorum_fragile"), nil},
				{"two Sentinels killed", killTwoSentinels, critical("sentinel_unreachable", "quorum_unreachable", "majority_unreachable"), nil},
				{"not permitted", forbid, critical("sentinel_auth"), nil},
				{"TILT", tilt, warning("sentinel_tilt"), nil},
				{"failure simulation", simulateFailure, warning("failure_simulation"), nil},
				{"clients near the limit", fillClients, warning("sentinel_clients_near_limit"), nil},
				{"scripts wait", queueScripts, warning("sentinel_scripts_backlog"), nil},
				{"settings drift", driftSettings, warning("settings_drift"), nil},
				{"quorum 1", lowQuorum, warning("quorum_misconfigured"), nil},
				{"monitors nothing", removeMaster, slices.Concat(warning("no_masters", "quorum_fragile"), critical("master_missing")), nil},
				{"node of two masters", shareNode, critical("shared_node"), nil},
			},
		},
		{
			Name:   "ids and ghosts",
			Config: sentineltest.Config{Replicas: 2, FailoverTimeout: short},
			Faults: []Fault{
				{"Sentinel gone for good", ghostSentinel, warning("ghost_sentinels", "quorum_fragile"), nil},
				{"replica gone for good", ghostReplica, warning("replica_down", "ghost_replicas"), nil},
				{"copied id", cloneID, slices.Concat(critical("sentinel_id_duplicate"), warning("quorum_fragile", "quorum_misconfigured")), nil},
			},
		},
		{
			Name:   "data nodes",
			Config: sentineltest.Config{FailoverTimeout: short, MasterPassword: masterPassword},
			Faults: []Fault{
				{"replica killed", killReplica, warning("replica_down"), nil},
				{"no replica to promote", zeroPriorities, critical("no_promotable_replica"), nil},
				{"master killed, none to promote", killMasterWithoutHeir, slices.Concat(critical("master_odown", "no_promotable_replica", "failover_stuck"), warning("master_sdown")), nil},
				{"replica without its link", breakReplication, warning("replica_link_down"), nil},
				{"replicas that never synchronized", neverSynchronize, slices.Concat(critical("failover_loses_data"), warning("replica_link_down")), nil},
				{"replica of another", chainReplica, warning("replica_wrong_master"), nil},
				{"wrong auth-pass", wrongAuthPass, slices.Concat(critical("master_answers_errors"), warning("master_sdown", "replica_down")), nil},
			},
		},
		{
			Name:   "two masters",
			Config: sentineltest.Config{FailoverTimeout: short},
			Faults: []Fault{
				{"replica that is a master", looseReplica, critical("replica_role_mismatch"), nil},
				{"split view", splitView, slices.Concat(critical("master_disagreement", "master_role_mismatch"), warning("master_sdown")), nil},
			},
		},
		{
			Name:   "partitions",
			Config: sentineltest.Config{FailoverTimeout: short, Partitionable: true},
			Faults: []Fault{
				{"Sentinels cut off from each other", cutPeers, warning("peers_unreachable"), nil},
				{"Sentinel cut off from the master", cutMaster, warning("master_sdown"), nil},
				{"replica that lags", lagReplica, warning("replica_lagging"), nil},
			},
		},
		{
			Name:   "missed failovers",
			Config: sentineltest.Config{Replicas: 1, FailoverTimeout: short, Partitionable: true},
			Faults: []Fault{
				{"missed one", missFailovers(1), slices.Concat(critical("master_disagreement"), warning("master_sdown", "replica_down", "ghost_replicas", "quorum_fragile", "quorum_unreachable", "majority_unreachable")), nil},
				{"missed two", missFailovers(2), warning("epoch_disagreement", "master_sdown", "replica_down", "quorum_fragile", "quorum_unreachable", "majority_unreachable"), nil},
			},
		},
		{
			// Both times are longer than it takes to see that a node is down.
			Name:   "failovers",
			Config: sentineltest.Config{FailoverTimeout: 10 * time.Second, Timers: map[string]time.Duration{"slave-reconf-timeout": time.Minute}},
			Faults: []Fault{
				{"promoted replica killed", killPromoted, slices.Concat(critical("failover_stuck", "master_odown"), warning("master_sdown", "replica_down", "ghost_replicas")), nil},
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
