#!/usr/bin/env bash
# Valkey Sentinel and server 9.1.2.
#
# Guess: FAILOVER ABORT at the master ends a coordinated failover that waits for a replica, and
#   clients can write again: that is what it does after FAILOVER by hand.
# Really: where a Sentinel has started it (SENTINEL FAILOVER ... COORDINATED) the answer is OK and
#   master_failover_state is no-failover, but writes stay blocked (paused_reason:client_pause)
#   until failover-timeout, 3 minutes by default. CLIENT UNPAUSE lets them through.
# Consequence: who aborts it because nobody can write has to send CLIENT UNPAUSE as well.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"
bin=$work/sid/bin master=$(port) replica=$(port) sentinel=$(port)
cli() { "$bin/valkey-cli" -p "$@"; }
start "$work/master.log" "$bin/valkey-server" --port "$master" --bind 127.0.0.1 --save ''
start "$work/replica.log" "$bin/valkey-server" --port "$replica" --bind 127.0.0.1 --save '' --replicaof 127.0.0.1 "$master"
printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\n' "$sentinel" "$master" >"$work/sentinel.conf"
start "$work/sentinel.log" "$bin/valkey-server" "$work/sentinel.conf" --sentinel
known() { cli "$sentinel" SENTINEL REPLICAS main | grep -qx ok; }
wait_for known
info() { cli "$master" INFO "$1" | tr -d '\r' | sed -n "s/^$2://p"; }
writes() { # OK, or nothing within two seconds
	timeout 2 "$bin/valkey-cli" -p "$master" SET key value || true
}
pid=$(cli "$replica" INFO server | tr -d '\r' | sed -n 's/^process_id://p')
kill -STOP "$pid"
expect 'SENTINEL FAILOVER COORDINATED, the replica being stopped' "$(cli "$sentinel" SENTINEL FAILOVER main COORDINATED)" OK
waiting() { [ "$(info replication master_failover_state)" = waiting-for-sync ]; }
wait_for waiting
expect 'a write within 2 s' "$(writes)" ''
expect 'FAILOVER ABORT' "$(cli "$master" FAILOVER ABORT)" OK
expect 'master_failover_state' "$(info replication master_failover_state)" no-failover
expect 'a write within 2 s' "$(writes)" ''
expect 'paused_reason' "$(info clients paused_reason)" client_pause
expect 'CLIENT UNPAUSE' "$(cli "$master" CLIENT UNPAUSE)" OK
expect 'a write' "$(writes)" OK
kill -CONT "$pid"
