#!/usr/bin/env bash
# promtool 3.5.3 and vmalert-tool 1.145.0.
#
# Guess: a unit test that names an alert which no rule file has, fails. So does one whose rule
#   files are not there, and a group's own "interval: 5m" applies in the test.
# Really: a test that expects no alert of a name that nobody defines passes, without a word;
#   after an alert was renamed, or one letter is wrong, all its "does not fire" cases are
#   empty, and green. A pattern in rule_files that matches nothing is a warning, and passes.
#   And promtool evaluates every group at the test's evaluation_interval, whatever the
#   group's interval is: a rule that production sees every 5 minutes is tested every minute.
# Consequence: hold the names in the tests against those in the rules by other means.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian sid "promtool=3.5.3+ds1-*" "victoria-metrics=1.145.0+ds1-*"
bin=$work/sid/bin
cat >rules.yml <<'YAML'
groups:
- name: sentinel
  interval: 5m
  rules:
  - {alert: SentinelDown, expr: up == 0}
  - {record: evaluated_at, expr: time()}
YAML
tests() { # RULES NAME
	cat <<-YAML
		rule_files: [$1]
		evaluation_interval: 1m
		tests:
		- interval: 1m
		  input_series: [{series: 'up{job="x"}', values: '0x20'}]
		  alert_rule_test: [{eval_time: 10m, alertname: $2, exp_alerts: []}]
	YAML
}
tests rules.yml SentinelDown >right.yml
tests rules.yml SentinelIsDown >wrong.yml
tests 'rulez*.yml' SentinelDown >nofile.yml
{
	tests rules.yml SentinelIsDown
	echo "  promql_expr_test: [{expr: 'changes(evaluated_at[10m])', eval_time: 10m, exp_samples: [{labels: '{}', value: -1}]}]"
} >interval.yml

result() { "$@" >out 2>&1 && echo passes || echo fails; }
expect 'promtool, no alert expected of one that fires' "$(result "$bin/promtool" test rules right.yml)" fails
expect 'promtool, no alert expected of one that is not there' "$(result "$bin/promtool" test rules wrong.yml)" passes
expect 'vmalert-tool, the same' "$(result "$bin/vmalert-tool" unittest --disableAlertgroupLabel --files wrong.yml)" passes
expect 'promtool, rule files that are not there' "$(result "$bin/promtool" test rules nofile.yml)" passes
expect 'promtool, no rule evaluated in 10 minutes at interval 5m' "$(result "$bin/promtool" test rules interval.yml)" fails
expect 'changes that it counts in (0m, 10m]' "$(grep 'got:' out | xargs)" 'got: {} 9E+00'
