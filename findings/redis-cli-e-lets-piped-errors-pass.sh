#!/usr/bin/env bash
# redis-cli 7.0.15, 8.0.2, 8.6.3 and valkey-cli 9.1.2 (run here: 8.0.2 and 9.1.2).
#
# Guess: redis-cli -e, "return exit error code when command execution fails", does so whether
#   the command is in the arguments or comes from a pipe.
# Really: only for one in the arguments. For commands on standard input the exit status is 0,
#   with or without -e, whatever the answers were; an error is printed where the answers are.
# Consequence: a script that pipes SENTINEL CKQUORUM, or a file of SENTINEL SET lines (the way
#   to keep a password out of the list of processes), goes on after -NOQUORUM or -NOAUTH as
#   though all was done. One call for each command, with -e, or look at the answers.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

debian trixie "redis-server=5:8.0.2-*" "redis-tools=5:8.0.2-*"
debian sid "valkey-tools=9.1.2-*"
p=$(port)
printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 1 2\n' "$p" >"$work/sentinel.conf"
start "$work/log" "$work/trixie/bin/redis-server" "$work/sentinel.conf" --sentinel
wait_for "$work/trixie/bin/redis-cli" -p "$p" PING
for cli in "$work/trixie/bin/redis-cli" "$work/sid/bin/valkey-cli"; do
	name=${cli##*/}
	answer=$("$cli" -e -p "$p" SENTINEL CKQUORUM main) && status=0 || status=$?
	expect "$name -e, in the arguments" "exit $status $answer" 'exit 1*'
	answer=$(echo 'SENTINEL CKQUORUM main' | "$cli" -e -p "$p") && status=0 || status=$?
	expect "$name -e, from a pipe" "exit $status $answer" 'exit 0 *NOQUORUM*'
done
