#!/usr/bin/env bash
# go-redis 9.23.0 and, to compare, rueidis 1.0.79, with Redis Sentinel 8.0.2.
#
# Guess: a client that asks a healthy Sentinel for a name that it does not monitor says so.
# Really: rueidis does. go-redis says "all sentinels specified in configuration are
#   unreachable: redis: nil", after asking several times; the very Sentinel answered in a
#   millisecond. With nobody listening it begins with the same words.
# Consequence: after a typing error, or while a Sentinel was told to REMOVE the name, people
#   look for a firewall. "redis: nil" at the end means: it was reached, and has no such name.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

command -v go >/dev/null || { echo "This takes go" >&2; exit 2; }
debian trixie "redis-server=5:8.0.2-*" "redis-tools=5:8.0.2-*"
bin=$work/trixie/bin sentinel=$(port)
printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 1 1\n' "$sentinel" >"$work/sentinel.conf"
start "$work/sentinel.log" "$bin/redis-server" "$work/sentinel.conf" --sentinel
pid=$!
wait_for "$bin/redis-cli" -p "$sentinel" PING

mkdir "$work/go"
cd "$work/go"
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

func main() {
	sentinels := []string{os.Args[2]}
	if os.Args[1] == "rueidis" {
		_, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: sentinels, Sentinel: rueidis.SentinelOption{MasterSet: "mian"}})
		fmt.Println(err)
		return
	}
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "mian", SentinelAddrs: sentinels})
	fmt.Println(client.Ping(context.Background()).Err())
}
GO
{
	go mod init finding
	go get github.com/redis/go-redis/v9@v9.23.0 github.com/redis/rueidis@v1.0.79
	go build -o main .
} >go.log 2>&1 || { cat go.log >&2; exit 2; }
ask() { ./main "$1" "127.0.0.1:$sentinel" 2>log; }
expect 'a wrong name, rueidis' "$(ask rueidis)" 'No such master with that name'
expect 'a wrong name, go-redis' "$(ask go-redis)" 'redis: all sentinels specified in configuration are unreachable: redis: nil'
expect 'the Sentinel was asked more than once' "$([ "$(grep -c 'failed: redis: nil' log)" -gt 1 ] && echo yes)" yes
stop $pid
expect 'no Sentinel at all, go-redis' "$(ask go-redis)" 'redis: all sentinels specified in configuration are unreachable: *refused*'
