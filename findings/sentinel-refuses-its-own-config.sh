#!/usr/bin/env bash
# Redis Sentinel 6.0.16, 7.0.15, 8.0.2, 8.0.6 and Valkey Sentinel 8.1.1, 9.1.2 (run here: 8.0.6, 9.1.2).
#
# Guess: what a running Sentinel has accepted and saved, it can read when it starts again.
# Really: SENTINEL SET auth-pass and SENTINEL MONITOR accept a password or a name with a
#   blank, answer OK and write it into the configuration file without quotes. All goes well
#   until the next start, which ends with "Unrecognized sentinel configuration statement".
#   Valkey 9.1 quotes the password, but not the name.
# Consequence: the Sentinel is lost at its next restart, perhaps months later, and each
#   Sentinel that got the same command with it. Refuse blanks and quotes before sending.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian sid "redis-server=5:8.0.6-*" "redis-tools=5:8.0.6-*" "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"

# try WHAT SERVER LINE COMMAND...: what the file then holds, and how the next start ends.
try() {
	local what=$1 server=$2 line=$3 p
	shift 3
	p=$(port)
	mkdir "$work/$p"
	printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 1 1\n' "$p" >"$work/$p/sentinel.conf"
	start "$work/$p/log" "$server" "$work/$p/sentinel.conf" --sentinel
	wait_for "$cli" -p "$p" PING
	expect "$what answers" "$("$cli" -p "$p" "$@")" OK
	stop $!
	expect "$what saves" "$(grep "$line" "$work/$p/sentinel.conf" | tail -n 1)" "$want"
	start "$work/$p/log2" "$server" "$work/$p/sentinel.conf" --sentinel
	wait_for grep -q 'Unrecognized\|Running mode' "$work/$p/log2"
	expect "$what starts again with" "$(grep -o 'Unrecognized sentinel.*\|Running mode=sentinel' "$work/$p/log2")" "$again"
}

cli=$work/sid/bin/redis-cli again='Unrecognized sentinel configuration statement.'
want='sentinel auth-pass main two words'
try "Redis 8.0.6, SET auth-pass," "$work/sid/bin/redis-server" auth-pass SENTINEL SET main auth-pass 'two words'
want='sentinel monitor my db 127.0.0.1 1 1'
try "Valkey 9.1.2, MONITOR," "$work/sid/bin/valkey-server" 'monitor my db' SENTINEL MONITOR 'my db' 127.0.0.1 1 1
want='sentinel auth-pass main "two words"' again='Running mode=sentinel'
try "Valkey 9.1.2, SET auth-pass," "$work/sid/bin/valkey-server" auth-pass SENTINEL SET main auth-pass 'two words'
