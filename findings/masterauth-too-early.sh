#!/usr/bin/env bash
# Redis 6.0.16, 7.0.15, 8.0.2, 8.6.3 and Valkey 9.1.2 (run here: 8.0.2).
#
# Guess: who turns passwords on without an outage gives all nodes masterauth first, which nobody
#   asks for yet, and requirepass afterwards.
# Really: a replica with masterauth and no masteruser sends AUTH with the password alone, and a
#   master without a password answers that with an error: its replica gives up, and tries again
#   for ever. A link that was there before goes on, so nothing shows until the next one is made,
#   such as after a failover. With "masteruser default" the same password is taken.
# Consequence: set masteruser default together with masterauth, or requirepass at once on all
#   nodes. A masterauth left over from former times keeps an old master from coming back.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian trixie "redis-server=5:8.0.2-*" "redis-tools=5:8.0.2-*"
bin=$work/trixie/bin master=$(port) replica=$(port)
cli() { "$bin/redis-cli" -p "$@"; }
start "$work/master.log" "$bin/redis-server" --port "$master" --bind 127.0.0.1 --save ''
start "$work/replica.log" "$bin/redis-server" --port "$replica" --bind 127.0.0.1 --save '' --replicaof 127.0.0.1 "$master"
link() { cli "$replica" INFO replication | tr -d '\r' | sed -n 's/^master_link_status://p'; }
up() { [ "$(link)" = up ]; }
wait_for up
expect 'CONFIG SET masterauth' "$(cli "$replica" CONFIG SET masterauth later)" OK
expect 'the link' "$(link)" up
expect 'connections of the replica that are cut' "$(cli "$master" CLIENT KILL TYPE replica)" 1
refused() { grep -q 'Unable to AUTH to MASTER' "$work/replica.log"; }
wait_for refused
expect 'the link' "$(link)" down
expect 'the log of the replica' "$(grep -o 'Unable to AUTH to MASTER: [^.]*' "$work/replica.log" | tail -n 1)" '*without any password configured for the default user'
expect 'CONFIG SET masteruser default' "$(cli "$replica" CONFIG SET masteruser default)" OK
wait_for up
expect 'the link' "$(link)" up
