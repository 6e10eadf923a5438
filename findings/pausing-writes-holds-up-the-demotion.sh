#!/usr/bin/env bash
# Redis 7.0.15, 8.6.3, Valkey 8.1.1, 9.1.2 (run here: 7.0.15).
#
# Guess: with CLIENT PAUSE ... WRITE on the master for longer than a failover takes, SENTINEL FAILOVER loses no
#   write: the Sentinel makes the old master a replica 10 s after the switch, and those that wait are refused then.
# Really: it does so only when it has an INFO of the old master, and that waits behind its own PUBLISH, on the same
#   connection, until the pause ends, however long that is. Then the writes that have waited are taken and
#   acknowledged, and after them the old master becomes a replica: they are lost.
# Consequence: who pauses writes for a planned switch has to send REPLICAOF to the old master himself, before the
#   pause ends. A longer pause does not help.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
bin=$work/bookworm/bin master=$(port) replica=$(port) sentinel=$(port)
cli() { "$bin/redis-cli" -p "$@"; }
start "$work/master.log" "$bin/redis-server" --port "$master" --bind 127.0.0.1 --save ''
start "$work/replica.log" "$bin/redis-server" --port "$replica" --bind 127.0.0.1 --save '' --replicaof 127.0.0.1 "$master"
printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\nsentinel down-after-milliseconds main 60000\n' "$sentinel" "$master" >"$work/sentinel.conf"
start "$work/sentinel.log" "$bin/redis-server" "$work/sentinel.conf" --sentinel
known() { cli "$sentinel" SENTINEL REPLICAS main | grep -qx ok; }
wait_for known
role() { cli "$1" ROLE | head -n 1; }
expect 'CLIENT PAUSE 25000 WRITE' "$(cli "$master" CLIENT PAUSE 25000 WRITE)" OK
cli "$master" SET waited 1 >"$work/waited" &
writer=$!
expect 'SENTINEL FAILOVER' "$(cli "$sentinel" SENTINEL FAILOVER main)" OK
address() { cli "$sentinel" SENTINEL GET-MASTER-ADDR-BY-NAME main | tail -n 1; }
switched() { [ "$(address)" = "$replica" ]; }
wait_for switched
began=$SECONDS
expect 'the role of the new master' "$(role "$replica")" master
sleep 18
expect "the role of the old one $((SECONDS - began)) s later" "$(role "$master")" master
expect '+convert-to-slave so far' "$(grep -c 'convert-to-slave' "$work/sentinel.log" || true)" 0
wait "$writer"
expect 'the write that has waited' "$(cat "$work/waited")" OK
demoted() { [ "$(role "$master")" = slave ]; }
wait_for demoted
expect 'the role of the old master, after the pause' "$(role "$master")" slave
expect 'what was written, at the new master' "$(cli "$replica" GET waited)" ''
