#!/usr/bin/env bash
# Valkey Sentinel and server 9.1.2, beside 8.1.
#
# Guess: a FAILOVER at the master that waits for a replica which hangs keeps all clients waiting
#   that write, and Sentinel is one of them (PUBLISH). So its PINGs wait behind that for as long as the
#   FAILOVER does, at each new connection again: in last-ping-sent the fault can be seen all the time.
# Really: so it is with 8.1. The Sentinel of 9.1 waits on two connections. On the third it sends no
#   PUBLISH, and its PINGs are answered from then on, while the clients wait as before.
# Consequence: there is no flag and no age by which to see that nobody can write, and no
#   failover will come, whatever down-after is. What shows it is master_failover_state in the INFO of the
#   master, or a client that writes. FAILOVER with a TIMEOUT ends by itself.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"
debian trixie "valkey-server=8.1.*" "valkey-tools=8.1.*"

# stuck SUITE: starts a master whose only replica hangs, with a Sentinel, and sends it a FAILOVER.
# down-after is 20 s. The ports are in $master and $sentinel.
stuck() {
	local bin=$work/$1/bin dir replica
	dir=$(mktemp -d -p "$work") master=$(port) replica=$(port) sentinel=$(port)
	start "$dir/master.log" "$bin/valkey-server" --port "$master" --bind 127.0.0.1 --save '' --dir "$dir"
	start "$dir/replica.log" "$bin/valkey-server" --port "$replica" --bind 127.0.0.1 --save '' --dir "$dir" --replicaof 127.0.0.1 "$master"
	hung+=($!)
	printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\nsentinel down-after-milliseconds main 20000\n' "$sentinel" "$master" >"$dir/sentinel.conf"
	start "$dir/sentinel.log" "$bin/valkey-server" "$dir/sentinel.conf" --sentinel
	link_is_up() { [[ $("$bin/valkey-cli" -p "$sentinel" SENTINEL REPLICAS main) == *master-link-status$'\n'ok$'\n'* ]]; }
	wait_for link_is_up
	kill -STOP "${hung[-1]}"
	"$bin/valkey-cli" -p "$master" SET key value >/dev/null
	[ "$("$bin/valkey-cli" -p "$master" FAILOVER)" = OK ]
}

# longest SUITE PORT: how long a PING of the Sentinel has waited at most, in the next 20 s.
longest() {
	local most=0 now
	for _ in {1..40}; do
		now=$("$work/$1/bin/valkey-cli" -p "$2" SENTINEL MASTER main | grep -A 1 '^last-ping-sent$' | tail -n 1)
		most=$((now > most ? now : most))
		sleep 0.5
	done
	echo "$most"
}

hung=()
stuck trixie
old_master=$master old=$sentinel
stuck sid
sleep 35 # two connections
for release in "trixie $old $old_master 8.1" "sid $sentinel $master 9.1"; do
	read -r suite sentinel master version <<<"$release"
	most=$(longest "$suite" "$sentinel")
	expect "$version, a PING waits longer than 5 s" "$((most > 5000))" "$([ "$suite" = trixie ] && echo 1 || echo 0)"
	expect "$version, the FAILOVER still waits" "$("$work/$suite/bin/valkey-cli" -p "$master" INFO replication | grep -c master_failover_state:waiting-for-sync)" 1
	expect "$version, a write" "$(timeout 2 "$work/$suite/bin/valkey-cli" -p "$master" SET key other || echo "is not answered")" "is not answered"
done
kill -CONT "${hung[@]}"
