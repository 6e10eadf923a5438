#!/usr/bin/env bash
# Redis Sentinel 7.0.15 and Valkey Sentinel 9.1.2.
#
# Guess: when the replica that a failover has just promoted dies as well, failover-timeout ends
#   the attempt, and the next one promotes another replica.
# Really: if it dies before the other replicas follow it, the Sentinel that leads never ends the
#   failover: as long as the new master is down it neither finishes nor times out, and goes
#   on naming it. The other Sentinels do see the new master down, but the leader, which
#   still monitors the old address, does not agree. With two of three Sentinels left, as
#   after the loss of the old master's machine, nobody is promoted, however long one waits
#   (here six times failover-timeout), although a good replica is there.
#   SENTINEL RESET at the leader does not end it: it then monitors the old address with the
#   epoch that the other has for the new one, and neither gives way.
# Consequence: two nodes that die within seconds can be an outage without an end. Start the
#   promoted node again; or REMOVE the master at the leading Sentinel and MONITOR it at the
#   promoted node's address, so that both see that one down and agree.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"
cli() { "$work/bookworm/bin/redis-cli" -p "$1" "${@:2}" 2>/dev/null; }

try() { # SERVER
	local server=$1 name d n1 n2 s0 s1 s2 pids1 leader led
	name=$(basename "$server")
	d=$(mktemp -d "$work/$name.XXXX")
	n0=$(port) n1=$(port) n2=$(port) s0=$(port) s1=$(port) s2=$(port)
	mkdir "$d/0" "$d/1" "$d/2"
	start "$d/n0.log" "$server" --port "$n0" --dir "$d/0" --save ''
	old=$!
	start "$d/n1.log" "$server" --port "$n1" --dir "$d/1" --save '' --replicaof 127.0.0.1 "$n0" --replica-priority 10
	heir=$!
	start "$d/n2.log" "$server" --port "$n2" --dir "$d/2" --save '' --replicaof 127.0.0.1 "$n0"
	for s in $s0 $s1 $s2; do
		printf 'port %s\nsentinel monitor main 127.0.0.1 %s 2\nsentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 5000\n' "$s" "$n0" >"$d/$s.conf"
		start "$d/$s.log" "$server" "$d/$s.conf" --sentinel
		[ "$s" != "$s0" ] || lost=$!
	done
	ready() { for s in $s0 $s1 $s2; do cli "$s" SENTINEL MASTER main | tr '\n' ' ' | grep -q 'num-slaves 2 num-other-sentinels 2' && [ "$(cli "$s" SENTINEL REPLICAS main | grep -c -A1 '^ok$')" = 2 ] || return 1; done; }
	wait_for ready
	kill -9 "$old" "$lost"
	promoted() { grep -hq '+promoted-slave' "$d/$s1.log" "$d/$s2.log"; }
	wait_for promoted
	kill -9 "$heir"
	leader=$s1
	grep -q '+promoted-slave' "$d/$s1.log" || leader=$s2
	sleep 30
	led=$(cli "$leader" SENTINEL MASTER main | tr '\n' ' ')
	expect "$name, 30 s after the promoted node died, flags at the leader" "$(grep -o 'flags [^ ]*' <<<"$led")" '*failover_in_progress*'
	expect "  its failover-state" "$(grep -o 'failover-state [^ ]*' <<<"$led")" 'failover-state reconf_slaves'
	expect "  promotions since the first" "$(($(cat "$d/$s1.log" "$d/$s2.log" | grep -c '+promoted-slave') - 1))" 0
	expect "  the replica that is left, which Sentinel could promote, is a" "$(cli "$n2" ROLE | head -n 1)" slave
	expect "  SENTINEL RESET at the leader" "$(cli "$leader" SENTINEL RESET main)" 1
	sleep 15
	expect "  15 s later the replica that is left is a" "$(cli "$n2" ROLE | head -n 1)" slave
	cli "$leader" SENTINEL REMOVE main >/dev/null
	expect "  SENTINEL MONITOR of the promoted node at the leader" "$(cli "$leader" SENTINEL MONITOR main 127.0.0.1 "$n1" 2)" OK
	cli "$leader" SENTINEL SET main down-after-milliseconds 1000 failover-timeout 5000 >/dev/null
	healed() { [ "$(cli "$n2" ROLE | head -n 1)" = master ]; }
	wait_for healed
	expect "  the replica that is left is a" "$(cli "$n2" ROLE | head -n 1)" master
}
try "$work/bookworm/bin/redis-server"
try "$work/sid/bin/valkey-server"
