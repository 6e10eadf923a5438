#!/usr/bin/env bash
# Redis Sentinel 8.0.2.
#
# Guess: a SENTINEL SET that is answered with an error has changed nothing.
# Really: the options are taken one after the other, up to the one that is wrong. What stands
#   before it is in force, and is written into the configuration file; the error does not name
#   it. SENTINEL CONFIG SET of the same server looks at all options first.
# Consequence: after "quorum 3 parallel-sync 2" (one letter missing) this Sentinel has another
#   quorum than its peers, although the script that set it stopped with an error. Set one option
#   a call, or compare quorum across Sentinels afterwards.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian trixie "redis-server=5:8.0.2-*" "redis-tools=5:8.0.2-*"
p=$(port)
cli() { "$work/trixie/bin/redis-cli" -p "$p" "$@"; }
printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 1 2\n' "$p" >"$work/sentinel.conf"
start "$work/log" "$work/trixie/bin/redis-server" "$work/sentinel.conf" --sentinel
wait_for cli PING
quorum() { cli SENTINEL MASTER main | grep -A 1 -x quorum | tail -n 1; }
expect 'quorum' "$(quorum)" 2
expect 'SET quorum 3 parallel-sync 2' "$(cli SENTINEL SET main quorum 3 parallel-sync 2)" "ERR Unknown option*'parallel-sync'*"
expect 'quorum' "$(quorum)" 3
expect 'in the file' "$(grep '^sentinel monitor' "$work/sentinel.conf")" '* 3'
expect 'CONFIG SET loglevel debug logevel debug' "$(cli SENTINEL CONFIG SET loglevel debug logevel debug)" "ERR *'logevel'*"
expect 'loglevel' "$(cli SENTINEL CONFIG GET loglevel | tail -n 1)" notice
