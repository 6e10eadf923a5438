#!/usr/bin/env bash
# Redis Sentinel 8.0.2.
#
# Guess: "sentinel monitor" with the port of a Sentinel (26379) in place of that of Redis
#   (6379) is refused, or the master is down at once.
# Really: the Sentinel takes the other one for a master in good health, as a Sentinel answers
#   PING, INFO, SUBSCRIBE and even PUBLISH of a hello: flags "master", status=ok, CKQUORUM OK,
#   and its address is given to clients. Only role-reported says "slave": a Sentinel's INFO
#   has no role. Where a real replica in that place is called down after
#   down-after-milliseconds and 20 seconds, this one is not, ever: no role is not "slave".
# Consequence: a deployment check that looks at flags, status and CKQUORUM passes for ever. Hold role-reported against the flags.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian trixie "redis-server=5:8.0.2-*" "redis-tools=5:8.0.2-*"
bin=$work/trixie/bin data=$(port) other=$(port) sentinel=$(port)
cli() { "$bin/redis-cli" -p "$@"; }
start "$work/data.log" "$bin/redis-server" --port "$data" --bind 127.0.0.1 --save ''
watch() { # PORT ADDRESS-PORT
	printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\nsentinel down-after-milliseconds main 2000\n' "$1" "$2" >"$work/$1.conf"
	start "$work/$1.log" "$bin/redis-server" "$work/$1.conf" --sentinel
	wait_for cli "$1" PING
}
watch "$other" "$data"
watch "$sentinel" "$other"
field() { cli "$sentinel" SENTINEL MASTER main | grep -A 1 -x "$1" | tail -n 1; }
sleep 5 # twice down-after-milliseconds, and more
expect 'flags of the "master"' "$(field flags)" master
expect 'INFO' "$(cli "$sentinel" INFO sentinel | grep -o 'status=[a-z]*')" status=ok
expect 'CKQUORUM' "$(cli "$sentinel" SENTINEL CKQUORUM main)" 'OK * usable*'
expect 'clients are sent to the Sentinel' ":$(cli "$sentinel" SENTINEL GET-MASTER-ADDR-BY-NAME main | tail -n 1)" ":$other"
expect 'role-reported' "$(field role-reported)" slave
longer() { [ "$(field role-reported-time)" -gt 35000 ]; }
wait_for longer
expect 'flags after more than 35 s of that role' "$(field flags)" master
