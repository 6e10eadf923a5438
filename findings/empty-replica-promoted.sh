#!/usr/bin/env bash
# Redis Sentinel 7.0.15, 8.6.3, Valkey Sentinel 9.1.2 (run here: 7.0.15). 6.0.16 refuses.
#
# Guess: Sentinel never promotes a replica that has not once been in step with its master;
#   it has a limit on how long a replica may have been without it.
# Really: a replica that waits for its first synchronisation reports "down since -1 s", which
#   Sentinel counts as less than any limit. If the master dies now the empty replica is
#   promoted; the master comes back with all its data, is made a replica, and is emptied.
# Consequence: a dead master, one new replica and a Sentinel turn a short outage into the
#   loss of all data. Watch master-link-status, not only the flags, before you call a replica
#   promotable; set replica-priority 0 until it has its first copy.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
bin=$work/bookworm/bin master=$(port) replica=$(port) sentinel=$(port)
cli() { "$bin/redis-cli" -p "$@"; }
cd "$work" # where the master saves
serve() { start "$work/master.log" "$bin/redis-server" --port "$master" --bind 127.0.0.1 --save '' --appendonly yes \
	--repl-diskless-sync yes --repl-diskless-sync-delay "$1"; }
serve 600 # the first synchronisation has not begun yet, as with a large data set
pid=$!
wait_for cli "$master" SET data precious
mkdir replica
start "$work/replica.log" "$bin/redis-server" --port "$replica" --bind 127.0.0.1 --save '' --dir replica --replicaof 127.0.0.1 "$master"
printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\nsentinel down-after-milliseconds main 1000\n' "$sentinel" "$master" >sentinel.conf
start "$work/sentinel.log" "$bin/redis-server" sentinel.conf --sentinel
field() { cli "$sentinel" SENTINEL REPLICAS main | grep -A 1 -x "$1" | tail -n 1; }
waits() { [ "$(field master-host)" = 127.0.0.1 ]; }
wait_for waits
expect 'Sentinel: master-link-status' "$(field master-link-status)" err
expect 'Sentinel: master-link-down-time' "$(field master-link-down-time)" -1000
expect 'keys on the replica' "$(cli "$replica" DBSIZE)" 0

stop $pid
role() { cli "$1" ROLE | head -n 1 | grep -qx "$2"; }
wait_for role "$replica" master
echo "the master was stopped, and the empty replica promoted"
serve 0
wait_for role "$master" master
expect 'the old master is back with keys' "$(cli "$master" DBSIZE)" 1
wait_for role "$master" slave
synced() { cli "$master" INFO replication | grep -q master_link_status:up; }
wait_for synced
expect 'and after Sentinel made it a replica' "$(cli "$master" DBSIZE)" 0
