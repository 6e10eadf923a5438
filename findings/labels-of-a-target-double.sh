#!/usr/bin/env bash
# Prometheus 3.5.3.
#
# Guess: when service discovery gives a target another label, its series change over in one
#   step: those with the old label end when those with the new one begin.
# Really: to Prometheus that is one target that goes and one that comes. The new one is
#   scraped at once; the old series are ended only after the next scrape of the old one would
#   have been, and a grace. Until then, about as long as scrape_interval, both are there,
#   sums count the node twice, and on (instance) finds duplicates.
# Consequence: do not let a label of a target say what changes, such as the role of a Redis
#   node: at each failover there are two masters on one address for an interval. Take the role
#   from a metric.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

command -v python3 >/dev/null || { echo "This takes python3" >&2; exit 2; }
debian sid "prometheus=3.5.3+ds1-*"
mkdir page
web=$(port) p=$(port)
say() { # ROLE
	echo "[{\"targets\": [\"127.0.0.1:$web\"], \"labels\": {\"role\": \"$1\"}}]" >sd.new
	mv sd.new page/sd.json
}
say replica
echo 'nodes 1' >page/metrics
start web.log python3 -m http.server --bind 127.0.0.1 --directory page "$web"
cat >prometheus.yml <<YAML
scrape_configs:
- job_name: redis
  scrape_interval: 10s
  fallback_scrape_protocol: PrometheusText0.0.4
  http_sd_configs: [{url: 'http://127.0.0.1:$web/sd.json', refresh_interval: 1s}]
YAML
start prometheus.log sid/bin/prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address="127.0.0.1:$p"
query() { curl -s "http://127.0.0.1:$p/api/v1/query" --data-urlencode "query=$1"; }
value() { query "$1" | sed -n 's/.*"value":\[[0-9.]*,"\([^"]*\)"\].*/\1/p'; }
has() { [ "$(value "sum(nodes{role=\"$1\"})")" = 1 ]; }
wait_for has replica
expect 'nodes before' "$(value 'sum(nodes)')" 1
say master
wait_for has master
since=$(date +%s%N)
expect 'nodes just after' "$(value 'sum(nodes)')" 2
expect 'up * on (instance) nodes' "$(query 'up * on (instance) nodes' | grep -o 'found duplicate series' | head -n 1)" 'found duplicate series'
gone() { ! has replica; }
wait_for gone
ms=$((($(date +%s%N) - since) / 1000000))
echo "both were there for $ms ms"
expect 'that is longer than 5 s of an interval of 10 s' "$([ $ms -gt 5000 ] && echo yes)" yes
expect 'nodes in the end' "$(value 'sum(nodes)')" 1
