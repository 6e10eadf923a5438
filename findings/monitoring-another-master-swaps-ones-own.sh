#!/usr/bin/env bash
# Redis Sentinel 7.0.15 and Valkey Sentinel 9.1.2.
#
# Guess: two deployments may both call their master main, since their Sentinels know nothing of
#   each other. SENTINEL MONITOR of the other one's master under a name of its own (for a look, or
#   by a mistake) adds a master, and main stays what it was.
# Really: at the node that they now share, a Sentinel hears the other ones say where main is, and
#   takes that for its own main. They are its peers from then on, and if there was a
#   failover over there, so that their epoch is higher, main is switched to their master at once.
#   What was its master is made a replica of that one, and throws its data away.
# Consequence: one wrong address merges two deployments, and the data of one are gone. Give each
#   deployment's master a name of its own.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"

try() {
	local server=$1 cli=$2 name a b replica one two
	name=$(basename "$server")
	a=$(port) replica=$(port) b=$(port) one=$(port) two=$(port)
	mkdir "$work/$name"
	cd "$work/$name"
	mkdir a r b
	start a.log "$server" --port "$a" --bind 127.0.0.1 --save '' --dir a
	start r.log "$server" --port "$replica" --bind 127.0.0.1 --save '' --dir r --replicaof 127.0.0.1 "$a"
	start b.log "$server" --port "$b" --bind 127.0.0.1 --save '' --dir b
	sentinel() {
		printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\n' "$1" "$2" >"$1.conf"
		start "$1.log" "$server" "$1.conf" --sentinel
		wait_for "$cli" -p "$1" PING
	}
	sentinel "$one" "$a"
	sentinel "$two" "$b"
	main() { "$cli" -p "$1" SENTINEL GET-MASTER-ADDR-BY-NAME main | tail -n 1; }
	is_main() { [ "$(main "$1")" = "$2" ]; }
	field() { "$cli" -p "$1" SENTINEL MASTER main | sed -n "/^$2\$/{n;p}"; }
	"$cli" -p "$b" SET key value >/dev/null
	failed_over() { "$cli" -p "$one" SENTINEL FAILOVER main >/dev/null 2>&1; is_main "$one" "$replica"; }
	wait_for failed_over
	expect "$name, main of the second deployment" "$(main "$two")" "$b"
	expect "$name, MONITOR of the first one's master under another name" "$("$cli" -p "$two" SENTINEL MONITOR look 127.0.0.1 "$replica" 1)" OK
	wait_for is_main "$two" "$replica"
	expect "$name, main of the second deployment is now that of the first" "$(main "$two")" "$replica"
	expect "$name, peers of its main" "$(field "$two" num-other-sentinels)" 1
	is_replica() { [ "$("$cli" -p "$b" ROLE | head -n 1)" = slave ] && "$cli" -p "$b" INFO replication | grep -q 'master_link_status:up'; }
	wait_for is_replica
	expect "$name, keys of what was its master" "$("$cli" -p "$b" DBSIZE)" 0
}

try "$work/bookworm/bin/redis-server" "$work/bookworm/bin/redis-cli"
try "$work/sid/bin/valkey-server" "$work/sid/bin/valkey-cli"
