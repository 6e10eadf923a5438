#!/usr/bin/env bash
# node-redis 6.3.1 and, to compare, ioredis 6.0.0, with Redis 7.0.15.
#
# Guess: a client needs Sentinels to find the master; once it is connected it goes on writing
#   while the Sentinels are away and the master is well.
# Really: ioredis does. node-redis does not: when its connection to the last Sentinel ends it
#   waits for a Sentinel before it runs another command, and later fails with "None of the
#   sentinels are available", with the master a millisecond away.
# Consequence: to users of node-redis the Sentinels are in the path of every write: restarting
#   all of them at once is an outage. Restart them one by one, and page when none answers.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

for program in node npm; do
	command -v $program >/dev/null || { echo "This takes $program" >&2; exit 2; }
done
debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
bin=$work/bookworm/bin master=$(port) sentinel=$(port)
start "$work/master.log" "$bin/redis-server" --port "$master" --bind 127.0.0.1 --save ''
printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\n' "$sentinel" "$master" >"$work/sentinel.conf"
start "$work/sentinel.log" "$bin/redis-server" "$work/sentinel.conf" --sentinel
pid=$!
wait_for "$bin/redis-cli" -p "$master" PING
wait_for "$bin/redis-cli" -p "$sentinel" PING

echo '{"type": "module"}' >package.json
npm install --silent --no-audit --no-fund --save-exact redis@6.3.1 ioredis@6.0.0 >npm.log 2>&1 || { cat npm.log >&2; exit 2; }
cat >node-redis.js <<JS
import { createSentinel } from 'redis';
const client = await createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: $sentinel }] })
  .on('error', () => {}).connect();
for (;;) {
  await client.incr('node-redis').catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 50));
}
JS
cat >ioredis.js <<JS
import { Redis } from 'ioredis';
const client = new Redis({ name: 'main', sentinels: [{ host: '127.0.0.1', port: $sentinel }] }).on('error', () => {});
for (;;) {
  await client.incr('ioredis').catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 50));
}
JS
start node-redis.log node node-redis.js
start ioredis.log node ioredis.js
count() { "$bin/redis-cli" -p "$master" GET "$1"; }
writes() { [ "$(count "$1")" -gt 20 ]; }
wait_for writes node-redis
wait_for writes ioredis
stop $pid
sleep 2
a=$(count node-redis) b=$(count ioredis)
sleep 8
expect 'writes by ioredis in 8 s without a Sentinel, more than 50' "$([ $(($(count ioredis) - b)) -gt 50 ] && echo yes)" yes
expect 'writes by node-redis in the same time' "$(($(count node-redis) - a))" 0
