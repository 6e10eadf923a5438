#!/usr/bin/env bash
# Redis Sentinel 7.0.15 and Valkey Sentinel 9.1.2.
#
# Guess: when the address of a Sentinel that is gone is given to something else, as a network of
#   Kubernetes does, the others see that this is not the Sentinel that they knew: its id is
#   another one, or it is none at all. They count it as down, and SENTINEL CKQUORUM says so.
# Really: whatever answers PING there is the Sentinel of before. Its flags are good for ever, and
#   CKQUORUM counts it as usable: "OK 3 usable Sentinels" with two strangers, here a Sentinel
#   of another deployment and a data node. It has no vote: the master is never replaced, and with
#   a quorum of 2 it is never even +odown. Only last-hello-message tells, which grows.
# Consequence: an alert on CKQUORUM, or on s_down of Sentinels, is silent where addresses are given
#   again. Alert on last-hello-message as well: a Sentinel that takes part has one of at most
#   some seconds, since it says hello to those that it knows directly, too. RESET forgets the
#   stranger.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian bookworm "redis-server=5:7.0.15-*" "redis-tools=5:7.0.15-*"
debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"

try() {
	local server=$1 cli=$2 name a replica other one two three gone=()
	name=$(basename "$server")
	a=$(port) replica=$(port) other=$(port) one=$(port) two=$(port) three=$(port)
	mkdir -p "$work/$name/a" "$work/$name/r" "$work/$name/o"
	cd "$work/$name"
	start a.log "$server" --port "$a" --bind 127.0.0.1 --save '' --dir a
	start r.log "$server" --port "$replica" --bind 127.0.0.1 --save '' --dir r --replicaof 127.0.0.1 "$a"
	start o.log "$server" --port "$other" --bind 127.0.0.1 --save '' --dir o
	sentinel() { # sentinel PORT NAME MASTER: one that monitors NAME
		printf 'port %s\nbind 127.0.0.1\nsentinel monitor %s 127.0.0.1 %s 2\nsentinel down-after-milliseconds %s 2000\n' "$1" "$2" "$3" "$2" >"$1-$2.conf"
		start "$1-$2.log" "$server" "$1-$2.conf" --sentinel
		wait_for "$cli" -p "$1" PING
	}
	sentinel "$one" main "$a"
	for p in "$two" "$three"; do
		sentinel "$p" main "$a"
		gone+=($!)
	done
	field() { "$cli" -p "$one" SENTINEL MASTER main | sed -n "/^$1\$/{n;p}"; }
	knows() { [ "$(field num-slaves) $(field num-other-sentinels)" = '1 2' ]; }
	wait_for knows
	stop "${gone[0]}"
	stop "${gone[1]}"
	# Another deployment's Sentinel, and a data node, at their addresses.
	sentinel "$two" another "$other"
	start s.log "$server" --port "$three" --bind 127.0.0.1 --save '' --dir o
	wait_for "$cli" -p "$three" PING
	sleep 20
	expect "$name, two of three Sentinels replaced by strangers for 20 s" "$("$cli" -p "$one" SENTINEL CKQUORUM main)" 'OK 3 usable Sentinels*'
	expect "$name, their flags" "$("$cli" -p "$one" SENTINEL SENTINELS main | sed -n '/^flags$/{n;p}' | paste -sd' ')" 'sentinel sentinel'
	expect "$name, one of them is a" "$("$cli" -p "$three" INFO server | sed -n 's/^[a-z]*_mode:\([a-z]*\).*/\1/p')" standalone
	expect "$name, seconds since their last hello" "$("$cli" -p "$one" SENTINEL SENTINELS main | sed -n '/^last-hello-message$/{n;s/...$//p}' | paste -sd' ')" '[23][0-9] [23][0-9]'
	"$cli" -p "$a" SHUTDOWN NOSAVE >/dev/null 2>&1 || true
	sleep 20
	expect "$name, the master dead for 20 s, with down-after 2 s" "$(field flags)" 's_down,master,disconnected'
	expect "$name, CKQUORUM then" "$("$cli" -p "$one" SENTINEL CKQUORUM main)" 'OK 3 usable Sentinels*'
	expect "$name, failovers" "$(field config-epoch)" 0
	cd "$work"
}

try "$work/bookworm/bin/redis-server" "$work/bookworm/bin/redis-cli"
try "$work/sid/bin/valkey-server" "$work/sid/bin/valkey-cli"
