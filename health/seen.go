package health

// A Seen is what people report who meet what a check finds.
type Seen struct {
	// As is what they see: errors of clients, lines of a log, replies.
	As string
	// MistakenFor is what it is often taken for.
	MistakenFor string
}

// seen is by the names of the checks.
func seen() map[string]Seen {
	return map[string]Seen{
		"sentinel_unreachable": {
			"\"Connection refused\" or \"i/o timeout\" on port 26379, and +sdown sentinel in the logs of the others. With most of them away a dead master stays dead: +sdown master, and no +odown after it.",
			"A fault of Redis: clients report that no Sentinel could be reached, and the master is fine. Also a firewall, where it is TLS, protected-mode or maxclients; the finding has the Sentinel's own words if it said any.",
		},
		"sentinel_auth": {
			"\"NOAUTH Authentication required.\", \"WRONGPASS invalid username-password pair or user is disabled.\" or \"NOPERM this user has no permissions to run the 'sentinel|masters' command\"; an exporter that shows no masters any more after requirepass was set on the Sentinels.",
			"A dead Sentinel, or a wrong password of the Redis nodes: the Sentinels' own password (requirepass there) is another one than auth-pass.",
		},
		"sentinel_id_duplicate": {
			"The logs fill with +sentinel-address-switch and -dup-sentinel, SENTINEL SENTINELS shows one node too few, and the missing one changes from look to look. It begins when a machine or a volume was cloned, with sentinel.conf in it.",
			"A Sentinel that keeps restarting, or an address that flaps.",
		},
		"sentinel_tilt": {
			"\"+tilt #tilt mode entered\" in the log, INFO has sentinel_tilt:1, and a master that died meanwhile was replaced half a minute late, or not at all; often on virtual machines at the time of backups, or with slow DNS where host names are resolved.",
			"A bug that keeps Sentinel from failing over, or a down-after that is too long.",
		},
		"sentinel_clients_near_limit": {
			"connected_clients of a Sentinel grows day by day, since some client library opens a subscription anew with each reconnect; then \"ERR max number of clients reached\", also for the other Sentinels, which log +sdown sentinel.",
			"A network that drops connections, or a Sentinel that hangs.",
		},
		"sentinel_scripts_backlog": {
			"-script-timeout and -script-error in the log; mails or DNS updates on a failover come minutes late, or not at all. Mostly the script waits for a host that is away in the very same outage.",
			"A notification-script that is never called.",
		},
		"failure_simulation": {
			"In a failover a Sentinel logs \"Failure simulation: this Sentinel is crashing\" and is gone, where an exercise had not been cleaned up.",
			"A crash of Sentinel by a bug or for want of memory.",
		},
		"sentinel_restart_fails": {
			"At its next start a Sentinel ends with FATAL CONFIG FILE ERROR: \"Can't resolve instance hostname\" or \"Duplicate hostname and port for replica\". Before that it logs \"Failed to resolve hostname\" and forgets the others; or REPLICAS has one ip and port twice.",
			"A file that was edited by hand, or the update after which it does not start.",
		},
		"no_masters": {
			"SENTINEL MASTERS is empty, INFO has sentinel_masters:0, clients get nil for the address: after a container started with the sentinel.conf of its image, without the one that Sentinel had rewritten.",
			"A network fault between the Sentinel and Redis.",
		},
		"master_odown": {
			"\"+odown master mymaster 10.0.0.10 6379 #quorum 2/2\" in the logs, clients get \"Connection refused\" or time out. A +switch-master should follow within seconds of down-after; if the log goes on with -failover-abort-no-good-slave or -failover-abort-not-elected, none will.",
			"A fault of Sentinel, where the node is only frozen: a slow command, a fork with huge pages, swapping.",
		},
		"agreement_missing": {
			"\"+sdown master\" in the log of every Sentinel, never +odown; SENTINEL CKQUORUM says OK all the time, since it looks at the Sentinels and not at what they may ask each other.",
			"A down-after that is too long, or a quorum that is missing: all Sentinels are up and see each other.",
		},
		"master_answers_errors": {
			"Right after requirepass or an ACL was changed: +sdown master, sometimes +odown and a failover, while redis-cli on the node works. Or \"BUSY Redis is busy running a script\" and \"MISCONF Redis is configured to save RDB snapshots\" for all clients.",
			"A dead node, or a network fault: last-ping-reply is young, and only last-ok-ping-reply is old.",
		},
		"master_disagreement": {
			"Half of the application writes to one node and half to another, as SENTINEL GET-MASTER-ADDR-BY-NAME gives another address on another Sentinel; after a partition, a restore of an old sentinel.conf, a MONITOR by hand, or a start of all pods at once, of which each took itself for the first. Or run_id and role of the master differ from Sentinel to Sentinel at one address, that of a Service before all nodes.",
			"A stale cache of the client or of DNS. Where the addresses are a name and an IP address of one node, it is no split at all: the run id is the same.",
		},
		"master_role_mismatch": {
			"\"READONLY You can't write against a read only replica.\" from the address that Sentinel gives out; the Sentinel logs nothing at all. In Kubernetes without a password also where another deployment's node had the address before: its Sentinels log +convert-to-slave.",
			"A client that caches the old master. Also a failover that is under way: that ends by itself within seconds.",
		},
		"master_info_missing": {
			"num-slaves is 0 for ever and there is no +slave in the log, though the master has replicas; a failover ends with -failover-abort-no-good-slave. It begins with an ACL user for Sentinel that was made from an incomplete list of commands.",
			"A deployment without replicas, or replicas that do not connect.",
		},
		"no_named_master": {
			"All writes get READONLY, and every Sentinel logs a +switch-master to another node; two people, or a person and a script, had started a failover at once.",
			"A client that does not follow the failover.",
		},
		"master_paused": {
			As:          "Writes hang until they time out, with no error; reads and a PING by hand are answered at once. The Sentinels' last-ping-sent of the master grows; with a FAILOVER and Sentinels of Valkey 9.1 only in the first half minute.",
			MistakenFor: "A dead or hung master: Sentinel does so itself, since its own PUBLISH hangs with the PING behind it.",
		},
		"master_emptied": {
			As:          "The application finds nothing, right after the master's process or container was restarted by what watches it; the Sentinels' logs have +reboot and nothing else. Seconds later the replicas log \"MASTER <-> REPLICA sync: Flushing old data\", and their own dump.rdb is replaced.",
			MistakenFor: "A FLUSHALL, or keys that have expired. A healthy deployment: nothing was down for long enough, and all links are up.",
		},
		"master_refuses_writes": {
			"\"NOREPLICAS Not enough good replicas to write.\" for each write, since a replica was taken away or min-replicas-to-write was copied from a larger deployment. Or \"OOM command not allowed when used memory > 'maxmemory'.\" Or \"LOADING Redis is loading the dataset in memory\" for minutes after the master restarted faster than down-after: Sentinel logs +reboot and starts no failover.",
			"A healthy deployment: the master is up, PING is answered, CKQUORUM is OK, and reads work (NOREPLICAS). Or broken replicas: while the master loads, all of them log \"MASTER aborted replication\" and are well.",
		},
		"master_missing": {
			"\"ERR No such master with that name\", or nil, from some Sentinels: clients fail in one of three tries. One was added later and never told the name, or had lost its configuration file.",
			"A typing error in the name of the master, which would fail at all of them.",
		},
		"master_reset_again": {
			"+reset-master every few seconds in the logs, +slave and +sentinel after each, num-slaves and num-other-sentinels that jump to 0; a master that dies then never gets +sdown.",
			"Sentinels that lose their connections, or whose configuration is lost. Without it the monitoring looks noisy, and is calm as soon as somebody looks by hand.",
		},
		"replicas_forgotten": {
			"\"-failover-abort-no-good-slave\" every few minutes for hours, or never a failover at all; SENTINEL REPLICAS is empty, while INFO replication on the replicas names the dead master. Somebody, or an operator of Kubernetes, had sent RESET meanwhile.",
			"Replicas that are down, or have the wrong priority: they are up, and only the Sentinels do not know them.",
		},
		"peers_unknown": {
			"num-other-sentinels is 0 on each, \"NOQUORUM 1 usable Sentinels\", and never +sentinel in a log, though all of them run. After ACLs came in on the data nodes, or with one announce-ip for all.",
			"Missing Sentinels, so that the quorum is lowered to 1: then each of them fails over alone, and there are two masters.",
		},
		"quorum_unreachable": {
			"\"NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the specified quorum for this master\", and +odown never comes.",
			"A wrong quorum, where Sentinels are only down; or the other way round, dead Sentinels where nobody had raised the quorum from an example for five.",
		},
		"majority_unreachable": {
			"\"-failover-abort-not-elected\" again and again, with a quorum that is met: \"Not enough available Sentinels to reach the majority and authorize a failover\". Mostly ghosts count, of pods that have come back with new ids.",
			"Votes that split by chance: these succeed at the next try, after twice failover-timeout.",
		},
		"no_promotable_replica": {
			"\"-failover-abort-no-good-slave\" every few minutes for hours, or \"NOGOODSLAVE No suitable replica to promote\" to a failover by hand. replica-priority 0 on all, a backup replica as the only one, or links that are down since long before the master was. Or SENTINEL REPLICAS is empty, since the replicas still follow the address that the master's pod had before.",
			"A quorum that is missing: CKQUORUM says OK.",
		},
		"failover_loses_data": {
			"After a failover the keyspace is empty, on all nodes a minute later: a replica that had never synchronized was promoted, and the old master became its replica (\"MASTER <-> REPLICA sync: Flushing old data\"). Before it, the replica's log repeats \"Can't handle RDB format version\", \"Unable to AUTH to MASTER\" or \"Failed trying to load the MASTER synchronization DB\".",
			"FLUSHALL by somebody, or an eviction. Before the failover: a healthy replica, since it is up and Sentinel lists it.",
		},
		"failover_stuck": {
			"failover-state stays at wait_promotion or reconf_slaves; +try-failover, +elected-leader, +selected-slave and then -failover-abort-slave-timeout in an endless loop. The replica's ACL lacks REPLICAOF, or CONFIG was renamed there.",
			"A slow network, or a failover-timeout that is too short: raising it only makes each try longer.",
		},
		"shared_node": {
			"\"+slave slave 10.0.0.7:6379 ... @ cache\" in the log of a group that the node was never part of; later one group has the other's data. A pod got the IP address that another one had had.",
			"Replicas that somebody configured wrongly by hand.",
		},
		"node_listed_twice": {
			"num-slaves is one more than there are replicas; the same port twice, by IPv4 and IPv6, or by name and IP address. After a failover nodes are replicas of themselves, or there is no master at all.",
			"A spare replica; or a ghost, which is down, while this one answers at both addresses.",
		},
		"replica_role_mismatch": {
			"Two nodes say role:master in INFO; writes that were acknowledged are gone later. The Sentinels log +convert-to-slave again and again, or nothing where their user may not use REPLICAOF.",
			"A failover that has just ended: an old master is one for some 20 s. One that loads its data says role:master too, and takes no writes (replica_loading).",
		},
		"master_sdown": {
			"\"+sdown master\" and \"-sdown master\" in turns in the log of one Sentinel, with nothing at the others.",
			"An outage: one Sentinel's opinion does nothing. Or a down-after that is too short, where the master stalls for a second or two now and then.",
		},
		"epoch_disagreement": {
			"config-epoch differs between Sentinels that give one address; one of them still shows the replicas as they were, and logs no +config-update-from.",
			"A failover under way, in which it is so for a second or two.",
		},
		"quorum_fragile": {
			"Everything works, CKQUORUM says OK, and then a second Sentinel is restarted for an update and the master of all times dies just then.",
			"All is well: that is what most other checks and dashboards say of it.",
		},
		"quorum_misconfigured": {
			"Two nodes with a Sentinel on each, and no failover when one machine dies, which takes its Sentinel with it; or a quorum of 1, and two masters after a short network fault.",
			"A bug of the election: the quorum only starts a failover, and it takes a majority of all to do it.",
		},
		"settings_drift": {
			"A failover takes 5 s one time and 60 s the next: it depends on the Sentinel that leads. Somebody ran SENTINEL SET on one and expected the others to hear of it.",
			"A load that varies.",
		},
		"ghost_sentinels": {
			"num-other-sentinels only grows, in Kubernetes by one with each restart of a pod; \"sentinels=7\" in INFO, where there are three; in the end no election is won. Or CKQUORUM is OK, and a failover ends with -failover-abort-not-elected: the address of a pod that is gone was given to one of another deployment, which answers PING.",
			"A Sentinel that is about to come back. RESET at once after each restart is as bad: for some seconds nobody knows anybody.",
		},
		"ghost_replicas": {
			"Replicas with flags s_down,slave,disconnected and addresses of pods that are long gone; libraries try them first and report timeouts.",
			"A replica that restarts, or whose machine is being repaired: that needs no RESET.",
		},
		"peers_unreachable": {
			"\"+sdown sentinel\" right after \"+sentinel\", for Sentinels that run; last-hello-message stays small, as hellos go through Redis. bind 127.0.0.1, protected-mode, a security group without port 26379, or an announce-ip that is the address behind NAT.",
			"A dead Sentinel.",
		},
		"replica_down": {
			"\"+sdown slave\" in the logs, and one connected_slaves less on the master. Or \"+sdown slave\" down-after after each \"+slave\", run id empty, and none less on the master: an address behind NAT.",
			"A network fault on the master's side; or, where it answers with errors, a password (replica_answers_errors).",
		},
		"replica_answers_errors": {
			"\"+sdown slave\" for a replica that replicates without a fault: master_link_status:up, and redis-cli with its own password works. It has another requirepass than the master.",
			"A dead replica, or a ghost: RESET forgets it for ten seconds, and it comes back down.",
		},
		"replica_link_down": {
			"master_link_status:down and master_link_down_since_seconds grows. The replica's log repeats \"Connecting to MASTER\" and \"MASTER aborted replication: NOAUTH Authentication required.\", or the full synchronization starts again and again since client-output-buffer-limit ends it.",
			"A slow replica; or a dead master, which has a finding of its own.",
		},
		"replica_loading": {
			"\"LOADING Redis is loading the dataset in memory\" from one node after it came back. After a failover it still says role:master, and REPLICAOF from the Sentinels gets the same answer: +convert-to-slave comes only minutes later.",
			"Two masters: it takes no writes while it loads. Or a hung node, which would not answer INFO.",
		},
		"replicas_overlooked": {
			"connected_slaves is 2 on the master and num-slaves 1 on the Sentinel; in INFO slave0 and slave1 have the same ip and port, that of a Docker host or a NAT gateway. After a failover one replica follows the old master for ever.",
			"A replica that is down, or not yet discovered: Sentinel finds new ones within 10 s.",
		},
		"replica_lagging": {
			"Reads from the replica are seconds or minutes old, and after a failover the last writes are missing. The master's repl_backlog is too small, the replica runs long Lua scripts or is on a slower disk.",
			"A broken link: that is down, and has a finding of its own. Also offsets that were read 10 s apart on a busy master; the check compares only what is certain.",
		},
		"replica_told_again": {
			As:          "Clients of the replicas are disconnected every 10 s and connect again, since the master's DNS record was changed or a service got another address; the Sentinels' logs repeat +fix-slave-config, and the replicas log nothing but a REPLICAOF to where they are.",
			MistakenFor: "A timeout of a proxy or load balancer, or a client library that leaks connections. Replicas that follow another node: those are told once, and obey.",
		},
		"replica_wrong_master": {
			"After a failover one replica still follows the old address; +fix-slave-config in the logs, again and again where its ACL or a configuration manager undoes it. Or chained replicas that somebody wanted, which Sentinel does not allow.",
			"A replica that lags.",
		},
		"single_point_of_failure": {
			"A machine was rebooted or a pod evicted, the master was on it with two of three Sentinels, and nothing took over until it was back: the Sentinel that was left logged -failover-abort-not-elected, or +sdown master and no +odown after it.",
			"A quorum that is too high, or a Sentinel that does not work; CKQUORUM had said OK until that moment, and says so again now.",
		},
		"loopback_address": {
			"Clients on other machines get 127.0.0.1:6379 from Sentinel and connect to themselves: \"Connection refused\", while all works on the machine of the Sentinel. MONITOR was given 127.0.0.1 or localhost, as in all the examples.",
			"A firewall between the client and Redis.",
		},
	}
}
