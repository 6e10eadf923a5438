#!/usr/bin/env bash
# Redis 7.0.15, Valkey 9.1.2.
#
# Guess: after rename-command CONFIG settings the command's name is settings: COMMAND INFO
#   says so, and ACL rules and ACL DRYRUN take it.
# Really: COMMAND INFO settings describes a command whose name is "config". ACL SETUSER takes
#   +config, which is the way to allow settings, and refuses +settings as unknown; ACL DRYRUN is the
#   other way round, it takes settings and says that config is not found.
# Consequence: who asks whether a user may run CONFIG REWRITE, as a promotion does, hears
#   "not found" for a renamed command, which is not a refusal; and whoever lists the commands by
#   the name in the answer does not see that it was renamed. Compare the name that was asked
#   with the one that is answered; nil for the old one is what tells.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"
try() { # NAME SERVER CLI
	local p
	p=$(port)
	printf 'port %s\nbind 127.0.0.1\nrename-command CONFIG settings\n' "$p" >"$p.conf"
	start "$p.log" "$2" "$p.conf"
	wait_for "$3" -p "$p" PING
	expect "$1: settings GET port" "$("$3" -p "$p" settings GET port | tail -n 1)" "$p"
	expect "$1: COMMAND INFO settings" "$("$3" -p "$p" COMMAND INFO settings | head -n 1)" config
	expect "$1: COMMAND INFO config" "$("$3" -p "$p" COMMAND INFO config | head -n 1)" ''
	expect "$1: +config" "$("$3" -p "$p" ACL SETUSER some on nopass +config)" OK
	expect "$1: +settings" "$("$3" -p "$p" ACL SETUSER other +settings)" '*Unknown command*'
	expect "$1: DRYRUN settings" "$("$3" -p "$p" ACL DRYRUN some settings GET port)" OK
	expect "$1: DRYRUN config" "$("$3" -p "$p" ACL DRYRUN some config GET port)" '*not found*'
}
try Redis bookworm/bin/redis-server bookworm/bin/redis-cli
try Valkey sid/bin/valkey-server sid/bin/valkey-cli
