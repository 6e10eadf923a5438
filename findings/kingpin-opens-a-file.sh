#!/usr/bin/env bash
# amtool 0.33.1 (kingpin 2.4.0), and every program that reads its flags with kingpin.
#
# Guess: a quoted argument is taken as it stands: --comment "@oncall restarts it" is a comment.
# Really: an argument that begins with @ names a file with more arguments, one a line, also as
#   the value of a flag. If that file is there, a comment "@notes" becomes its content. If
#   not, the flag "expected argument", as though it had none. --comment=@... in one word is
#   left alone.
# Consequence: a script that silences alerts with a comment from chat, such as "@oncall ...",
#   fails just then. Write --flag=VALUE, never --flag VALUE, where others choose the value.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian sid "prometheus-alertmanager=0.33.1-*"
amtool=$work/sid/bin/amtool p=$(port)
echo 'route: {receiver: nobody}
receivers: [{name: nobody}]' >alertmanager.yml
start log "$work/sid/bin/prometheus-alertmanager" --config.file=alertmanager.yml --storage.path=data \
	--web.listen-address="127.0.0.1:$p" --cluster.listen-address=
silence() { "$amtool" --alertmanager.url="http://127.0.0.1:$p" silence "$@" 2>&1; }
wait_for silence query

echo 'written in a file' >notes
comment() { # of the silence that is made with these arguments, or why there is none
	local answer
	answer=$(silence add --author=a "$@" alertname=A) || { echo "$answer"; return; }
	silence query --output=json | tr ',' '\n' | grep '"comment"' | tail -n 1 | cut -d'"' -f4
	silence expire "$answer" >/dev/null
}
expect '--comment "@oncall restarts it"' "$(comment --comment '@oncall restarts it')" "*expected argument for flag '--comment'*"
expect '--comment "@notes"' "$(comment --comment '@notes')" 'written in a file'
expect '--comment="@oncall restarts it"' "$(comment --comment='@oncall restarts it')" '@oncall restarts it'
