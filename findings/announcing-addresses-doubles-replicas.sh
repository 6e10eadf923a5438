#!/usr/bin/env bash
# Redis Sentinel 7.0.15 and Valkey Sentinel 9.1.2.
#
# Guess: announce-hostnames, changed at run time (SENTINEL CONFIG SET, no restart), is about
#   how addresses are shown: each replica is shown by its IP address instead of its name.
# Really: Sentinel finds a replica again by the address that it shows. With the next INFO of
#   the master it finds none at the new one and adds the replica once more: num-slaves is 2,
#   for one process with one run id, and both entries have the same ip and port. It lasts
#   until a RESET.
# Consequence: whatever counts num-slaves, or the entries that can be promoted, counts a
#   replica that there is not. After such a change RESET the Sentinels, one at a time.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"

cli() { "$work/bookworm/bin/redis-cli" -p "$@" 2>/dev/null; }
field() { cli "$s" SENTINEL "$1" main | sed -n "/^$2\$/{n;p}" | sort | uniq -c | sed 's/^ *//' | paste -sd' '; }
has() { [ "$(field "$1" "$2")" = "$3" ]; }

for server in "$work/bookworm/bin/redis-server" "$work/sid/bin/valkey-server"; do
	m=$(port) r=$(port) s=$(port) name=$(basename "$server")
	mkdir "$work/$s"
	start "$work/$s/master.log" "$server" --port "$m" --bind 127.0.0.1 --save ''
	start "$work/$s/replica.log" "$server" --port "$r" --bind 127.0.0.1 --save '' --replicaof "127.0.0.1 $m" --replica-announce-ip localhost
	printf 'port %s\nbind 127.0.0.1\nsentinel resolve-hostnames yes\nsentinel announce-hostnames yes\nsentinel monitor main localhost %s 1\n' "$s" "$m" >"$work/$s/sentinel.conf"
	start "$work/$s/log" "$server" "$work/$s/sentinel.conf" --sentinel
	wait_for has REPLICAS ip '1 localhost'
	expect "$name, replicas known by name" "$(field MASTER num-slaves)" '1 1'
	expect "$name, SENTINEL CONFIG SET announce-hostnames no" "$(cli "$s" SENTINEL CONFIG SET announce-hostnames no)" OK
	expect "$name, the replica is shown by" "$(field REPLICAS ip)" '1 127.0.0.1'
	wait_for has MASTER num-slaves '1 2'
	expect "$name, replicas after the master's next INFO" "$(field MASTER num-slaves)" '1 2'
	expect "$name, their ports" "$(field REPLICAS port)" "2 $r"
	twice() { [[ "$(field REPLICAS runid)" == "2 "???????* ]]; }
	wait_for twice
	expect "$name, their run ids" "$(field REPLICAS runid | cut -c1-12)..." '2 ??????????...'
	expect "$name, RESET" "$(cli "$s" SENTINEL RESET main)" 1
	wait_for has REPLICAS ip '1 127.0.0.1'
	expect "$name, replicas after it" "$(field MASTER num-slaves)" '1 1'
done
