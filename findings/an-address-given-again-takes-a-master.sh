#!/usr/bin/env bash
# Redis Sentinel 7.0.15 and Valkey Sentinel 9.1.2.
#
# Guess: a replica that is gone stays in the list of the Sentinels, down, and does no harm until
#   somebody RESETs them. If its address is given to a node of another deployment, that has
#   another run id and data of its own, so it is not taken for the replica.
# Really: it is. It says that it is a master, so that after some seconds the Sentinels make it a
#   replica of theirs (+convert-to-slave). Its data are thrown away, and those of its own
#   replica, which goes on following it, as well. The Sentinels of that deployment notice when
#   the data are gone, and to the first one all is well: one replica, up.
# Consequence: without a password of its own for each deployment (auth-pass), an old entry of one
#   empties another. RESET after replicas are gone for good, before their addresses are given
#   again; a password, or a NetworkPolicy, keeps the Sentinels of one from the nodes of the other.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"

try() {
	local server=$1 cli=$2 name a address theirs s gone
	name=$(basename "$server")
	a=$(port) address=$(port) theirs=$(port) s=$(port)
	mkdir -p "$work/$name/a" "$work/$name/r" "$work/$name/b" "$work/$name/c"
	cd "$work/$name"
	start a.log "$server" --port "$a" --bind 127.0.0.1 --save '' --dir a
	start r.log "$server" --port "$address" --bind 127.0.0.1 --save '' --dir r --replicaof 127.0.0.1 "$a"
	gone=$!
	printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\nsentinel down-after-milliseconds main 2000\n' "$s" "$a" >s.conf
	start s.log "$server" s.conf --sentinel
	wait_for "$cli" -p "$s" PING
	replica() { "$cli" -p "$s" SENTINEL REPLICAS main | sed -n "/^$1\$/{n;p}"; }
	has() { [[ $(replica "$1") == $2 ]]; }
	wait_for has master-link-status ok
	stop "$gone"
	wait_for has flags '*s_down*'
	expect "$name, the replica that is gone" "$(replica flags)" 's_down,slave,disconnected'
	# The other deployment: a master at that address, with data, and its replica.
	start b.log "$server" --port "$address" --bind 127.0.0.1 --save '' --dir b
	wait_for "$cli" -p "$address" PING
	"$cli" -p "$address" MSET a 1 b 2 c 3 >/dev/null
	start c.log "$server" --port "$theirs" --bind 127.0.0.1 --save '' --dir c --replicaof 127.0.0.1 "$address"
	wait_for "$cli" -p "$theirs" GET c
	keys() { [ "$("$cli" -p "$1" DBSIZE)" = "$2" ]; }
	wait_for keys "$theirs" 3
	expect "$name, keys of the other deployment's master and replica" "$("$cli" -p "$address" DBSIZE) $("$cli" -p "$theirs" DBSIZE)" '3 3'
	wait_for keys "$theirs" 0
	expect "$name, keys of the two later" "$("$cli" -p "$address" DBSIZE) $("$cli" -p "$theirs" DBSIZE)" '0 0'
	expect "$name, the role of what was a master" "$("$cli" -p "$address" ROLE | head -n 3 | paste -sd' ')" "slave 127.0.0.1 $a"
	expect "$name, the Sentinel's log" "$(grep -c -- '+convert-to-slave' s.log)" '[1-9]*'
	wait_for has flags slave
	expect "$name, its replica then" "$(replica flags)" slave
	cd "$work"
}

try "$work/bookworm/bin/redis-server" "$work/bookworm/bin/redis-cli"
try "$work/sid/bin/valkey-server" "$work/sid/bin/valkey-cli"
