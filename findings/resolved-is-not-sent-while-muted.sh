#!/usr/bin/env bash
# Alertmanager 0.25.0 and 0.33.1.
#
# Guess: who was told that an alert fires is told when it ends (send_resolved: true); a silence
#   or an inhibition in between delays that at most.
# Really: an alert that ends while it is silenced or inhibited is dropped with the word unsaid.
#   When the silence or the source of the inhibition is over, nothing follows: the last that
#   the receiver heard of it is "firing".
# Consequence: a link of a replica is reported as down, then the master dies and inhibits that
#   warning, the failover mends both, and the warning ends first: its ticket stays open for ever.
#   Let the pager's side close what it has not heard of again, or inhibit only what comes
#   after its cause.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

command -v node >/dev/null || { echo "This takes node" >&2; exit 2; }
debian bookworm "prometheus-alertmanager=0.25.0-*"
debian sid "prometheus-alertmanager=0.33.1-*"
cat >receiver.js <<'JS'
require('http').createServer((request, response) => {
  let body = '';
  request.on('data', (part) => { body += part; }).on('end', () => {
    for (const alert of JSON.parse(body).alerts) console.log(alert.labels.alertname, alert.status);
    response.end();
  });
}).listen(process.argv[2], '127.0.0.1');
JS

at() { date -u -d "$1" +%FT%TZ; }
fires() { "$amtool" "$url" alert add alertname="$1" job=cache --start="$(at '1 minute ago')" --end="$(at '10 minutes')"; }
ends() { "$amtool" "$url" alert add alertname="$1" job=cache --start="$(at '1 minute ago')" --end="$(at '1 second ago')"; }
heard() { grep -qx "$1" "$suite/heard"; }
muted() { "$amtool" "$url" alert query --output=json --active --inhibited --silenced "$1" | grep -q '"state":"suppressed"'; }
gone() { ! "$amtool" "$url" alert query --output=json --active --inhibited --silenced "$1" | grep -q alertname; }
for suite in bookworm sid; do
	p=$(port) hook=$(port) amtool=$work/$suite/bin/amtool
	url=--alertmanager.url=http://127.0.0.1:$p
	cat >alertmanager.yml <<-YAML
		route: {receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s}
		receivers: [{name: hook, webhook_configs: [{url: "http://127.0.0.1:$hook", send_resolved: true}]}]
		inhibit_rules:
		- source_matchers: [alertname="MasterDown"]
		  target_matchers: [alertname="ReplicaLinkDown"]
		  equal: [job]
	YAML
	start "$suite/heard" node receiver.js "$hook"
	start "$suite/log" "$work/$suite/bin/prometheus-alertmanager" --config.file=alertmanager.yml \
		--storage.path="$suite/data" --web.listen-address="127.0.0.1:$p" --cluster.listen-address=
	version=$("$work/$suite/bin/prometheus-alertmanager" --version 2>&1 | sed -n 's/^alertmanager, version \([0-9.]*\).*/\1/p')
	wait_for fires ReplicaLinkDown
	fires Plain
	fires Silenced
	for name in ReplicaLinkDown Plain Silenced; do wait_for heard "$name firing"; done

	fires MasterDown
	silence=$("$amtool" "$url" silence add --author=me --comment=try --duration=1h alertname=Silenced)
	wait_for muted ReplicaLinkDown
	wait_for muted Silenced
	for name in ReplicaLinkDown Plain Silenced; do ends $name; done
	wait_for heard 'Plain resolved'
	for name in ReplicaLinkDown Silenced; do wait_for gone $name; done
	sleep 5 # five times group_interval
	ends MasterDown
	"$amtool" "$url" silence expire "$silence"
	wait_for heard 'MasterDown resolved'
	sleep 5
	for name in ReplicaLinkDown Silenced; do
		expect "$version, all that the receiver heard of $name" "$(grep "^$name " "$suite/heard" | sort -u)" "$name firing"
	done
done
