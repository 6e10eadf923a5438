#!/usr/bin/env bash
# Redis Sentinel 7.0.15, 8.0.2 and Valkey Sentinel 9.1.2 (run here: 8.0.2).
#
# Guess: PSUBSCRIBE [+-]* subscribes to all events of a Sentinel, as their names begin with
#   + or -, and in shells, regular expressions and Go's path.Match a - at the end of a class
#   is the character itself (or an error).
# Really: Redis takes "+-]" for a range, from + to ], and then runs out of pattern before it
#   has seen the class end. The subscription is confirmed and gets no event at all. [-+]* works.
# Consequence: an event log or a failover hook that is silent for ever. The same matching
#   decides what SENTINEL RESET and SENTINEL CONFIG GET apply to.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian trixie "redis-server=5:8.0.2-*" "redis-tools=5:8.0.2-*"
cli=$work/trixie/bin/redis-cli p=$(port)
printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 1 1\n' "$p" >"$work/sentinel.conf"
start "$work/log" "$work/trixie/bin/redis-server" "$work/sentinel.conf" --sentinel
wait_for "$cli" -p "$p" PING

for pattern in '[+-]*' '[-+]*'; do
	start "$work/$pattern" "$cli" -p "$p" PSUBSCRIBE "$pattern"
	wait_for grep -q psubscribe "$work/$pattern"
done
"$cli" -p "$p" SENTINEL SET main quorum 2 >/dev/null
"$cli" -p "$p" SENTINEL REMOVE main >/dev/null
wait_for grep -q -- -monitor "$work/[-+]*"
events() { grep -A 2 pmessage "$work/$1" | grep -E '^[+-][a-z]' | sort | paste -sd' '; }
expect 'events of [-+]*' "$(events '[-+]*')" '*+set*'
expect 'events of [+-]*' "$(events '[+-]*')" ''
