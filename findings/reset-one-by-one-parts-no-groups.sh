#!/usr/bin/env bash
# Redis Sentinel 7.0.15 and Valkey Sentinel 9.1.2.
#
# Guess: after a wrong REPLICAOF, Sentinels of two deployments with one master name have met at
#   the node, and take each other for theirs. With the node back at its own master, RESET on one
#   Sentinel after the other, as for any change of a Sentinel, makes them forget each other.
# Really: a Sentinel sends its hello not only to the data nodes, but also to each Sentinel that it
#   knows. So those that have not been RESET yet tell the one that was at once of themselves, and
#   it tells them: after a RESET of each, all know all, also if the node that they met at is
#   stopped. Only RESET of all of them at one moment parts them.
# Consequence: two deployments stay merged, with votes that never come and a node that both point
#   to their own master, after what seems to be a repair. Stop the node, RESET the name on all
#   Sentinels of both within the same second, again until num-other-sentinels is right, and
#   start the node as a replica of its master. Give each deployment's master a name of its own.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"

try() {
	local server=$1 cli=$2 name a b replica node sentinels=() s master round resets
	name=$(basename "$server")
	a=$(port) b=$(port) replica=$(port)
	mkdir -p "$work/$name/a" "$work/$name/b" "$work/$name/r"
	cd "$work/$name"
	start a.log "$server" --port "$a" --bind 127.0.0.1 --save '' --dir a
	start b.log "$server" --port "$b" --bind 127.0.0.1 --save '' --dir b
	start r.log "$server" --port "$replica" --bind 127.0.0.1 --save '' --dir r --replicaof 127.0.0.1 "$a"
	node=$!
	for master in "$a" "$a" "$b" "$b"; do
		s=$(port)
		sentinels+=("$s")
		printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 2\n' "$s" "$master" >"$s.conf"
		start "$s.log" "$server" "$s.conf" --sentinel
		wait_for "$cli" -p "$s" PING
	done
	# what each Sentinel says: how many others it knows
	others() { for s in "${sentinels[@]}"; do "$cli" -p "$s" SENTINEL MASTER main | sed -n '/^num-other-sentinels$/{n;p}'; done | paste -sd' '; }
	know() { [ "$(others)" = "$1" ]; }
	# within SECONDS WHAT: whether they know so many in that time
	within() {
		local end=$((SECONDS + $1))
		until know "$2"; do
			[ $SECONDS -lt $end ] || return 1
			sleep 0.1
		done
	}
	one_by_one() {
		for s in "${sentinels[@]}"; do
			expect "$name, RESET on one" "$("$cli" -p "$s" SENTINEL RESET main)" 1
			within 20 '3 3 3 3' || true
		done
	}
	listed() { "$cli" -p "${sentinels[0]}" SENTINEL REPLICAS main | grep -qx "$replica"; }
	wait_for know '1 1 1 1'
	wait_for listed
	expect "$name, others that each of four knows" "$(others)" '1 1 1 1'
	expect "$name, the wrong REPLICAOF" "$("$cli" -p "$replica" REPLICAOF 127.0.0.1 "$b")" OK
	wait_for know '3 3 3 3'
	expect "$name, others after it" "$(others)" '3 3 3 3'
	expect "$name, the right REPLICAOF" "$("$cli" -p "$replica" REPLICAOF 127.0.0.1 "$a")" OK
	one_by_one
	expect "$name, others after RESET of one by one" "$(others)" '3 3 3 3'
	stop "$node"
	one_by_one
	expect "$name, others after that without the node" "$(others)" '3 3 3 3'
	for round in 1 2 3 4 5; do
		resets=()
		for s in "${sentinels[@]}"; do
			"$cli" -p "$s" SENTINEL RESET main >/dev/null &
			resets+=($!)
		done
		wait "${resets[@]}"
		sleep 5 # two hellos
		! within 15 '1 1 1 1' || break
	done
	echo "$name, rounds of RESET of all at once: $round"
	expect "$name, others after that" "$(others)" '1 1 1 1'
}

try "$work/bookworm/bin/redis-server" "$work/bookworm/bin/redis-cli"
try "$work/sid/bin/valkey-server" "$work/sid/bin/valkey-cli"
