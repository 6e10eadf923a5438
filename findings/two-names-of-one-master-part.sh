#!/usr/bin/env bash
# Redis Sentinel 8.0.2.
#
# Guess: one address cannot be monitored under two names; or if it can, both move together at
#   a failover, as one and the same process knows both.
# Really: it is taken without a word, and the names know nothing of each other. After the
#   failover of one, the other names the old master, which is a replica by now, with the flags
#   of a healthy master and status=ok, for down-after-milliseconds and 20 seconds more. Then a
#   second failover, of a master that runs, brings it to the node that was promoted long before.
# Consequence: a new name for an old deployment, with both kept for a while, means READONLY
#   for half a minute to the clients of one name at each failover. Move the clients in one step
#   and REMOVE the old name.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian trixie "redis-server=5:8.0.2-*" "redis-tools=5:8.0.2-*"
bin=$work/trixie/bin old=$(port) new=$(port) sentinel=$(port)
cd "$work" # where a replica saves what it was sent
cli() { "$bin/redis-cli" -p "$@"; }
start "$work/old.log" "$bin/redis-server" --port "$old" --bind 127.0.0.1 --save ''
start "$work/new.log" "$bin/redis-server" --port "$new" --bind 127.0.0.1 --save '' --replicaof 127.0.0.1 "$old"
{
	printf 'port %s\nbind 127.0.0.1\n' "$sentinel"
	for name in cache sessions; do
		printf 'sentinel monitor %s 127.0.0.1 %s 1\nsentinel down-after-milliseconds %s 2000\n' $name "$old" $name
	done
} >"$work/sentinel.conf"
start "$work/sentinel.log" "$bin/redis-server" "$work/sentinel.conf" --sentinel
known() { cli "$sentinel" SENTINEL REPLICAS "$1" | grep -qx ok; }
wait_for known cache
wait_for known sessions
address() { cli "$sentinel" SENTINEL GET-MASTER-ADDR-BY-NAME "$1" | tail -n 1; }
at() { [ "$(address "$1")" = "$2" ]; }
expect 'FAILOVER cache' "$(cli "$sentinel" SENTINEL FAILOVER cache)" OK
replica() { cli "$old" ROLE | head -n 1 | grep -qx slave; }
wait_for replica
since=$SECONDS
expect 'the old master is a replica now; cache is at' ":$(address cache)" ":$new"
expect 'sessions is at' ":$(address sessions)" ":$old"
expect 'its flags' "$(cli "$sentinel" SENTINEL MASTER sessions | grep -A 1 -x flags | tail -n 1)" master
expect 'in INFO' "$(cli "$sentinel" INFO sentinel | grep -o 'name=sessions,status=[a-z]*')" 'name=sessions,status=ok'
expect 'a client of it that writes' "$(cli "$old" SET key value)" 'READONLY*'
wait_for at sessions "$new"
echo "sessions followed $((SECONDS - since)) s after the old master had become a replica"
expect 'that is longer than 15 s' "$([ $((SECONDS - since)) -gt 15 ] && echo yes)" yes
expect 'by a failover of its own' "$(grep -c '+elected-leader master sessions' "$work/sentinel.log")" 1
