#!/usr/bin/env bash
# Prometheus 3.5.3 (promtool) and Alertmanager 0.33.1 (amtool).
#
# Guess: the matcher master_name=~".+" selects the same alerts in a PromQL expression and in a
#   route, silence or inhibition.
# Really: since Prometheus 3 the dot matches a line feed as well. Alertmanager's does not: an
#   alert whose label holds one is selected by .+ in PromQL, and by no route with .+.
# Consequence: Redis Sentinels accept a master's name of several lines (a script that passes
#   a file's whole content is enough), and its alerts fall through to the default route. Use
#   !="" where any value is meant.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian sid "promtool=3.5.3+ds1-*" "prometheus-alertmanager=0.33.1-*"
cat >rules.yml <<'YAML'
groups: [{name: g, rules: [{alert: Down, expr: 'up{master_name=~".+"} == 0'}]}]
YAML
cat >test.yml <<'YAML'
rule_files: [rules.yml]
tests:
- input_series: [{series: 'up{master_name="first\nsecond"}', values: '0x10'}]
  alert_rule_test:
  - {eval_time: 5m, alertname: Down, exp_alerts: [{exp_labels: {master_name: "first\nsecond"}}]}
YAML
cat >alertmanager.yml <<'YAML'
route:
  receiver: nobody
  routes:
  - {matchers: ['master_name=~".+"'], receiver: by-regex, continue: true}
  - {matchers: ['master_name!=""'], receiver: by-presence}
receivers: [{name: nobody}, {name: by-regex}, {name: by-presence}]
YAML
routed() { sid/bin/amtool config routes test --config.file=alertmanager.yml "$1" 2>/dev/null; }
expect 'PromQL selects two lines by .+' "$(sid/bin/promtool test rules test.yml | xargs)" SUCCESS
expect 'Alertmanager routes one line to' "$(routed 'master_name="first"')" by-regex,by-presence
expect 'Alertmanager routes two lines to' "$(routed 'master_name="first\nsecond"')" by-presence
