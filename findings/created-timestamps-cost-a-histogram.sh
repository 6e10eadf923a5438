#!/usr/bin/env bash
# Prometheus 3.5.3, client_golang 1.23.2 (Go).
#
# Guess: --enable-feature=created-timestamp-zero-ingestion adds a zero at the start of each
#   counter, and takes nothing away.
# Really: for it Prometheus asks for protobuf. Of a histogram that has native and classic
#   buckets it then keeps neither, as long as it does not take native histograms: no series, no error, and
#   up is 1. As text it kept the classic ones.
# Consequence: an exporter that sets NativeHistogramBucketFactor beside Buckets loses the
#   histogram at whoever switches that feature on, for instance the durations of failovers,
#   and their alerts never fire. It cannot tell: who takes native histograms asks for the same.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

command -v go >/dev/null || { echo "This takes Go" >&2; exit 2; }
debian sid "prometheus=3.5.3+ds1-*"
web=$(port)
cat >go.mod <<'MOD'
module finding

go 1.23
MOD
cat >main.go <<'GO'
package main

import (
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func main() {
	registry := prometheus.NewRegistry()
	for name, factor := range map[string]float64{"classic_seconds": 0, "both_seconds": 1.1} {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: name, Help: name, Buckets: []float64{1, 10}, NativeHistogramBucketFactor: factor,
		})
		h.Observe(3)
		registry.MustRegister(h)
	}
	if err := http.ListenAndServe(os.Args[1], promhttp.HandlerFor(registry, promhttp.HandlerOpts{})); err != nil {
		panic(err)
	}
}
GO
{ go get github.com/prometheus/client_golang@v1.23.2 && go mod tidy && go build -o exporter .; } >log 2>&1 || { cat log >&2; exit 2; }
start exporter.log ./exporter "127.0.0.1:$web"
cat >prometheus.yml <<YAML
scrape_configs:
- job_name: exporter
  scrape_interval: 1s
  static_configs: [{targets: ['127.0.0.1:$web']}]
YAML
# run FEATURE: Prometheus, until it has scraped a few times.
run() {
	p=$(port)
	start "prometheus$1.log" sid/bin/prometheus --config.file=prometheus.yml --storage.tsdb.path="data$1" \
		--web.listen-address="127.0.0.1:$p" ${1:+--enable-feature="$1"}
	wait_for scraped
}
query() { curl -s "http://127.0.0.1:$p/api/v1/query" --data-urlencode "query=$1"; }
scraped() { query 'count_over_time(up[1m]) >= 3' | grep -q '"job":"exporter"'; }
# kept: which histograms it has.
kept() { query '{__name__=~"(both|classic)_seconds(_count)?"}' | grep -o '"__name__":"[a-z_]*"' | cut -d'"' -f4 | sort | paste -sd' '; }
run ''
expect 'without the feature' "$(kept)" 'both_seconds_count classic_seconds_count'
run created-timestamp-zero-ingestion
expect 'with created timestamps' "$(kept)" 'classic_seconds_count'
run native-histograms
expect 'with native histograms' "$(kept)" 'both_seconds classic_seconds_count'
