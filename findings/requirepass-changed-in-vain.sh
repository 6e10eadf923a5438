#!/usr/bin/env bash
# Redis Sentinel 7.0.15, 8.0.2 and Valkey Sentinel 9.1.2 (run here: 7.0.15 and 9.1.2).
#
# Guess: who changes requirepass in sentinel.conf and starts the Sentinel again has changed
#   its password.
# Really: when a Sentinel saves its state it also writes a line "user default on #hash" into
#   the file, below requirepass. At the next start that line is read after requirepass and
#   wins: the old password goes on, the new one is refused, and no log line says so.
# Consequence: a password that leaked and was "changed" still opens the Sentinel, and an
#   exporter that was given the new one is refused. Delete the line "user default" as well.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"

ask() { "$work/bookworm/bin/redis-cli" -p "$p" --no-auth-warning "$@" 2>/dev/null | head -n 1; }
listens() { ask PING | grep -q NOAUTH; }

for server in "$work/bookworm/bin/redis-server" "$work/sid/bin/valkey-server"; do
	p=$(port) name=$(basename "$server")
	mkdir "$work/$p"
	conf=$work/$p/sentinel.conf
	printf 'port %s\nbind 127.0.0.1\nrequirepass old\nsentinel monitor main 127.0.0.1 1 1\n' "$p" >"$conf"
	start "$work/$p/log" "$server" "$conf" --sentinel
	wait_for listens
	expect "$name with requirepass old, the old password" "$(ask -a old PING)" PONG
	expect "$name, SENTINEL FLUSHCONFIG" "$(ask -a old SENTINEL FLUSHCONFIG)" OK
	stop $!
	expect "$name saves below requirepass" "$(sed -n '/^requirepass/,$s/^\(user default on .*#.....\).*/\1/p' "$conf")" 'user default on *'
	sed -i 's/^requirepass.*/requirepass new/' "$conf"
	start "$work/$p/log" "$server" "$conf" --sentinel
	wait_for listens
	expect "$name with requirepass new, the old password" "$(ask -a old PING)" PONG
	expect "$name with requirepass new, the new password" "$(ask -a new PING)" 'NOAUTH*'
done
