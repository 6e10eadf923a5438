#!/usr/bin/env bash
# Prometheus 3.5.3 with Alertmanager 0.33.1.
#
# Guess: an alert that is held by keep_firing_for is held over a restart of Prometheus, as the
#   state of "for" is.
# Really: only "for" is restored. The alert is forgotten, not resolved: Prometheus says nothing
#   more of it, and Alertmanager lets it end four resend delays (4 minutes) after the last time.
# Consequence: a restart within keep_firing_for ends the alert that was to bridge failed
#   scrapes, which a restart brings with it. Over restarts, let the expression look back.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

command -v python3 >/dev/null || { echo "This takes python3" >&2; exit 2; }
debian sid "prometheus=3.5.3+ds1-*" "prometheus-alertmanager=0.33.1-*"
mkdir page
p=$(port) am=$(port) web=$(port)
echo 'down 1' >page/metrics
start web.log python3 -m http.server --bind 127.0.0.1 --directory page "$web"
cat >rules.yml <<'YAML'
groups: [{name: g, rules: [{alert: SentinelDown, expr: down == 1, keep_firing_for: 10m}]}]
YAML
cat >alertmanager.yml <<'YAML'
route: {receiver: nobody}
receivers: [{name: nobody}]
YAML
cat >prometheus.yml <<YAML
global: {evaluation_interval: 1s, scrape_interval: 1s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:$am']}]}]}
scrape_configs: [{job_name: sentinel, fallback_scrape_protocol: PrometheusText0.0.4, static_configs: [{targets: ['127.0.0.1:$web']}]}]
YAML
start am.log sid/bin/prometheus-alertmanager --config.file=alertmanager.yml --storage.path=am \
	--web.listen-address="127.0.0.1:$am" --cluster.listen-address=
run() { start prometheus.log sid/bin/prometheus --config.file=prometheus.yml --storage.tsdb.path=data \
	--web.listen-address="127.0.0.1:$p" --rules.alert.resend-delay=1s; }
value() { curl -s "http://127.0.0.1:$p/api/v1/query" --data-urlencode "query=$1" | sed -n 's/.*"value":\[[0-9.]*,"\([^"]*\)"\].*/\1/p'; }
state() { curl -s "http://127.0.0.1:$p/api/v1/alerts" | grep -o '"state":"[a-z]*"' | cut -d'"' -f4; }
told() { sid/bin/amtool --alertmanager.url="http://127.0.0.1:$am" alert query --output=json | grep -c SentinelDown; }
fires() { [ "$(state)" = firing ]; }
ended() { [ "$(value down)" = 0 ]; }
evaluated() { curl -s "http://127.0.0.1:$p/api/v1/rules" | grep -q '"health":"ok"'; }
gone() { [ "$(told)" = 0 ]; }
run
wait_for fires
echo 'down 0' >page/metrics
wait_for ended
sleep 6 # longer than Alertmanager believes what it was told
expect 'six seconds after its end it is held' "$(state)" firing
expect 'and Alertmanager has it' "$(told)" 1
stop $!
run
wait_for evaluated
wait_for gone
expect 'after a restart' "$(state)" ''
expect 'and Alertmanager has it' "$(told || true)" 0
