#!/usr/bin/env bash
# Prometheus 3.5.3 with Alertmanager 0.33.1.
#
# Guess: an alert that fires goes on firing over a restart of Prometheus, which restores the
#   state of its alerts from ALERTS_FOR_STATE.
# Really: not where "for" is shorter than --rules.alert.for-grace-period, 10 minutes by default.
#   Such an alert is pending again for the whole of its "for". What Alertmanager was told
#   holds for four times the resend delay, 4 minutes by default: with "for: 5m" it says
#   resolved, and then firing as though it were new. With the grace period at 1s it is back in
#   time. (The times are scaled here: "for" 20s, resend delay 2s, so 8s.)
# Consequence: a restart of Prometheus in the middle of an outage sends "resolved", and pages
#   again, for each alert with a "for" between 4 and 10 minutes. Lower the grace period.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian sid "prometheus=3.5.3+ds1-*" "prometheus-alertmanager=0.33.1-*"
cat >rules.yml <<'YAML'
groups: [{name: g, rules: [{alert: SentinelDown, expr: vector(1), for: 20s}]}]
YAML
cat >alertmanager.yml <<'YAML'
route: {receiver: nobody}
receivers: [{name: nobody}]
YAML
state() { curl -s "http://127.0.0.1:$p/api/v1/alerts" | grep -o '"state":"[a-z]*"' | cut -d'"' -f4; }
fires() { [ "$(state)" = firing ]; }
told() { sid/bin/amtool --alertmanager.url="http://127.0.0.1:$am" alert query --output=json | grep -c SentinelDown; }
gone() { [ "$(told)" = 0 ]; }
for grace in 10m 1s; do
	p=$(port) am=$(port) data=data-$grace
	cat >prometheus.yml <<-YAML
		global: {evaluation_interval: 1s}
		rule_files: [rules.yml]
		alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:$am']}]}]}
	YAML
	start am.log sid/bin/prometheus-alertmanager --config.file=alertmanager.yml --storage.path="am-$grace" \
		--web.listen-address="127.0.0.1:$am" --cluster.listen-address=
	run() { start "$data.log" sid/bin/prometheus --config.file=prometheus.yml --storage.tsdb.path="$data" \
		--web.listen-address="127.0.0.1:$p" --rules.alert.resend-delay=2s --rules.alert.for-grace-period=$grace; }
	run
	wait_for fires
	wait_for told
	stop $!
	run
	if [ $grace = 10m ]; then
		wait_for gone
		expect "grace period $grace: Prometheus, after the restart" "$(state)" pending
		expect '  alerts that Alertmanager has' "$(told || true)" 0
		wait_for fires
		echo '  later it fires again'
	else
		sleep 16 # twice as long as Alertmanager believes what it was told
		expect "grace period $grace: Prometheus, after the restart" "$(state)" firing
		expect '  alerts that Alertmanager has' "$(told)" 1
	fi
	stop $!
done
