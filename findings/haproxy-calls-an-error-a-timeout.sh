#!/usr/bin/env bash
# HAProxy 3.0.11 with Redis Sentinel 8.0.2; the same with HAProxy 3.2.26 and Sentinel 7.0.15.
#
# Guess: a tcp-check that expects +OK and gets -NOQUORUM or -ERR fails at once, as a wrong
#   answer (L7RSP); and QUIT is answered +OK, as by every Redis.
# Really: HAProxy goes on waiting for more bytes until "timeout check" ends, and reports a
#   timeout (L7TOUT): a Sentinel that answers in a millisecond that it has no quorum looks
#   like one that hangs. And Sentinels from 7.0 on do not know QUIT, with which the usual
#   check of Redis ends: the data node passes it, a healthy Sentinel "times out".
# Consequence: do not end a check of Sentinels with QUIT, and do not read L7TOUT as "slow".
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian trixie "haproxy=3.0.11-*" "redis-server=5:8.0.2-*" "redis-tools=5:8.0.2-*"
bin=$work/trixie/bin data=$(port) sentinel=$(port) listen=$(port)
start "$work/data.log" "$bin/redis-server" --port "$data" --bind 127.0.0.1 --save ''
printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 2\n' "$sentinel" "$data" >"$work/sentinel.conf"
start "$work/sentinel.log" "$bin/redis-server" "$work/sentinel.conf" --sentinel
wait_for "$bin/redis-cli" -p "$data" PING
wait_for "$bin/redis-cli" -p "$sentinel" PING

cat >"$work/haproxy.cfg" <<CFG
defaults
  mode tcp
  timeout connect 1s
  timeout client 1s
  timeout server 1s
  timeout check 2s
frontend stats
  mode http
  bind 127.0.0.1:$listen
  stats enable
  stats uri /
backend quorum
  option tcp-check
  tcp-check send SENTINEL\ CKQUORUM\ main\r\n
  tcp-check expect rstring ^\+OK
  server sentinel 127.0.0.1:$sentinel check inter 500 fall 1
backend quit
  option tcp-check
  tcp-check send PING\r\n
  tcp-check expect string +PONG
  tcp-check send QUIT\r\n
  tcp-check expect string +OK
  server data 127.0.0.1:$data check inter 500 fall 1
  server sentinel 127.0.0.1:$sentinel check inter 500 fall 1
CFG
start "$work/haproxy.log" "$bin/haproxy" -db -f "$work/haproxy.cfg"

checked() { # BACKEND SERVER: status and result of its last check
	curl -s "http://127.0.0.1:$listen/;csv" | awk -F, -v b="$1" -v s="$2" \
		'NR == 1 { for (i = 1; i <= NF; i++) n[$i] = i } $1 == b && $2 == s { print $18, $n["check_status"] }'
}
down() { checked "$1" "$2" | grep -q '^DOWN L7'; }
wait_for down quorum sentinel
wait_for down quit sentinel
expect 'CKQUORUM answers' "$("$bin/redis-cli" -p "$sentinel" SENTINEL CKQUORUM main)" 'NOQUORUM 1 usable*'
expect 'HAProxy takes that for' "$(checked quorum sentinel)" 'DOWN*L7TOUT'
expect 'PING and QUIT, data node' "$(checked quit data)" 'UP L7OK'
expect 'PING and QUIT, Sentinel' "$(checked quit sentinel)" 'DOWN*L7TOUT'
expect 'QUIT on the Sentinel' "$("$bin/redis-cli" -p "$sentinel" quit now | head -n 1)" "ERR unknown command *"
