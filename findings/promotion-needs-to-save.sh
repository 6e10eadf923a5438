#!/usr/bin/env bash
# Redis 7.0.15, Valkey 9.1.2.
#
# Guess: what Sentinel sends to a replica that it promotes is REPLICAOF NO ONE; the CONFIG
#   REWRITE after it saves that, and a node which does not allow it is a master all the same,
#   until it restarts.
# Really: both are in one MULTI, and a command that is refused while it is queued makes EXEC
#   refuse all. A user without +config|rewrite cannot promote: the replica stays one, Sentinel says
#   +failover-state-wait-promotion, waits for failover-timeout, and gives up with
#   -failover-abort-slave-timeout. PING, INFO and CKQUORUM are fine until then.
# Consequence: a failover that every check calls possible fails for a permission that only
#   saves a file. On each data node let ACL DRYRUN try every command of the transaction for the
#   user of the Sentinels: multi, replicaof, config rewrite, client kill, exec.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"

# try SERVER CLI PERMISSION...: lets three Sentinels fail over, whose user has these
# permissions more; prints the replica's role in the end, and how the failover ended.
try() {
	local server=$1 cli=$2 master replica one two three p
	shift 2
	master=$(port) replica=$(port) one=$(port) two=$(port) three=$(port)
	for p in $master $replica; do
		start "$p.log" "$server" --port "$p" --bind 127.0.0.1 --dir "$work" --dbfilename "$p.rdb" \
			--user watcher on '>hush' allchannels +multi +slaveof +replicaof +ping +exec +subscribe +role +publish +info '+client|setname' '+client|kill' '+script|kill' "$@"
		wait_for "$cli" -p "$p" PING
	done
	"$cli" -p "$replica" REPLICAOF 127.0.0.1 "$master" >/dev/null
	for p in $one $two $three; do
		cat >"$p.conf" <<-CONF
			port $p
			bind 127.0.0.1
			sentinel monitor main 127.0.0.1 $master 2
			sentinel auth-user main watcher
			sentinel auth-pass main hush
			sentinel failover-timeout main 3000
		CONF
		start "$p.log" "$server" "$p.conf" --sentinel
		wait_for "$cli" -p "$p" PING
	done
	able() { [[ $("$cli" -p "$one" SENTINEL CKQUORUM main) == 'OK 3 usable'* && $("$cli" -p "$one" SENTINEL REPLICAS main) == *"$replica"*master-link-status*ok* ]]; }
	wait_for able
	"$cli" -p "$one" SENTINEL FAILOVER main >/dev/null
	ended() { grep -qE '[+]failover-end|-failover-abort' "$one.log"; }
	wait_for ended
	seen="$("$cli" -p "$replica" ROLE | head -n 1) $(grep -oE '[+]failover-end|-failover-abort[a-z-]*' "$one.log" | head -n 1)"
}
try bookworm/bin/redis-server bookworm/bin/redis-cli '+config|rewrite'
expect 'Redis, with +config|rewrite' "$seen" 'master +failover-end'
try bookworm/bin/redis-server bookworm/bin/redis-cli
expect 'Redis, without' "$seen" 'slave -failover-abort-slave-timeout'
try sid/bin/valkey-server sid/bin/valkey-cli
expect 'Valkey, without' "$seen" 'slave -failover-abort-slave-timeout'
