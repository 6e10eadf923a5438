#!/usr/bin/env bash
# FZambia/sentinel 2.0.1 with redigo 1.9.3 (Go), with Redis Sentinel 8.0.2.
#
# Guess: a client that is given two or three Sentinels finds the master as long as one of them
#   answers.
# Really: when one fails it is moved to the end of the list while the list is gone through, so
#   the one that moves up into its place is passed over and the last is asked twice. Of two
#   Sentinels with the first one gone, the second is never asked: "no sentinels available", in a
#   millisecond. Of three with the first and the last gone, neither is the one in the middle.
#   The next call of the same object does find it, as it is the first by then.
# Consequence: a service that gives up when its first connection fails does not start at all while
#   that Sentinel is gone: each new process begins with the same list. Try twice, or put a
#   Sentinel that is there first.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

command -v go >/dev/null || { echo "This takes go" >&2; exit 2; }
debian trixie "redis-server=5:8.0.2-*" "redis-tools=5:8.0.2-*"
bin=$work/trixie/bin master=$(port) sentinel=$(port) gone=$(port)
start master.log "$bin/redis-server" --port "$master" --bind 127.0.0.1 --save ''
printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\n' "$sentinel" "$master" >sentinel.conf
start sentinel.log "$bin/redis-server" "$work/sentinel.conf" --sentinel
wait_for "$bin/redis-cli" -p "$master" PING
wait_for "$bin/redis-cli" -p "$sentinel" PING

mkdir go
cat >go/main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/FZambia/sentinel/v2"
	"github.com/gomodule/redigo/redis"
)

func main() {
	dial := func(address string) (redis.Conn, error) {
		fmt.Fprintln(os.Stderr, address)
		return redis.Dial("tcp", address, redis.DialConnectTimeout(time.Second), redis.DialReadTimeout(time.Second))
	}
	client := &sentinel.Sentinel{Addrs: os.Args[1:], MasterName: "main", Dial: dial}
	for range 2 {
		if _, err := client.MasterAddr(); err != nil {
			fmt.Println(err)
		} else {
			fmt.Println("found")
		}
	}
}
GO
(
	cd go
	go mod init finding
	go get github.com/FZambia/sentinel/v2@v2.0.1 github.com/gomodule/redigo@v1.9.3
	go build -o ../client .
) >go.log 2>&1 || { cat go.log >&2; exit 2; }

up=127.0.0.1:$sentinel down=127.0.0.1:$gone
./client "$up" "$down" >out 2>asked
expect 'two Sentinels, the second one gone' "$(sed -n 1p out)" found
./client "$down" "$up" >out 2>asked
expect 'two Sentinels, the first one gone' "$(sed -n 1p out)" '*no sentinels available*connection refused*'
expect 'asked twice' "$(head -n 2 asked | uniq -c | awk '{ print $1, $2 }')" "2 $down"
expect 'the second call' "$(sed -n 2p out)" found
./client "$down" "$up" "$down" >out 2>asked
expect 'three, the first and the last gone' "$(sed -n 1p out)" '*no sentinels available*connection refused*'
expect 'the second call' "$(sed -n 2p out)" found
