#!/usr/bin/env bash
# go-redis 9.23.0 and, to compare, rueidis 1.0.79, with Redis Sentinel 8.0.2.
#
# Guess: a failover client with ReplicaOnly reaches replicas only: if there is none, it fails,
#   and a write through it is refused.
# Really: rueidis fails ("not enough ready replicas"). go-redis takes the master instead,
#   without an error or a line in its log that says so: reads go to the master, and a SET succeeds.
# Consequence: when the last replica is lost nothing fails; the master gets the whole load of
#   the readers, just when it is alone. Watch the number of good replicas, not the readers.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

command -v go >/dev/null || { echo "This takes go" >&2; exit 2; }
debian trixie "redis-server=5:8.0.2-*" "redis-tools=5:8.0.2-*"
bin=$work/trixie/bin master=$(port) sentinel=$(port)
start "$work/master.log" "$bin/redis-server" --port "$master" --bind 127.0.0.1 --save ''
printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\n' "$sentinel" "$master" >"$work/sentinel.conf"
start "$work/sentinel.log" "$bin/redis-server" "$work/sentinel.conf" --sentinel
wait_for "$bin/redis-cli" -p "$master" PING
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
	sentinels := []string{os.Args[1]}
	ctx := context.Background()
	goRedis := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "main", SentinelAddrs: sentinels, ReplicaOnly: true})
	role, err := goRedis.Do(ctx, "ROLE").Slice()
	if err != nil {
		fmt.Println("go-redis:", err)
		return
	}
	fmt.Println("go-redis is connected to the", role[0])
	fmt.Println("go-redis SET:", goRedis.Set(ctx, "key", "value", 0).Val())
	_, err = rueidis.NewClient(rueidis.ClientOption{InitAddress: sentinels, Sentinel: rueidis.SentinelOption{MasterSet: "main"}, ReplicaOnly: true})
	fmt.Println("rueidis:", err)
}
GO
{
	go mod init finding
	go get github.com/redis/go-redis/v9@v9.23.0 github.com/redis/rueidis@v1.0.79
	go build -o main .
} >go.log 2>&1 || { cat go.log >&2; exit 2; }
./main "127.0.0.1:$sentinel" >out 2>log
expect 'no replica; ' "$(grep connected out)" 'go-redis is connected to the master'
expect 'ReplicaOnly' "$(grep SET out)" 'go-redis SET: OK'
expect 'lines of the log on replicas' "$(grep -ci 'replica\|slave' log || true)" 0
expect 'ReplicaOnly' "$(grep rueidis out)" 'rueidis: not enough ready replicas'
