#!/usr/bin/env bash
# redis-cli 8.0.2 with Redis Sentinel 8.0.2, valkey-cli 9.1.2 with Valkey Sentinel 9.1.2; jq 1.7.1.
#
# Guess: redis-cli --json SENTINEL MASTER gives num-slaves, quorum and the times as numbers, as
#   it does with the answers that are integers, so that jq can compare them.
# Really: all fields of a Sentinel are strings, in RESP3 as well: "num-slaves": "0". In jq every
#   string is greater than every number, without an error: ."num-slaves" < 1 is false with no
#   replica at all, and ."num-slaves" > 5 is true.
# Consequence: a check made of the two passes for ever, or fails for ever, by the direction of
#   its comparison. Write (."num-slaves" | tonumber).
set -euo pipefail
. "$(dirname "$0")/lib.sh"

debian trixie "redis-server=5:8.0.2-*" "redis-tools=5:8.0.2-*" "jq=1.7.1-*"
debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"
jq=$work/trixie/bin/jq
try() { # SERVER CLI
	local server=$1 cli=$2 name=${2##*/} p
	p=$(port)
	printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 1 2\n' "$p" >"$name.conf"
	start "$name.log" "$server" "$work/$name.conf" --sentinel
	wait_for "$cli" -p "$p" PING
	"$cli" --json -p "$p" SENTINEL MASTER main >"$name.json"
	expect "$name, num-slaves" "$("$jq" -c '."num-slaves"' "$name.json")" '"0"'
	expect "$name, fields that are numbers" "$("$jq" -c '[.[] | numbers]' "$name.json")" '\[\]'
	expect "$name, an answer that is an integer" "$("$cli" --json -p "$p" SENTINEL RESET nothing)" 0
	expect 'num-slaves < 1' "$("$jq" '."num-slaves" < 1' "$name.json")" false
	expect 'num-slaves > 5' "$("$jq" '."num-slaves" > 5' "$name.json")" true
	expect 'with tonumber, < 1' "$("$jq" '(."num-slaves" | tonumber) < 1' "$name.json")" true
}
try "$work/trixie/bin/redis-server" "$work/trixie/bin/redis-cli"
try "$work/sid/bin/valkey-server" "$work/sid/bin/valkey-cli"
