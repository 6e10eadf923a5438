#!/usr/bin/env bash
# Valkey Sentinel 9.1.2.
#
# Guess: SENTINEL CONFIG SET resolve-hostnames no keeps a Sentinel from looking up names from
#   then on; what it knows already, and is connected to, stays as it is.
# Really: at their next hello, which has a name, it takes the other Sentinels for gone and drops
#   them, though both connections to them are up. Within seconds it knows none, and its own
#   CKQUORUM is NOQUORUM. The others notice nothing: they count it as usable. Set to yes again,
#   it finds them at the hello after that.
# Consequence: where Sentinels announce names, switching the option off on each of them, to
#   tidy up after a migration to IP addresses, ends all failovers at once, while PING and the down flags
#   are good. First let all announce IP addresses, then switch it off; ask CKQUORUM of each.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian sid "valkey-server=9.1.2-*" "valkey-tools=9.1.2-*"
bin=$work/sid/bin master=$(port) one=$(port) other=$(port)
cd "$work"
cli() { "$bin/valkey-cli" -p "$@"; }
start "$work/master.log" "$bin/valkey-server" --port "$master" --bind 127.0.0.1 --save ''
for sentinel in $one $other; do
	cat >"$work/$sentinel.conf" <<-CONF
		port $sentinel
		bind 127.0.0.1
		sentinel resolve-hostnames yes
		sentinel announce-hostnames yes
		sentinel announce-ip localhost
		sentinel monitor mymaster localhost $master 2
	CONF
	start "$work/$sentinel.log" "$bin/valkey-server" "$work/$sentinel.conf" --sentinel
done
peers() { cli "$1" SENTINEL MASTER mymaster | grep -A 1 -x num-other-sentinels | tail -n 1; }
knows() { [ "$(peers "$1")" = "$2" ]; }
wait_for knows "$one" 1
wait_for knows "$other" 1
expect 'resolve-hostnames no at one of two Sentinels' "$(cli "$one" SENTINEL CONFIG SET resolve-hostnames no)" OK
since=$SECONDS
wait_for knows "$one" 0
echo "it knew no other Sentinel $((SECONDS - since)) s later"
expect 'that is less than 10 s' "$([ $((SECONDS - since)) -lt 10 ] && echo yes)" yes
expect 'its CKQUORUM' "$(cli "$one" SENTINEL CKQUORUM mymaster 2>&1)" 'NOQUORUM 1 usable Sentinels*'
expect 'CKQUORUM of the other one, which counts it' "$(cli "$other" SENTINEL CKQUORUM mymaster)" 'OK 2 usable Sentinels*'
expect 'the flags of the master' "$(cli "$one" SENTINEL MASTER mymaster | grep -A 1 -x flags | tail -n 1)" master
expect 'resolve-hostnames yes' "$(cli "$one" SENTINEL CONFIG SET resolve-hostnames yes)" OK
wait_for knows "$one" 1
expect 'it knows others' "$(peers "$one")" 1
