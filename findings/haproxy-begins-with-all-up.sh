#!/usr/bin/env bash
# HAProxy 3.0.11, 3.2.26, with Redis 8.0.6 (run here: 3.2).
#
# Guess: a server whose check has not run yet gets no traffic; the check that finds the master
#   is what lets a node in.
# Really: each server is up when HAProxy starts, and a check can only take it out. Until the
#   first one of a replica has ended, with up to "inter" before it and "timeout check" in it,
#   the replica gets its share of the writes and answers READONLY. "init-state down" (3.1 and
#   later) does what one would guess.
# Consequence: each start of HAProxy refuses some writes for seconds, although the check is right.
#   Set init-state down, or inter and timeout check short.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian sid "haproxy=3.2.*" "redis-server=5:8.0.6-*" "redis-tools=5:8.0.6-*"
bin=$work/sid/bin master=$(port) replica=$(port)
cd "$work" # where a replica saves what it was sent
cli() { "$bin/redis-cli" -p "$@"; }
start "$work/master.log" "$bin/redis-server" --port "$master" --bind 127.0.0.1 --save ''
start "$work/replica.log" "$bin/redis-server" --port "$replica" --bind 127.0.0.1 --save '' --replicaof 127.0.0.1 "$master"
synced() { cli "$replica" INFO replication | grep -q master_link_status:up; }
wait_for synced
for init in '' 'init-state down'; do
	listen=$(port)
	cat >"$work/haproxy.cfg" <<-CFG
		defaults
		  mode tcp
		  timeout connect 1s
		  timeout client 5s
		  timeout server 5s
		listen master
		  bind 127.0.0.1:$listen
		  option tcp-check
		  tcp-check send INFO\ replication\r\n
		  tcp-check expect string role:master
		  default-server check inter 4s fall 1 $init
		  server one 127.0.0.1:$master
		  server two 127.0.0.1:$replica
	CFG
	start "$work/haproxy.log" "$bin/haproxy" -f "$work/haproxy.cfg" -db
	written() { cli "$listen" SET key value | grep -qx OK; }
	wait_for written
	readonly=0
	for _ in {1..20}; do
		cli "$listen" SET key value | grep -q READONLY && readonly=$((readonly + 1))
	done
	seen="some refused"
	[ $readonly -gt 0 ] || seen="none refused"
	[ -n "$init" ] && want="none refused" || want="some refused"
	expect "${init:-default}, READONLY in $readonly of the first 20 writes" "$seen" "$want"
	stop $!
done
