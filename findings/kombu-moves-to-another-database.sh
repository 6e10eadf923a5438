#!/usr/bin/env bash
# kombu 5.6.2 (which Celery speaks to its broker with) and redis-py 6.4.0, with Redis Sentinel
# 8.0.2.
#
# Guess: in "sentinel://one:26379;sentinel://two:26379/1", the form that kombu's documentation
#   shows, the /1 is the database, for the list of Sentinels as a whole.
# Really: each Sentinel of the list has a database of its own. Messages go to 0, that of the first
#   one, until a connection cannot be made at once, as during a failover. Then kombu takes the
#   next Sentinel of the list and its database with it, says nothing, and keeps that database
#   when the first one's turn comes again, which names none.
# Consequence: tasks that were sent before the failover wait in a database that nobody reads any
#   more. Write the same database after each Sentinel.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian trixie "redis-server=5:8.0.2-*" "redis-tools=5:8.0.2-*"
debian sid "python3-kombu=5.6.2-*" "python3-redis=6.4.0-*" "python3-amqp=5.3.1-*" "python3-vine=5.1.0*" python3-packaging
root=$work/sid/root
export PYTHONPATH=$root/usr/lib/python3/dist-packages
bin=$work/trixie/bin master=$(port) first=$(port) second=$(port)
serve() { start master.log "$bin/redis-server" --port "$master" --bind 127.0.0.1 --save '' --dir "$work"; }
serve
server=${pids[-1]}
sentinels "$bin" "$master" "$first" "$second"

cat >client.py <<'PYTHON'
import os, sys, time
import kombu

first, second = sys.argv[1:]
broker = kombu.Connection(
    f"sentinel://127.0.0.1:{first};sentinel://127.0.0.1:{second}/1",
    transport_options={"master_name": "main"})
broker.SimpleQueue("before").put("task")
print("sent", flush=True)
while not os.path.exists("down"):
    time.sleep(0.05)
broker.close()  # as Celery does when a connection is lost
broker.ensure_connection(lambda error, pause: print("failed", flush=True), interval_start=0.2, interval_step=0)
broker.SimpleQueue("after").put("task")
print("sent again", flush=True)
PYTHON
start client.log python3 client.py "$first" "$second"
said() { [ "$(wc -l <client.log)" -ge "$1" ]; }
in_database() { "$bin/redis-cli" -p "$master" -n "$1" TYPE "$2"; }
wait_for said 1
expect 'the first message is in database 0' "$(in_database 0 before)" list
stop "$server"
touch down
wait_for said 4 # three attempts
serve
wait_for grep -q 'sent again' client.log
expect 'the next message in database 0' "$(in_database 0 after)" none
expect 'the next message in database 1' "$(in_database 1 after)" list
