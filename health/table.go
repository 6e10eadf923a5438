package health

// A Check is an entry of the table of checks.
type Check struct {
	Name string
	// Severity is the one it usually has; a finding may say less, or more.
	Severity Status
	// PerMaster: it is made for each master; otherwise for the deployment.
	PerMaster bool
	// Meaning says in one line when it fails.
	Meaning string
	// Advice says what to do.
	Advice string
}

// Runbook is where the documentation has the check, from the root of the
// project.
func (c Check) Runbook() string { return "docs/checks.md#" + c.Name }

// A check is an entry with its function.
type check[T any] struct {
	Check
	run func(T) outcome
}

// Checks returns the table: first the checks on the deployment, then those on
// each master.
func Checks() []Check {
	var all []Check
	for _, c := range deploymentChecks() {
		all = append(all, c.Check)
	}
	for _, c := range masterChecks() {
		all = append(all, c.Check)
	}
	return all
}

func deploymentChecks() []check[*deployment] {
	on := func(name string, severity Status, meaning, advice string, run func(*deployment) outcome) check[*deployment] {
		return check[*deployment]{Check{name, severity, false, meaning, advice}, run}
	}
	return []check[*deployment]{
		on("sentinel_unreachable", Warning,
			"A Sentinel did not answer within the deadline. Critical when more than half of them did not.",
			"See whether it runs, and whether a firewall or a bind line stands between. While it is away it cannot vote.",
			sentinelUnreachable),
		on("sentinel_auth", Critical,
			"A Sentinel refused our credentials or a command that our ACL user may not use, or the exporter cannot read its password file. The Sentinel itself may be healthy: nobody can tell.",
			"Give the exporter a readable file with the right password and the right user name, or give the user the permissions that the README lists.",
			sentinelAuth),
		on("sentinel_id_duplicate", Critical,
			"Two addresses have one Sentinel id (SENTINEL MYID): a copied configuration file or volume. The others take the two for one, and the quorum is smaller than it looks.",
			"Stop one of them, delete the line \"sentinel myid\" from its configuration file, start it, then RESET the others one at a time.",
			sentinelIDDuplicate),
		on("sentinel_tilt", Warning,
			"A Sentinel is in TILT: its clock jumped or its machine stalled. For 30 s it starts no failover and its down flags are frozen.",
			"Look at the machine: CPU steal, swap, a paused VM, a stepping clock, slow DNS or a slow disk. It ends by itself 30 s after the last stall.",
			sentinelTilt),
		on("sentinel_clients_near_limit", Warning,
			"A Sentinel has more than 90 % of the connections that it allows. At the limit clients, and other Sentinels, are turned away.",
			"Find the clients that leak connections; raise maxclients in its configuration file.",
			sentinelClientsNearLimit),
		on("sentinel_scripts_backlog", Warning,
			"More than 128 notification or reconfiguration scripts wait. Sentinel drops the oldest beyond 256.",
			"See what the scripts wait for. 16 run at a time, each for at most 60 s.",
			sentinelScriptsBacklog),
		on("failure_simulation", Warning,
			"SENTINEL SIMULATE-FAILURE is on: this Sentinel will crash in the next failover, as somebody once told it to.",
			"Switch it off.",
			failureSimulation),
		on("no_masters", Warning,
			"A Sentinel monitors nothing.",
			"MONITOR the masters there, with the settings that the other Sentinels have, or do not ask this one.",
			noMasters),
	}
}

func masterChecks() []check[*master] {
	on := func(name string, severity Status, meaning, advice string, run func(*master) outcome) check[*master] {
		return check[*master]{Check{name, severity, true, meaning, advice}, run}
	}
	return []check[*master]{
		on("master_odown", Critical,
			"The master is objectively down: a quorum of the Sentinels agrees. A failover should follow.",
			"See whether the node runs. If no failover follows, the other findings say why.",
			masterODown),
		on("master_answers_errors", Critical,
			"The master replies to PING, but with errors: usually a wrong auth-pass in that Sentinel. It looks like an outage and is none.",
			"Compare the auth-pass and auth-user of that Sentinel with the requirepass and the ACL of the master.",
			masterAnswersErrors),
		on("master_disagreement", Critical,
			"The Sentinels give different addresses for the master, and no failover is in progress: clients write to different nodes. With equal epochs that never heals by itself.",
			"Find out which node is the real master, then REMOVE the name on the Sentinels that are wrong and MONITOR it there again, with the auth-pass and the settings (SENTINEL SET) that it had.",
			masterDisagreement),
		on("master_role_mismatch", Critical,
			"The node that a Sentinel gives for the master says that it is a replica: clients that connect there cannot write.",
			"Find out who the master is. If there is none, make that node one (REPLICAOF NO ONE) or fail over.",
			masterRoleMismatch),
		on("master_missing", Critical,
			"Some Sentinels monitor the name, and others that answered do not: these have no vote, and tell clients that there is no such master.",
			"MONITOR it there, with the settings of the others.",
			masterMissing),
		on("quorum_unreachable", Critical,
			"CKQUORUM: fewer Sentinels than the quorum are usable, so that no failover can start. A warning while other Sentinels see enough of them.",
			"Bring Sentinels back; or, if the missing ones are gone for good, RESET the others one at a time.",
			quorumUnreachable),
		on("majority_unreachable", Critical,
			"CKQUORUM: no majority of the known Sentinels is usable, so that none can be elected to fail over. A warning while other Sentinels see one.",
			"Bring Sentinels back; or, if the missing ones are gone for good, RESET the others one at a time.",
			majorityUnreachable),
		on("no_promotable_replica", Critical,
			"A failover now would answer NOGOODSLAVE, since no replica can be promoted. Unknown if that depends on replicas with replica-announced no, of which Sentinel tells nothing.",
			"Fix one replica, or raise its replica-priority above 0.",
			noPromotableReplica),
		on("failover_stuck", Critical,
			"The master has been down, or a failover has been under way, for longer than failover-timeout.",
			"The other findings say what it lacks: a replica to promote, or a majority. The log of the Sentinel has the event -failover-abort-...",
			failoverStuck),
		on("shared_node", Critical,
			"One data node belongs to two masters: two groups have merged. A failover of either takes the node, and the data, from the other.",
			"Find out whose node it is. Point it to its master with REPLICAOF, and RESET the other name on each Sentinel, one at a time.",
			sharedNode),
		on("replica_role_mismatch", Critical,
			"A node known as a replica says that it is a master, for longer than Sentinel takes to correct that: two nodes take writes.",
			"Make it a replica again (REPLICAOF); what was written to it since is lost by that. See why the Sentinels could not: ACL, auth-pass, TILT.",
			replicaRoleMismatch),
		on("master_sdown", Warning,
			"A Sentinel holds the master to be down; on its own that starts no failover.",
			"If only some Sentinels say so, look at the network between them and the master.",
			masterSDown),
		on("epoch_disagreement", Warning,
			"The Sentinels give one address for the master, but with different epochs: some have missed a failover, or cannot hear the others.",
			"Look at the network of the Sentinel with the lower epoch: the hellos of the others do not reach it.",
			epochDisagreement),
		on("quorum_fragile", Warning,
			"No Sentinel may be lost any more: with one less no failover can happen.",
			"Bring the missing Sentinels back or add one; RESET forgets those that are gone for good.",
			quorumFragile),
		on("quorum_misconfigured", Warning,
			"The quorum is 1, above the number of Sentinels, or below their majority; or there is an even number of them, or fewer than 3.",
			"Run an odd number of Sentinels, at least 3, and set the quorum to their majority.",
			quorumMisconfigured),
		on("settings_drift", Warning,
			"quorum, down-after, failover-timeout or parallel-syncs differ between the Sentinels. SENTINEL SET is local to one.",
			"Set the value that you want on every Sentinel.",
			settingsDrift),
		on("ghost_sentinels", Warning,
			"Sentinels that have been down for longer than 10 times down-after, and that we were not told to ask, still count for the majority. Only RESET forgets them.",
			"If they are gone for good: RESET, one Sentinel at a time; wait until it has found the others again before the next.",
			ghostSentinels),
		on("ghost_replicas", Warning,
			"Replicas that have been down for longer than 10 times down-after, for every Sentinel. Only RESET forgets them.",
			"If they are gone for good: RESET, one Sentinel at a time, while the master is up.",
			ghostReplicas),
		on("peers_unreachable", Warning,
			"A Sentinel hears the hellos of another one through Redis but gets no answer from it: a firewall, a bind line or a wrong announced address. They cannot vote for each other.",
			"Open the port between the two, or correct bind or announce-ip.",
			peersUnreachable),
		on("replica_down", Warning,
			"A replica does not answer.",
			"See whether it runs. If it is gone for good, RESET forgets it.",
			replicaDown),
		on("replica_link_down", Warning,
			"A replica that runs has had no link to its master for more than 15 s.",
			"See the log of the replica: masterauth, the network, or a full synchronisation that never ends.",
			replicaLinkDown),
		on("replica_lagging", Warning,
			"A replica is more than 16 MiB behind what another node had before: that much would be lost in a failover to it. It is compared with the other replicas, and with the master only if the exporter runs with --collector.info-cache: without that a single replica is compared with nothing.",
			"Look at the network and the CPU of the replica.",
			replicaLagging),
		on("replica_wrong_master", Warning,
			"A replica follows another node than the master.",
			"Sentinel corrects it after failover-timeout. If it does not, point it to the master with REPLICAOF.",
			replicaWrongMaster),
		on("loopback_address", Warning,
			"A Sentinel on another machine knows a node by a loopback address, and gives that to clients, where it means their own machine.",
			"MONITOR the master by an address that clients can reach; set replica-announce-ip and sentinel announce-ip.",
			loopbackAddress),
	}
}
