#!/usr/bin/env bash
# redis_exporter 1.86.0 on Redis Sentinel 8.0.6.
#
# Guess: if the exporter's ACL user may not run a command, its metrics are absent or an error
#   shows in redis_exporter_last_scrape_error.
# Really: without sentinel|replicas and sentinel|sentinels the replicas and the other Sentinels
#   are counted as zero: redis_sentinel_master_ok_slaves is 0 beside
#   redis_sentinel_master_slaves 1, with redis_up 1, no error and no line in the log.
# Consequence: an alert on too few good replicas fires because a right is missing, and nothing
#   says so. Check the ACL before you believe the numbers.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian sid "prometheus-redis-exporter=1.86.0-*" "redis-server=5:8.0.6-*" "redis-tools=5:8.0.6-*"
bin=$work/sid/bin master=$(port) replica=$(port) sentinel=$(port) web=$(port)
cli() { "$bin/redis-cli" -p "$@"; }
start "$work/master.log" "$bin/redis-server" --port "$master" --bind 127.0.0.1 --save ''
start "$work/replica.log" "$bin/redis-server" --port "$replica" --bind 127.0.0.1 --save '' --replicaof 127.0.0.1 "$master"
printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\n' "$sentinel" "$master" >"$work/sentinel.conf"
start "$work/sentinel.log" "$bin/redis-server" "$work/sentinel.conf" --sentinel
known() { cli "$sentinel" SENTINEL REPLICAS main | grep -qx ok; }
wait_for known
rights='+ping +info +role +client|setname +sentinel|masters +sentinel|master +sentinel|ckquorum'
# shellcheck disable=SC2086 # one word for each right
cli "$sentinel" ACL SETUSER less on '>secret' -@all $rights >/dev/null
# shellcheck disable=SC2086 # the same
cli "$sentinel" ACL SETUSER more on '>secret' -@all $rights '+sentinel|replicas' '+sentinel|slaves' '+sentinel|sentinels' >/dev/null

metric() { curl -s "http://127.0.0.1:$web/metrics" | sed -n "s/^$1\({.*}\)* \(.*\)/\2/p"; }
for user in more less; do
	start "$work/$user.log" "$bin/prometheus-redis-exporter" --redis.addr="redis://127.0.0.1:$sentinel" \
		--redis.user=$user --redis.password=secret --web.listen-address="127.0.0.1:$web"
	wait_for curl -sf "http://127.0.0.1:$web/"
	expect "$user rights, redis_up" "$(metric redis_up)" 1
	expect "$user rights, last_scrape_error" "$(metric redis_exporter_last_scrape_error)" 0
	expect "$user rights, master_slaves" "$(metric redis_sentinel_master_slaves)" 1
	case $user in more) ok=1 ;; *) ok=0 ;; esac
	expect "$user rights, master_ok_slaves" "$(metric redis_sentinel_master_ok_slaves)" $ok
	expect "$user rights, lines of the log on it" "$(grep -ciE 'noperm|permission|replicas|slaves' "$work/$user.log" || true)" 0
	stop $!
done
