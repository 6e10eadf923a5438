#!/usr/bin/env bash
# Redis Sentinel 7.0.15 and Valkey Sentinel 9.1.2.
#
# Guess: notification-script is called for one event after the other; the last call says how
#   things stand.
# Really: each event has a process of its own, up to 16 at once, so +odown can come in before
#   its +sdown. And a call that ends with status 1 is made again up to ten times, the first
#   after 30 s (4 s here), with the words of then, and without holding back what has happened
#   since: after "-odown" at 16:00:03 follows "+odown" at 16:00:30, without a mark.
# Consequence: a mail gateway that fails in the moment of the outage gets "down" as the last
#   word, when all is well. Let the script exit with 2 or more, which ends its tries, or ask
#   the Sentinel for the state as it runs instead of passing on its arguments.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"

try() { # SERVER CLI
	local server=$1 cli=$2 name=${1##*/} data sentinel master downs
	data=$(port) sentinel=$(port)
	mkdir "$name"
	touch "$name/gateway-is-away"
	cat >"$name/notify" <<-SH
		#!/bin/sh
		[ -e "$work/$name/gateway-is-away" ] && exit 1
		echo "\$1" >>"$work/$name/sent"
	SH
	chmod 755 "$name/notify"
	start "$name/data.log" "$server" --port "$data" --bind 127.0.0.1 --save ''
	master=$!
	cat >"$name/sentinel.conf" <<-CONF
		port $sentinel
		bind 127.0.0.1
		sentinel monitor main 127.0.0.1 $data 1
		sentinel down-after-milliseconds main 1000
		sentinel notification-script main $work/$name/notify
	CONF
	start "$name/sentinel.log" "$server" "$work/$name/sentinel.conf" --sentinel
	wait_for "$cli" -p "$sentinel" PING
	"$cli" -p "$sentinel" SENTINEL DEBUG script-retry-delay 4000 >/dev/null
	wait_for "$cli" -p "$data" PING
	kill -STOP "$master"
	wait_for grep -q 'failover-abort-no-good-slave' "$name/sentinel.log"
	rm "$name/gateway-is-away"
	kill -CONT "$master"
	wait_for grep -q -- '-odown' "$name/sent"
	wait_for grep -q -- '+odown' "$name/sent"
	wait_for grep -q -- '+sdown' "$name/sent"
	downs=$(grep -x '[+-][so]down' "$name/sent")
	expect "$name, sent" "$(paste -sd' ' <<<"$downs")" '-?down -?down +?down +?down'
	expect "$name, status when the last of them was sent" \
		"$("$cli" -p "$sentinel" INFO sentinel | grep -o 'status=[a-z]*')" 'status=ok'
	stop "$master"
}
try "$work/bookworm/bin/redis-server" "$work/bookworm/bin/redis-cli"
try "$work/sid/bin/valkey-server" "$work/sid/bin/valkey-cli"
