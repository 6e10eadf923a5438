#!/usr/bin/env bash
# Redis Sentinel 7.0.15 and Valkey Sentinel 9.1.2.
#
# Guess: SENTINEL RESET forgets replicas and other Sentinels, which are found again; a tool that
#   sends it at each of its rounds makes noise in the logs, and no more.
# Really: it also forgets how long the master has not answered. With a RESET more often than
#   down-after a dead master never gets s_down: flags say master,disconnected, for as long as
#   that goes on. And what is forgotten of a dead master is never found again: its replicas are
#   up, no Sentinel knows any of them or another Sentinel, and nothing happens any more, with
#   nothing sent, until the node is back at its address.
# Consequence: an operator of Kubernetes, or a script of a probe, that resets the Sentinels when
#   a node is missing keeps them from replacing that node. RESET only what is gone for good,
#   once, while the master is up.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"

try() {
	local server=$1 cli=$2 name a replica node s sentinels=() end
	name=$(basename "$server")
	a=$(port) replica=$(port)
	mkdir -p "$work/$name/a" "$work/$name/r"
	cd "$work/$name"
	start a.log "$server" --port "$a" --bind 127.0.0.1 --save '' --dir a
	node=$!
	start r.log "$server" --port "$replica" --bind 127.0.0.1 --save '' --dir r --replicaof 127.0.0.1 "$a"
	for _ in 1 2 3; do
		s=$(port)
		sentinels+=("$s")
		printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 2\nsentinel down-after-milliseconds main 3000\n' "$s" "$a" >"$s.conf"
		start "$s.log" "$server" "$s.conf" --sentinel
		wait_for "$cli" -p "$s" PING
	done
	# says FIELD: what each Sentinel says of the master
	says() { for s in "${sentinels[@]}"; do "$cli" -p "$s" SENTINEL MASTER main | sed -n "/^$1\$/{n;p}"; done | paste -sd' '; }
	reset() { for s in "${sentinels[@]}"; do "$cli" -p "$s" SENTINEL RESET main; done | paste -sd' '; }
	knows() { [ "$(says num-slaves) $(says num-other-sentinels)" = '1 1 1 2 2 2' ]; }
	wait_for knows
	expect "$name, replicas that each of three Sentinels knows" "$(says num-slaves)" '1 1 1'
	stop "$node"
	end=$((SECONDS + 15))
	while [ $SECONDS -lt $end ]; do
		reset >/dev/null
		sleep 1
	done
	expect "$name, the master dead for 15 s, with down-after 3 s and a RESET each second" "$(says flags)" 'master,disconnected master,disconnected master,disconnected'
	expect "$name, failovers" "$(says config-epoch)" '0 0 0'
	expect "$name, the last RESET" "$(reset)" '1 1 1'
	sleep 25
	expect "$name, 25 s after it" "$(says flags)" '*s_down*s_down*s_down*'
	expect "$name, replicas known" "$(says num-slaves)" '0 0 0'
	expect "$name, failovers" "$(says config-epoch)" '0 0 0'
	expect "$name, the replica" "$("$cli" -p "$replica" ROLE | paste -sd' ')" "slave 127.0.0.1 $a connect*"
	start a2.log "$server" --port "$a" --bind 127.0.0.1 --save '' --dir a
	wait_for knows
	expect "$name, replicas known with the node back" "$(says num-slaves)" '1 1 1'
	cd "$work"
}

try "$work/bookworm/bin/redis-server" "$work/bookworm/bin/redis-cli"
try "$work/sid/bin/valkey-server" "$work/sid/bin/valkey-cli"
