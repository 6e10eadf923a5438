#!/usr/bin/env bash
# Redis Sentinel 6.0.16 to 8.6.3, Valkey Sentinel 8.1.1 and 9.1.2 (run here: 7.0.15).
#
# Guess: a planned SENTINEL FAILOVER of a healthy master takes it out of service as it
#   promotes the replica; at worst the writes of some milliseconds are lost.
# Really: nobody tells the old master. It goes on taking writes, and says role:master, for
#   about ten seconds after the new one took over, until a Sentinel makes it a replica
#   (+convert-to-slave). Everything it acknowledged in that time is then discarded.
# Consequence: clients that hold their connection lose seconds of writes without one error;
#   monitoring shows two masters, and that is the normal course. Stop the writers first,
#   or use Valkey's FAILOVER ... COORDINATED.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
bin=$work/bookworm/bin old=$(port) new=$(port) sentinel=$(port)
cli() { "$bin/redis-cli" -p "$@"; }
start "$work/old.log" "$bin/redis-server" --port "$old" --bind 127.0.0.1 --save ''
start "$work/new.log" "$bin/redis-server" --port "$new" --bind 127.0.0.1 --save '' --replicaof 127.0.0.1 "$old"
printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\n' "$sentinel" "$old" >"$work/sentinel.conf"
start "$work/sentinel.log" "$bin/redis-server" "$work/sentinel.conf" --sentinel
role() { cli "$1" INFO replication | tr -d '\r' | grep -qx "$2"; }
wait_for role "$new" master_link_status:up
known() { cli "$sentinel" SENTINEL REPLICAS main | grep -qx ok; }
wait_for known

expect 'SENTINEL FAILOVER' "$(cli "$sentinel" SENTINEL FAILOVER main)" OK
wait_for role "$new" role:master
since=$(date +%s%N) writes=0
while role "$old" role:master; do
	[ "$(cli "$old" INCR written)" = $((writes + 1)) ] && writes=$((writes + 1))
	sleep 0.1
done
ms=$((($(date +%s%N) - since) / 1000000))
wait_for role "$old" master_link_status:up
echo "two masters for $ms ms; the old one acknowledged $writes writes"
expect 'that is seconds' "$([ $ms -gt 4000 ] && [ $writes -gt 10 ] && echo yes)" yes
expect 'of these writes are left, on the old' "$(cli "$old" GET written)" ''
expect 'on the new' "$(cli "$new" GET written)" ''
