#!/usr/bin/env bash
# promtool and Prometheus 3.5.3, of one package build.
#
# Guess: "promtool check metrics" accepts what the Prometheus of the same version scrapes.
# Really: Prometheus 3 takes names in UTF-8, such as {"redis.sentinel.masters"}, as a matter
#   of course. promtool of the same version calls the page broken ("invalid metric name"),
#   although it does read the quoted form.
# Consequence: a CI step with promtool rejects pages that come from OpenTelemetry names and
#   work; it is no oracle for what will be scraped.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

debian sid "prometheus=3.5.3+ds1-*" "promtool=3.5.3+ds1-*"
command -v python3 >/dev/null || { echo "This takes python3" >&2; exit 2; }
mkdir page
cat >page/metrics <<'TEXT'
# HELP "redis.sentinel.masters" Masters that are watched.
# TYPE "redis.sentinel.masters" gauge
{"redis.sentinel.masters"} 2
TEXT
web=$(port) p=$(port)
start web.log python3 -m http.server --bind 127.0.0.1 --directory page "$web"
cat >prometheus.yml <<YAML
scrape_configs:
- job_name: sentinel
  scrape_interval: 1s
  fallback_scrape_protocol: PrometheusText1.0.0
  static_configs: [{targets: ['127.0.0.1:$web']}]
YAML
start prometheus.log sid/bin/prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address="127.0.0.1:$p"
query() { curl -s "http://127.0.0.1:$p/api/v1/query" --data-urlencode "query=$1" | grep -o '"[0-9]*"\]' | tr -d '"]'; }
wait_for query up
expect 'Prometheus scrapes it, up' "$(query up)" 1
expect 'and has the value' "$(query '{"redis.sentinel.masters"}')" 2
expect 'promtool check metrics' "$(sid/bin/promtool check metrics <page/metrics 2>&1)" '*invalid metric name*'
