#!/usr/bin/env bash
# Valkey Sentinel and server 9.1.2, beside 8.1.
#
# Guess: SENTINEL FAILOVER is the way out where the Sentinels do not agree that a dead master is
#   down: it takes no agreement. The replicas' link has been down for as long as the master, and
#   that counts for nothing, as in all versions before: the limit of 10 times down-after is for what
#   they had missed before it died.
# Really: 9.1 answers OK and gives up at once (-failover-abort-no-good-slave) when the master has
#   been dead for longer than 10 times down-after. Sooner, or when it starts by itself after the
#   same time, the same replica is promoted.
# Consequence: with the default down-after of 30 s the command helps for five minutes only. Then mend
#   what keeps them from agreeing (the quorum, the permission for IS-MASTER-DOWN-BY-ADDR), and
#   the failover starts by itself.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"
debian trixie "valkey-server=8.1.*" "valkey-tools=8.1.*"

# fail_over SUITE SECONDS COMMAND...: $seen is what becomes of a dead master's only replica when
# its only Sentinel, whose quorum is 2, gets the command so long after it has seen that the
# replica's link is down. down-after is 2 s.
fail_over() {
	local bin=$work/$1/bin dead=$2 dir master replica sentinel process
	shift 2
	dir=$(mktemp -d -p "$work") master=$(port) replica=$(port) sentinel=$(port)
	start "$dir/master.log" "$bin/valkey-server" --port "$master" --bind 127.0.0.1 --save '' --dir "$dir"
	process=$!
	start "$dir/replica.log" "$bin/valkey-server" --port "$replica" --bind 127.0.0.1 --save '' --dir "$dir" --replicaof 127.0.0.1 "$master"
	printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 2\nsentinel down-after-milliseconds main 2000\n' "$sentinel" "$master" >"$dir/sentinel.conf"
	start "$dir/sentinel.log" "$bin/valkey-server" "$dir/sentinel.conf" --sentinel
	link_is() { [[ $("$bin/valkey-cli" -p "$sentinel" SENTINEL REPLICAS main) == *master-link-status$'\n'"$1"$'\n'* ]]; }
	wait_for link_is ok
	kill -9 "$process"
	wait "$process" 2>/dev/null || true
	wait_for link_is err
	sleep "$dead"
	[ "$("$bin/valkey-cli" -p "$sentinel" "$@")" = OK ]
	outcome() { seen=$(grep -oE -m 1 -e '-failover-abort-[a-z-]*|[+]selected-slave' "$dir/sentinel.log"); }
	wait_for outcome
	stop "${pids[-1]}"
	stop "${pids[-2]}"
}
fail_over sid 0 SENTINEL FAILOVER main
expect '9.1, SENTINEL FAILOVER soon' "$seen" +selected-slave
fail_over sid 20 SENTINEL FAILOVER main
expect '9.1, SENTINEL FAILOVER after 20 s' "$seen" -failover-abort-no-good-slave
fail_over sid 20 SENTINEL SET main quorum 1
expect '9.1, the quorum is mended after 20 s' "$seen" +selected-slave
fail_over trixie 20 SENTINEL FAILOVER main
expect '8.1, SENTINEL FAILOVER after 20 s' "$seen" +selected-slave
