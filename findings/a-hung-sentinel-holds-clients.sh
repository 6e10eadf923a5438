#!/usr/bin/env bash
# ioredis 6.0.0, node-redis 6.3.1, radix 4.1.4, FZambia/sentinel 2.0.1 with redigo 1.9.3 and, to
#   compare, rueidis 1.0.79, with Redis Sentinel 8.0.2.
#
# Guess: a client that is given two Sentinels, and starts while the first one hangs (it takes
#   connections and does not answer), asks the second one after a timeout: ioredis and
#   node-redis document a connect timeout of 10 s and 5 s, and a stopped Sentinel costs them nothing.
# Really: rueidis goes on after 5 s. The other four wait for the hung one without an end, with
#   no error and no line of log. Their timeouts are for connecting, which works: the kernel
#   accepts for a process that hangs. It takes a timeout for the answer, which is off by
#   default: sentinelCommandTimeout (ioredis), socketTimeout in the sentinelClientOptions
#   (node-redis), a read timeout in the Dial function (FZambia/sentinel).
# Consequence: a hung Sentinel of three takes away the clients that ask it first, while the quorum is
#   there and the master is well. Stop it: when it refuses connections they ask the next.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

for program in node npm go; do
	command -v $program >/dev/null || { echo "This takes $program" >&2; exit 2; }
done
debian trixie "redis-server=5:8.0.2-*" "redis-tools=5:8.0.2-*"
bin=$work/trixie/bin master=$(port) first=$(port) second=$(port)
start master.log "$bin/redis-server" --port "$master" --bind 127.0.0.1 --save ''
sentinels "$bin" "$master" "$first" "$second"
hung=${pids[-2]}

echo '{"type": "module"}' >package.json
npm install --silent --no-audit --no-fund --save-exact redis@6.3.1 ioredis@6.0.0 >npm.log 2>&1 || { cat npm.log >&2; exit 2; }
cat >ioredis.js <<JS
import { Redis } from 'ioredis';
const sentinels = [{ host: '127.0.0.1', port: $first }, { host: '127.0.0.1', port: $second }];
const client = new Redis({ name: 'main', sentinels, ...JSON.parse(process.argv[2] ?? '{}') })
  .on('error', (error) => console.log('error', error.message));
console.log(await client.set('key', 'value'));
process.exit();
JS
cat >node-redis.js <<JS
import { createSentinel } from 'redis';
const sentinelRootNodes = [{ host: '127.0.0.1', port: $first }, { host: '127.0.0.1', port: $second }];
const client = await createSentinel({ name: 'main', sentinelRootNodes, ...JSON.parse(process.argv[2] ?? '{}') })
  .on('error', () => process.argv[2] || console.log('error')).connect();
console.log(await client.set('key', 'value'));
process.exit();
JS
mkdir go
cat >go/main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/FZambia/sentinel/v2"
	"github.com/gomodule/redigo/redis"
	"github.com/mediocregopher/radix/v4"
	"github.com/redis/rueidis"
)

func main() {
	ctx, sentinels := context.Background(), os.Args[2:]
	var err error
	switch os.Args[1] {
	case "rueidis":
		var client rueidis.Client
		client, err = rueidis.NewClient(rueidis.ClientOption{InitAddress: sentinels, Sentinel: rueidis.SentinelOption{MasterSet: "main"}})
		if err == nil {
			err = client.Do(ctx, client.B().Set().Key("key").Value("value").Build()).Error()
		}
	case "radix":
		var client radix.MultiClient
		client, err = radix.SentinelConfig{}.New(ctx, "main", sentinels)
		if err == nil {
			err = client.Do(ctx, radix.Cmd(nil, "SET", "key", "value"))
		}
	case "FZambia":
		dial := func(address string) (redis.Conn, error) { return redis.Dial("tcp", address) }
		_, err = (&sentinel.Sentinel{Addrs: sentinels, MasterName: "main", Dial: dial}).MasterAddr()
	}
	if err != nil {
		fmt.Println("error", err)
		return
	}
	fmt.Println("OK")
}
GO
(
	cd go
	go mod init finding
	go get github.com/redis/rueidis@v1.0.79 github.com/mediocregopher/radix/v4@v4.1.4 \
		github.com/FZambia/sentinel/v2@v2.0.1 github.com/gomodule/redigo@v1.9.3
	go build -o ../go-client .
) >go.log 2>&1 || { cat go.log >&2; exit 2; }

kill -STOP "$hung"
start rueidis.out ./go-client rueidis "127.0.0.1:$first" "127.0.0.1:$second"
start radix.out ./go-client radix "127.0.0.1:$first" "127.0.0.1:$second"
start FZambia.out ./go-client FZambia "127.0.0.1:$first" "127.0.0.1:$second"
start ioredis.out node ioredis.js
start node-redis.out node node-redis.js
start ioredis-timeout.out node ioredis.js '{"sentinelCommandTimeout": 1000}'
start node-redis-timeout.out node node-redis.js '{"sentinelClientOptions": {"socket": {"socketTimeout": 1000}}}'
sleep 45
expect 'rueidis, after 45 s' "$(cat rueidis.out)" OK
expect 'ioredis with sentinelCommandTimeout' "$(cat ioredis-timeout.out)" OK
expect 'node-redis with socketTimeout' "$(cat node-redis-timeout.out)" OK
for client in ioredis node-redis radix FZambia; do
	expect "$client has said" "$(cat $client.out)" ''
done
kill -CONT "$hung"
said() { [ -s "$1.out" ]; }
for client in ioredis node-redis radix FZambia; do
	wait_for said $client
	expect "$client, when the first Sentinel goes on" "$(cat $client.out)" OK
done
