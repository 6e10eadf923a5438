#!/usr/bin/env bash
# vmalert 1.145.0, promtool 3.5.3.
#
# Guess: rules that promtool accepts run in vmalert, but for what only one of them knows.
# Really: two rules of a group with the same name, expression and labels pass "promtool check
#   rules" (which says that they are duplicates only as a hint, and exits 0; they differ in
#   their "for" here, which is a usual way to write two steps of one alert). vmalert does not
#   start: to it a rule is its name, expression and labels, and "for" and annotations do not count.
# Consequence: an alert in two steps needs a label that tells them apart, such as severity,
#   or vmalert takes none of the files.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian sid "promtool=3.5.3+ds1-*" "victoria-metrics=1.145.0+ds1-*"
rules() {
	cat <<-YAML
		groups:
		- name: sentinel
		  rules:
		  - {alert: SentinelDown, expr: up == 0, for: 1m, labels: {severity: warning}}
		  - {alert: SentinelDown, expr: up == 0, for: 1h, labels: {severity: $1}}
	YAML
}
rules warning >same.yml
rules critical >different.yml
result() { timeout 30 "$@" >out 2>&1 && echo accepts || echo refuses; }
for file in same different; do
	case $file in same) vm=refuses ;; *) vm=accepts ;; esac
	expect "$file labels, promtool" "$(result sid/bin/promtool check rules $file.yml)" accepts
	expect "$file labels, vmalert" "$(result sid/bin/vmalert -dryRun -rule=$file.yml)" $vm
	[ $vm = accepts ] || expect 'it says' "$(grep -o 'is a duplicate in group' out)" 'is a duplicate*'
done
