package health

// A Check is an entry of the table of checks.
type Check struct {
	Name string
	// Severity is the usual one; that of a finding can be lower or higher.
	Severity Status
	// PerMaster is true if the check is made for each master, false if it is made once for
	// the deployment.
	PerMaster bool
	// Alert is the alert for the same fault; empty if there is none.
	Alert string
	// Meaning says what is wrong when the check fails.
	Meaning string
	// Advice says what to do.
	Advice string
	// Seen is how people meet it.
	Seen Seen
}

// Runbook returns the place of the check in the documentation, relative to the root of the
// project.
func (c Check) Runbook() string { return "docs/checks.md#" + c.Name }

// An entry is a check with its function.
type entry[T any] struct {
	Check
	run   func(T) outcome
	waits bool // see waitsForDownAfter
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
	for i, seen := 0, seen(); i < len(all); i++ {
		all[i].Seen = seen[all[i].Name]
	}
	return all
}

// onlyWithEvents ends the meaning of a check that goes by events, and is ok where nobody listens to them.
const onlyWithEvents = " Only an exporter that listens to events can find it: without them (the command check, /probe, --no-collector.events) it is always ok."

func deploymentChecks() []entry[*model] {
	on := func(name, alert string, severity Status, meaning, advice string, run func(*model) outcome) entry[*model] {
		return entry[*model]{Check{Name: name, Severity: severity, Alert: alert, Meaning: meaning, Advice: advice}, run, false}
	}
	return []entry[*model]{
		on("sentinel_unreachable", "RedisSentinelDown", Warning,
			"A Sentinel did not answer within the deadline. Critical if more than half of them did not.",
			"Check that it is running, and that no firewall or bind directive is in the way. While it is away it cannot vote.",
			sentinelUnreachable),
		on("sentinel_auth", "RedisSentinelCredentialsRefused", Critical,
			"A Sentinel refused our credentials or a command that our ACL user may not use, or the exporter cannot read its password file. The Sentinel itself may be healthy: nobody can tell.",
			"Give the exporter a readable file with the right password and the right user name, or give the user the permissions that the README lists.",
			sentinelAuth),
		on("sentinel_id_duplicate", "RedisSentinelDuplicateId", Critical,
			"Two addresses have the same Sentinel id (SENTINEL MYID): a configuration file or volume was copied. The others take the two for one, and the quorum is smaller than it looks. A warning if one is given for two named deployments, or for the wrong one.",
			"Stop one of them, delete the line \"sentinel myid\" from its configuration file, start it, then RESET the others one at a time.",
			sentinelIDDuplicate),
		on("sentinel_tilt", "RedisSentinelTilt", Warning,
			"A Sentinel is in TILT: its clock jumped or its machine stalled. For 30 s it starts no failover and its down flags are frozen.",
			"Check the machine: CPU steal, swapping, a paused VM, a clock that is stepped, slow DNS or a slow disk. TILT ends by itself 30 s after the last stall.",
			sentinelTilt),
		on("sentinel_clients_near_limit", "RedisSentinelClientsNearLimit", Warning,
			"A Sentinel uses more than 90 % of the connections that it allows. At the limit it rejects clients and other Sentinels.",
			"Find the clients that leak connections; raise maxclients in its configuration file.",
			sentinelClientsNearLimit),
		on("sentinel_scripts_backlog", "RedisSentinelScriptsBacklog", Warning,
			"More than 128 notification or reconfiguration scripts are waiting. Beyond 256 Sentinel drops the oldest.",
			"Find out what the scripts wait for. 16 run at a time, each for at most 60 s.",
			sentinelScriptsBacklog),
		on("failure_simulation", "RedisSentinelFailureSimulation", Warning,
			"SENTINEL SIMULATE-FAILURE is on: this Sentinel will crash in the next failover, because somebody told it to.",
			"Switch it off.",
			failureSimulation),
		on("sentinel_restart_fails", "RedisSentinelRestartFails", Warning,
			"A Sentinel has written to its configuration file what it will not load, so that its next start is its last: host names where resolve-hostnames is no, or one replica twice. It took both without an error. With the former it also forgets, at their next hello, all Sentinels that announce a name.",
			"Mend it before the Sentinel is restarted, also by an update of its package or machine.",
			sentinelRestartFails),
		on("no_masters", "RedisSentinelMonitorsNothing", Warning,
			"A Sentinel monitors no master.",
			"MONITOR the masters there, with the settings that the other Sentinels have, or remove this Sentinel from the exporter's addresses.",
			noMasters),
	}
}

func masterChecks() []entry[*masterModel] {
	on := func(name, alert string, severity Status, meaning, advice string, run func(*masterModel) outcome) entry[*masterModel] {
		return entry[*masterModel]{Check{Name: name, Severity: severity, PerMaster: true, Alert: alert, Meaning: meaning, Advice: advice}, run, waitsForDownAfter(name)}
	}
	return []entry[*masterModel]{
		on("master_odown", "RedisSentinelMasterDown", Critical,
			"The master is objectively down: a quorum of the Sentinels agrees. A failover should follow.",
			"Check whether the node is running. If no failover follows, the other findings say why. If it answers PING by hand at once its clients may be paused (CLIENT PAUSE, FAILOVER), which to Sentinel looks the same: CLIENT UNPAUSE and FAILOVER ABORT end that.",
			masterODown),
		on("agreement_missing", "RedisSentinelMasterDown", Critical,
			"Most Sentinels have considered the master down for more than 10 s, and none has the agreement of the others (o_down), without which no failover starts.",
			"If the node is dead, fail over by hand at once: that needs no agreement, but Valkey 9.1 does it only until the node has been dead for 10 times down-after. Then mend what the finding names, which lets a failover start by itself. If the Sentinels do not answer each other's question whether the master is down, let the user that they have for each other (sentinel-user; without it the user default) use SENTINEL IS-MASTER-DOWN-BY-ADDR: ACL LOG says who was refused what.",
			agreementMissing),
		on("master_answers_errors", "RedisSentinelMasterAnswersErrors", Critical,
			"The master answers the PING of Sentinels with errors, so that they consider it down. If only some are refused they have a wrong auth-pass: that looks like an outage and is none. If all are, it is the node: its password was changed, a script does not end (BUSY), or it cannot write to its disk (MISCONF).",
			"Compare the auth-pass and auth-user of that Sentinel with the requirepass and the ACL of the master.",
			masterAnswersErrors),
		on("master_disagreement", "RedisSentinelDisagree", Critical,
			"The Sentinels give different addresses for the master, and no failover is in progress: clients write to different nodes. With equal epochs that heals by itself only where a node that a quorum names reports that it is a replica. Or the one address that they give leads to different servers, as that of a load balancer. A warning if it is one node under several addresses, such as its name and its IP address: its run id is the same.",
			"Find out which node is the real master, then REMOVE the name on the Sentinels that are wrong and MONITOR it there again, with the auth-pass and the settings (SENTINEL SET) that it had.",
			masterDisagreement),
		on("master_role_mismatch", "RedisSentinelMasterRoleMismatch", Critical,
			"The node that a Sentinel gives as the master reports that it is a replica: clients that connect there cannot write.",
			"Find out which node is the master. If there is none, make that node one (REPLICAOF NO ONE) or fail over. If it follows a node that none of these Sentinels knows, first stop what made it do so: mostly Sentinels of another deployment, of which a node had its address before.",
			masterRoleMismatch),
		on("master_info_missing", "RedisSentinelFailoverImpossible", Critical,
			"The master answers a Sentinel's PING and has never answered its INFO, from which Sentinel learns of the replicas. A warning if another Sentinel has had it.",
			"Mostly the user that the Sentinels have on the data nodes (auth-user) may not use INFO, or it is renamed there: ACL LOG of the master says so. ACL SETUSER USER +info on the master and on every replica; Sentinel asks again within 10 s.",
			masterInfoMissing),
		on("no_named_master", "RedisSentinelNoNamedMaster", Critical,
			"Each node that a Sentinel names as the master says that it is a replica: clients get READONLY. So it is after two failovers that were started at once at two Sentinels, which lead both, with one epoch.",
			"Make the node that all shall follow a master (REPLICAOF NO ONE): one that says it is a master if there is one, else the one with the highest offset. The Sentinels fail over by themselves after down-after and some 30 s; do not start another failover meanwhile.",
			noNamedMaster),
		on("master_refuses_writes", "RedisSentinelMasterRefusesWrites", Critical,
			"The master is up, and takes no writes: too few replicas are there for its min-replicas-to-write (NOREPLICAS), it uses more memory than its maxmemory and may evict nothing (OOM), or it has been loading its data for longer than down-after and than 15 s (LOADING). Sentinel starts no failover for any of them. That is in the INFO that the Sentinels have of it.",
			"NOREPLICAS: bring the replicas back; those count that are linked and have acknowledged within min-replicas-max-lag. CONFIG SET min-replicas-to-write 0 on the master ends it at once; what is written then is lost if the master is lost. OOM: raise maxmemory, delete, or let it evict; a failover does not help. LOADING: wait, or fail over if a replica has all data. master-reboot-down-after-period (Redis and Valkey from 7.0 on) lets the Sentinels do that by themselves.",
			masterRefusesWrites),
		on("master_paused", "RedisSentinelMasterPaused", Critical,
			"The master runs, and keeps all clients that write waiting: because of a coordinated failover (Valkey 9.0 and later) or a FAILOVER at the node, which wait for a replica to catch up, or of CLIENT PAUSE. Sentinels write too (PUBLISH), so they take such a master for dead and fail over: with down-after below 15 s about when a pause is as long as that.",
			"End what pauses it, at the master: FAILOVER ABORT, CLIENT UNPAUSE. Before a pause that is to take longer, raise down-after-milliseconds to more than 15 s on every Sentinel.",
			masterPaused),
		on("master_emptied", "RedisSentinelMasterEmptied", Critical,
			"The master was restarted, too fast for a failover, and came back with less than half of its keys: its replicas throw theirs away and take what it has. It is told for an hour, or until the keys are back. It takes the INFO that the Sentinels have of the nodes, and to see what is lost for good also an exporter that has looked before. FLUSHALL is no restart, and not told.",
			"While a replica still has the data, fail over at once. If none has, stop what writes and load the last backup. Then let the master save (save, appendonly), or let what restarts it wait for longer than down-after, so that a replica takes over.",
			masterEmptied),
		on("master_missing", "RedisSentinelMasterMissing", Critical,
			"Some Sentinels monitor the name, and others that answered do not: those have no vote, and tell clients that there is no such master.",
			"MONITOR it there, with the settings of the others.",
			masterMissing),
		on("master_reset_again", "RedisSentinelMasterResetAgain", Critical,
			"Something tells a Sentinel again and again to forget what it knows of the master: RESET, or REMOVE and MONITOR. Each time it begins anew to look for replicas, for other Sentinels, and for down-after whether the master is up. A warning if it has that time."+onlyWithEvents,
			"Find what sends it, and stop it: an operator of Kubernetes that corrects the number of replicas, a cron job, a script of a probe. CLIENT LIST on the Sentinel shows it as cmd=sentinel|reset, if it keeps its connection. RESET is for what is gone for good, once.",
			masterResetAgain),
		on("replicas_forgotten", "RedisSentinelFailoverImpossible", Critical,
			"The master is down, and no Sentinel knows a replica of it, or has had its INFO: it was dead when they were RESET or began to monitor it, or died within the 10 s after that. Nothing that the Sentinels do ends that.",
			"If the node has its data, start it again at the same address: the Sentinels learn all the rest from it. Otherwise compare master_repl_offset in INFO replication of the replicas, make the one with the highest a master (REPLICAOF NO ONE) and the others its replicas, and on every Sentinel REMOVE the name and MONITOR it at that node, with the auth-pass and the settings (SENTINEL SET) that it had. Do not start an empty node at the old address: the replicas would be emptied.",
			replicasForgotten),
		on("peers_unknown", "RedisSentinelPeersUnknown", Critical,
			"Sentinels answer, monitor the master and do not know each other: they have no vote for each other. A warning if one of them knows a majority.",
			"They find each other through the channel __sentinel__:hello of the master and the replicas. Let the user that they have there (auth-user) use it: ACL SETUSER USER &__sentinel__:hello +publish +subscribe; ACL LOG there says what was refused. Otherwise look for two Sentinels with one announce-ip and announce-port, for a renamed PUBLISH, and whether all monitor the same node. Do not lower the quorum: each could then fail over alone.",
			peersUnknown),
		on("quorum_unreachable", "RedisSentinelQuorumUnreachable", Critical,
			"CKQUORUM: fewer Sentinels than the quorum are usable, so that no failover can start. A warning if another Sentinel sees enough of them.",
			"Bring Sentinels back; or, if the missing ones are gone for good, RESET the others one at a time.",
			quorumUnreachable),
		on("majority_unreachable", "RedisSentinelMajorityUnreachable", Critical,
			"CKQUORUM: no majority of the known Sentinels is usable, so that none can be elected to fail over. A warning if another Sentinel sees one.",
			"Bring Sentinels back; or, if the missing ones are gone for good, RESET the others one at a time.",
			majorityUnreachable),
		on("no_promotable_replica", "RedisSentinelFailoverImpossible", Critical,
			"A failover now would be answered with NOGOODSLAVE, because no replica can be promoted. Unknown if that depends on replicas with replica-announced no, about which Sentinel says nothing.",
			"Fix one replica, or raise its replica-priority above 0.",
			noPromotableReplica),
		on("failover_loses_data", "RedisSentinelFailoverLosesData", Critical,
			"The replica that a failover would promote has never had a link to its master: it is empty, or has only what its own file had. Sentinel from 6.2 on promotes it all the same, and then the master, when it comes back, becomes its replica and is emptied too. Unknown if that depends on replicas with replica-announced no.",
			"Do not fail over. See the log of the replica for what stops the synchronisation: masterauth, the network, or a master of a newer version whose data it cannot read. Until it is done, CONFIG SET replica-priority 0 keeps the Sentinels from promoting the replica.",
			failoverLosesData),
		on("failover_stuck", "RedisSentinelFailoverStuck", Critical,
			"The master has been down, or a failover has been in progress, for longer than failover-timeout; or a failover cannot end, at once.",
			"The other findings say what is missing: a replica to promote, or a majority. The log of the Sentinel has the event -failover-abort-...",
			failoverStuck),
		on("shared_node", "RedisSentinelSharedNode", Critical,
			"One data node belongs to two masters: two groups have merged. A failover of either takes the node, and the data, from the other. The other master may be one of another named deployment; if both have one name, their Sentinels become peers.",
			"Find out which master the node belongs to (INFO replication), and take it out of the other group: point it to its own master with REPLICAOF, then RESET the other name on each Sentinel, one at a time, and only when that master no longer lists it as a replica. Where both names have one master, REMOVE one of them on every Sentinel.",
			sharedNode),
		on("node_listed_twice", "RedisSentinelNodeListedTwice", Critical,
			"One process is listed at two addresses, such as by IPv4 and IPv6, or by name and IP address: its run id is the same. Sentinel takes it for two nodes, and a failover to one of them makes it a replica of itself: then there is no master.",
			"Do not fail over. Give the node one address for all (replica-announce-ip; the same form of address in REPLICAOF and MONITOR), then RESET, one Sentinel at a time, which the command reset does.",
			nodeListedTwice),
		on("replica_role_mismatch", "RedisSentinelReplicaRoleMismatch", Critical,
			"A node known as a replica reports that it is a master, for longer than Sentinel takes to correct that: two nodes accept writes. A warning while an old master has come back and takes writes, usually for 10 s; not after a failover by hand, where it is the same each time.",
			"Make it a replica again (REPLICAOF); what was written to it since is lost by that. Find out why the Sentinels could not: ACL, auth-pass, TILT.",
			replicaRoleMismatch),
		on("master_sdown", "RedisSentinelMasterSubjectivelyDown", Warning,
			"A Sentinel considers the master down; that alone starts no failover.",
			"If only some Sentinels do, check the network between them and the master. If it answers PING by hand at once its clients may be paused: CLIENT UNPAUSE.",
			masterSDown),
		on("epoch_disagreement", "RedisSentinelEpochsDisagree", Warning,
			"The Sentinels give one address for the master, but with different epochs: some have missed a failover, or cannot hear the others.",
			"Check the network of the Sentinel with the lower epoch: the hellos of the others do not reach it.",
			epochDisagreement),
		on("quorum_fragile", "RedisSentinelQuorumMarginZero", Warning,
			"No more Sentinels can be lost: with one less, no failover can happen. One that answers and does not monitor the master, or announces nothing of it, counts as lost.",
			"Bring the missing Sentinels back or add one; RESET forgets those that are gone for good.",
			quorumFragile),
		on("quorum_misconfigured", "RedisSentinelQuorumMisconfigured", Warning,
			"The quorum is 1, above the number of Sentinels, or below their majority; or there is an even number of them, or fewer than 3.",
			"Run an odd number of Sentinels, at least 3, and set the quorum to their majority.",
			quorumMisconfigured),
		on("settings_drift", "RedisSentinelSettingsDrift", Warning,
			"quorum, down-after, failover-timeout or parallel-syncs differ between the Sentinels. SENTINEL SET changes one Sentinel only.",
			"Set the value that you want on every Sentinel.",
			settingsDrift),
		on("ghost_sentinels", "RedisSentinelGhosts", Warning,
			"Sentinels that have been down for longer than 10 times down-after and than 5 minutes, and that the exporter was not told to ask, still count for the majority. Or what answers at the address of one has announced nothing of the master for 30 s: that Sentinel does not monitor the master any more, or something else has its address, such as a Sentinel of another deployment. It counts as usable, and has no vote; critical if no failover can happen for want of it. Only RESET makes the others forget them.",
			"Only if they are gone for good: RESET, one Sentinel at a time, each when the one before has found all again. The command reset does that. It has a price: for up to 10 s a Sentinel that was RESET knows no replicas and no other Sentinels, fails nothing over, and gives clients no replicas; RESET on all at once leaves nobody who does.",
			ghostSentinels),
		on("ghost_replicas", "", Warning,
			"Replicas have been down for longer than 10 times down-after and than 5 minutes, according to every Sentinel that knows them. Only RESET makes the Sentinels forget them.",
			"A replica that comes back needs no RESET. Only if it is gone for good: RESET, one Sentinel at a time, while the master is up. The command reset does that. It has a price: for up to 10 s a Sentinel that was RESET knows no replicas and no other Sentinels, fails nothing over, and gives clients no replicas; RESET on all at once leaves nobody who does.",
			ghostReplicas),
		on("peers_unreachable", "RedisSentinelPeersUnreachable", Warning,
			"A Sentinel receives another one's hellos through Redis but gets no answer from it, because of a firewall, a bind directive or a wrong announced address; or is answered with errors, because of a password. They cannot vote for each other.",
			"Open the port between the two, or correct bind or announce-ip.",
			peersUnreachable),
		on("replica_down", "RedisSentinelReplicaDown", Warning,
			"A replica does not answer. If the master has word of it meanwhile, it runs and replicates, and the Sentinels do not reach it: mostly the address that it announces is the wrong one, as behind NAT.",
			"Check whether it is running, and start it. Sentinel takes it back by itself. One that has another address now is listed there as well; the command reset makes the Sentinels forget the old one.",
			replicaDown),
		on("replica_answers_errors", "RedisSentinelReplicaDown", Warning,
			"A replica answers the PING of Sentinels with errors, though the master does not: it runs, and may even replicate, but they consider it down and cannot promote it. It is often taken for a dead replica, which a RESET would forget; that does not help here.",
			"Give the replica the password and the ACL users that the master has, since the Sentinels use the same auth-user and auth-pass for all nodes of a master.",
			replicaAnswersErrors),
		on("replica_link_down", "RedisSentinelReplicaLinkDown", Warning,
			"A replica is running, but has had no link to its master for more than 15 s.",
			"See the log of the replica: masterauth, the network, or a full synchronisation that never ends. Of the last, sync_full in INFO stats of the master tells, which grows each time, and the master's log says why: \"overcoming of output buffer limits\" where writes come faster than it can send them (raise client-output-buffer-limit for replicas, and repl-backlog-size), a fork that fails, or a disk that is full; the replica's log says if it could not load what it got.",
			replicaLinkDown),
		on("replica_loading", "RedisSentinelReplicaLinkDown", Warning,
			"A replica loads its data, from its disk or from its master, and answers LOADING to everything else; it cannot be promoted meanwhile. It may be an old master that has come back, which says that it is a master until it can be told to follow the new one: it takes no writes.",
			"Wait. INFO persistence there says how far it is.",
			replicaLoading),
		on("replicas_overlooked", "", Warning,
			"The master has replicas that a Sentinel does not know: several announce one address, as behind NAT or with one replica-announce-ip, or the Sentinel cannot resolve a name that they announce. It would promote none of these, and point none of them to a new master.",
			"Give each replica an address of its own (replica-announce-ip, replica-announce-port); with names there, the Sentinels need resolve-hostnames yes.",
			replicasOverlooked),
		on("replica_lagging", "RedisSentinelReplicaLagging", Warning,
			"A replica is more than 16 MiB behind what another node had before: that much would be lost in a failover to it. It is compared with the other replicas, and with the master where its INFO is known: with --collector.info-cache, and without it where a Sentinel has one master only.",
			"Check the network and the CPU of the replica.",
			replicaLagging),
		on("replica_told_again", "RedisSentinelReplicaToldAgain", Warning,
			"A Sentinel tells a replica every 10 s to follow the master that it follows (+fix-slave-config), and disconnects the replica's clients each time. So it is when the name of the master has another address than when the Sentinels connected to it, or when a Sentinel that knows it by name does not resolve names."+onlyWithEvents,
			"Cut the Sentinels' connections to the master, so that they look its name up again: the command does it and disconnects nobody else. Where resolve-hostnames is no, set it to yes.",
			replicaToldAgain),
		on("replica_wrong_master", "RedisSentinelReplicaWrongMaster", Warning,
			"A replica follows a node other than the master.",
			"Sentinel corrects that after failover-timeout. If it does not, point the replica to the master with REPLICAOF.",
			replicaWrongMaster),
		on("single_point_of_failure", "RedisSentinelHostLoss", Warning,
			"A host must not be lost, though each process on it may: mostly the master's, with so many of the Sentinels on it that the others are too few to replace the master. CKQUORUM and the margin count Sentinels, and do not ask which are on one machine.",
			"See can-stop for what would be left: fail over to another host, or move Sentinels. Which containers or virtual machines are on one machine no Sentinel knows: say so with --host-map.",
			singlePointOfFailure),
		on("loopback_address", "RedisSentinelLoopbackAddress", Warning,
			"A Sentinel on another machine knows a node by a loopback address and gives that to clients, for whom it means their own machine.",
			"MONITOR the master by an address that clients can reach; set replica-announce-ip and sentinel announce-ip.",
			loopbackAddress),
	}
}
