#!/usr/bin/env bash
# Redis 7.0.15, 8.6.3, Valkey 9.1.2 (run here: 7.0.15).
#
# Guess: CLIENT PAUSE ... WRITE on a healthy master holds back writers and nothing else; reads
#   and PING are answered, so Sentinel sees nothing.
# Really: Sentinel says hello by PUBLISH over the connection on which it sends PING. PUBLISH
#   counts as a write and is held back, and with it every PING behind it: the master is
#   "down" after down-after-milliseconds, while everybody else's PING is answered.
# Consequence: whoever pauses writes for a planned switch, or for a copy, for longer than
#   down-after-milliseconds causes a failover in the middle of it.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
bin=$work/bookworm/bin master=$(port) replica=$(port) sentinel=$(port)
cli() { "$bin/redis-cli" -p "$@"; }
start "$work/master.log" "$bin/redis-server" --port "$master" --bind 127.0.0.1 --save ''
start "$work/replica.log" "$bin/redis-server" --port "$replica" --bind 127.0.0.1 --save '' --replicaof 127.0.0.1 "$master"
printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\nsentinel down-after-milliseconds main 3000\n' "$sentinel" "$master" >"$work/sentinel.conf"
start "$work/sentinel.log" "$bin/redis-server" "$work/sentinel.conf" --sentinel
known() { cli "$sentinel" SENTINEL REPLICAS main | grep -qx ok; }
wait_for known
expect 'CLIENT PAUSE 30000 WRITE' "$(cli "$master" CLIENT PAUSE 30000 WRITE)" OK
down() { cli "$sentinel" SENTINEL MASTER main | grep -q s_down; }
wait_for down
expect 'Sentinel: flags' "$(cli "$sentinel" SENTINEL MASTER main | grep s_down)" '*s_down*'
expect 'PING of the master' "$(cli "$master" PING)" PONG
address() { cli "$sentinel" SENTINEL GET-MASTER-ADDR-BY-NAME main | tail -n 1; }
switched() { [ "$(address)" = "$replica" ]; }
wait_for switched
expect 'the master, which was :'"$master"', is now' ":$(address)" ":$replica"
