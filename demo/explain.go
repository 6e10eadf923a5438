package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"redis_sentinel_exporter/internal/sentineltest"
)

// explain prints what runs, where to look, and what to try. b is nil without HAProxy.
func explain(ctx context.Context, out io.Writer, topology *sentineltest.Topology, e *exporter, b *balancer) error {
	metrics, err := e.get(ctx, "/metrics")
	if err != nil {
		return fmt.Errorf("the first scrape: %w", err)
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for _, node := range topology.Nodes() {
		_, _ = fmt.Fprintf(w, "  %s\t%s\tpid %d\n", node.Name(), node.Addr(), node.PID())
	}
	_, _ = fmt.Fprintf(w, "  exporter\tlocalhost:%s\tpid %d\n", e.port, e.PID())
	if b != nil {
		_, _ = fmt.Fprintf(w, "  haproxy\t%s\tpid %d\n", local(b.write), b.PID())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if e.port != usualPort {
		say(out, "Port", usualPort, "is taken: the exporter uses another one.")
	}
	if b == nil {
		say(out, "Without haproxy, which is not installed, no port follows the master.")
	}
	say(out, "\nThe exporter's pages:\n  "+e.url("/")+"\n  "+e.url("/status")+"\n  "+e.url("/metrics"))
	say(out, "\nSome of the metrics:")
	for _, line := range samples(metrics) {
		say(out, "  "+line)
	}
	const usual = "redis_sentinel_(up|master_ok|master_quorum_margin|master_failover_possible)[{]"
	sentinel, master := topology.Sentinels[0], topology.Masters[0].Node
	say(out, "\nTry this in another terminal:\n"+
		"  curl -s "+e.url("/metrics")+" | grep -E '"+usual+"'")
	say(out, fmt.Sprintf("  kill %d   # %s: its redis_sentinel_up becomes 0, the margin of the others shrinks", sentinel.PID(), sentinel.Name()))
	if b != nil {
		say(out, fmt.Sprintf("  while sleep 0.5; do redis-cli -p %s INFO server | grep tcp_port; done   # where a client writes that knows nothing of Sentinel; reads: port %s", b.write, b.read))
	}
	say(out, fmt.Sprintf("  kill %d   # the master: a failover; watch redis_sentinel_master_info", master.PID()))
	say(out, "\nCtrl-C stops everything and removes it.")
	return nil
}

// samples returns the samples of a few important metrics.
func samples(metrics string) []string {
	var found []string
	for line := range strings.Lines(metrics) {
		switch name, _, _ := strings.Cut(line, "{"); name {
		case "redis_sentinel_up", "redis_sentinel_master_info", "redis_sentinel_master_ok",
			"redis_sentinel_master_ok_replicas", "redis_sentinel_master_quorum_margin",
			"redis_sentinel_deployment_master_addresses":
			found = append(found, strings.TrimSuffix(line, "\n"))
		}
	}
	return found
}
