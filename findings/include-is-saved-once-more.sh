#!/usr/bin/env bash
# Redis Sentinel 7.0.15, 8.0.2, 8.6.3 and Valkey Sentinel 9.1.2 (run here: 8.0.2 and 9.1.2).
#
# Guess: a file that sentinel.conf includes stays apart: a Sentinel saves what it has learnt
#   into sentinel.conf, and reads the other file anew at each start.
# Really: it keeps the line "include", and writes all that it has read from there into
#   sentinel.conf as well. If "sentinel monitor" was in the included file, it is there twice
#   now, and the next start ends with "Duplicate master name". Where it was "auth-pass", kept
#   apart as a secret, the password is in sentinel.conf in clear, and below the include, so
#   that it wins: the file with the secret is changed, the Sentinel is started again, and goes
#   on with the old password.
# Consequence: all is well until the first save and the restart after it. Do not include
#   lines that begin with "sentinel"; send a new password by SENTINEL SET.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

debian trixie "redis-server=5:8.0.2-*" "redis-tools=5:8.0.2-*"
debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"

try() { # SERVER CLI
	local server=$1 cli=$2 name=${1##*/} p out
	mkdir "$name-monitor" "$name-secret"
	p=$(port)
	run() { # FOLDER
		start "$1/log" "$server" "$work/$1/sentinel.conf" --sentinel
		wait_for "$cli" -p "$p" PING
	}
	printf 'sentinel monitor main 127.0.0.1 1 2\n' >"$name-monitor/more.conf"
	printf 'port %s\nbind 127.0.0.1\ninclude %s/more.conf\n' "$p" "$work/$name-monitor" >"$name-monitor/sentinel.conf"
	run "$name-monitor"
	"$cli" -p "$p" SENTINEL FLUSHCONFIG >/dev/null # as each new replica, Sentinel or failover does
	stop $!
	out=$(timeout 10 "$server" "$work/$name-monitor/sentinel.conf" --sentinel 2>&1 || true)
	expect "$name, next start with monitor in the included file" "$(grep -o 'Duplicate master name' <<<"$out")" 'Duplicate master name'

	printf 'sentinel auth-pass main old\n' >"$name-secret/more.conf"
	printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 1 2\ninclude %s/more.conf\n' \
		"$p" "$work/$name-secret" >"$name-secret/sentinel.conf"
	run "$name-secret"
	"$cli" -p "$p" SENTINEL FLUSHCONFIG >/dev/null
	stop $!
	expect "$name, saved into sentinel.conf" "$(grep auth-pass "$name-secret/sentinel.conf")" 'sentinel auth-pass main *old*'
	printf 'sentinel auth-pass main new\n' >"$name-secret/more.conf"
	run "$name-secret"
	"$cli" -p "$p" SENTINEL FLUSHCONFIG >/dev/null
	stop $!
	expect "$name, in force after the included file says new" "$(grep auth-pass "$name-secret/sentinel.conf")" 'sentinel auth-pass main *old*'
}
try "$work/trixie/bin/redis-server" "$work/trixie/bin/redis-cli"
try "$work/sid/bin/valkey-server" "$work/sid/bin/valkey-cli"
