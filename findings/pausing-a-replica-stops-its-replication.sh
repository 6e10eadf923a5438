#!/usr/bin/env bash
# Redis 7.0.15, 8.6.3, Valkey 8.1.1, 9.1.2 (run here: 7.0.15).
#
# Guess: CLIENT PAUSE ... WRITE holds up clients that write, and a replica has none: it goes on following its master.
# Really: what its master sends counts as the writes of a client, and waits until the pause ends. The link stays up,
#   and reads get the old data.
# Consequence: a pause that is left on a master which is then made a replica, or that is sent to all nodes, makes a
#   stale replica that looks well: master_link_status is up, and only the offset tells. CLIENT UNPAUSE ends it.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
bin=$work/bookworm/bin master=$(port) replica=$(port)
cli() { "$bin/redis-cli" -p "$@"; }
start "$work/master.log" "$bin/redis-server" --port "$master" --bind 127.0.0.1 --save ''
start "$work/replica.log" "$bin/redis-server" --port "$replica" --bind 127.0.0.1 --save '' --replicaof 127.0.0.1 "$master"
link() { cli "$replica" INFO replication | tr -d '\r' | sed -n 's/^master_link_status://p'; }
up() { [ "$(link)" = up ]; }
wait_for up
expect 'CLIENT PAUSE 60000 WRITE of the replica' "$(cli "$replica" CLIENT PAUSE 60000 WRITE)" OK
expect 'SET and WAIT 1 3000 at the master' "$(printf 'SET key new\nWAIT 1 3000\n' | cli "$master" | paste -sd' ')" 'OK 0'
expect 'master_link_status of the replica' "$(link)" up
expect 'GET at the replica' "$(cli "$replica" GET key)" ''
expect 'CLIENT UNPAUSE' "$(cli "$replica" CLIENT UNPAUSE)" OK
new() { [ "$(cli "$replica" GET key)" = new ]; }
wait_for new
expect 'GET at the replica' "$(cli "$replica" GET key)" new
