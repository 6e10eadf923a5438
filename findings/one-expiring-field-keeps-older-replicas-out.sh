#!/usr/bin/env bash
# Valkey 9.1.2 with a replica of Valkey 8.1.1; Redis 8.0.2 and 8.6.3 as a replica too (run here: 8.1.1).
#
# Guess: a replica cannot be older than its master, as it cannot read the RDB of that: Valkey 9 has version 80, and
#   Valkey 8.1 reads up to 11.
# Really: Valkey 9.1 sends an older replica what it can read, and that follows, after a full copy as well, until there is one
#   hash with a field that expires. From then on no full copy is sent to it: it asks again and again, and the master
#   forks each time (here without the delay of 5 s that repl-diskless-sync-delay is by default).
# Consequence: in an upgrade node by node a failover to the new version seems safe, and is until somebody uses
#   HEXPIRE. Look for keys_with_volatile_items in INFO keyspace before a failover with nodes of both.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"
debian trixie "valkey-server=8.1.1*" "valkey-tools=8.1.1*"
new=$work/sid/bin old=$work/trixie/bin master=$(port) replica=$(port)
cli() { "$new/valkey-cli" -p "$@"; }
mkdir "$work/m" "$work/r"
start "$work/master.log" "$new/valkey-server" --port "$master" --bind 127.0.0.1 --save '' --dir "$work/m" --repl-diskless-sync-delay 0
wait_for cli "$master" PING
follow() {
	rm -f "$work/r/dump.rdb" # with nothing on disk it needs a full copy
	start "$work/replica.log" "$old/valkey-server" --port "$replica" --bind 127.0.0.1 --save '' --dir "$work/r" --replicaof 127.0.0.1 "$master"
	wait_for cli "$replica" PING
}
link() { cli "$replica" INFO replication | tr -d '\r' | sed -n 's/^master_link_status://p'; }
up() { [ "$(link)" = up ]; }
expect 'HSET' "$(cli "$master" HSET hash field value)" 1
follow
wait_for up
expect 'HGET at the older replica' "$(cli "$replica" HGET hash field)" value
stop "${pids[-1]}"
expect 'HEXPIRE hash 3600 FIELDS 1 field' "$(cli "$master" HEXPIRE hash 3600 FIELDS 1 field)" 1
expect 'INFO keyspace' "$(cli "$master" INFO keyspace | grep db0)" '*keys_with_volatile_items=1*'
follow
refusals() { grep -c "Can't store key" "$work/master.log" || true; }
many() { [ "$(refusals)" -ge 10 ]; }
wait_for many
expect 'master_link_status of the older replica' "$(link)" down
forks=$(cli "$master" INFO stats | tr -d '\r' | sed -n 's/^total_forks://p')
expect "forks of the master, $forks, for at least ten copies that failed" "$([ "$forks" -ge 10 ] && echo yes)" yes
