#!/usr/bin/env bash
# Redis Sentinel 7.0.15, 8.0.2 (run here: 8.0.2).
#
# Guess: SENTINEL SIMULATE-FAILURE HELP lists the simulations, and changes nothing.
# Really: it also clears the ones that were set; so does any call, as the flags are cleared
#   first and then set from the arguments: two calls with one flag each leave the second.
# Consequence: a failure drill that asks for help on the way, or arms two simulations one
#   after the other, tests less than it says. Read sentinel_simulate_failure_flags before.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian trixie "redis-server=5:8.0.2-*" "redis-tools=5:8.0.2-*"
p=$(port)
cli() { "$work/trixie/bin/redis-cli" -p "$p" "$@"; }
printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 1 1\n' "$p" >"$work/sentinel.conf"
start "$work/log" "$work/trixie/bin/redis-server" "$work/sentinel.conf" --sentinel
wait_for cli PING
flags() { cli INFO sentinel | tr -d '\r' | sed -n 's/^sentinel_simulate_failure_flags://p'; }
cli SENTINEL SIMULATE-FAILURE crash-after-election crash-after-promotion >/dev/null
expect 'both set in one call' "$(flags)" 3
cli SENTINEL SIMULATE-FAILURE crash-after-election >/dev/null
cli SENTINEL SIMULATE-FAILURE crash-after-promotion >/dev/null
expect 'one after the other' "$(flags)" 2
expect 'HELP' "$(cli SENTINEL SIMULATE-FAILURE HELP | paste -sd' ')" 'crash-after-election crash-after-promotion*'
expect 'after HELP' "$(flags)" 0
