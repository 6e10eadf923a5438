package preflight

import (
	"context"
	"strings"
	"time"

	"redis_sentinel_exporter/datanode"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// Options say what may be looked at, and how.
type Options struct {
	// Nodes is how to ask the data nodes, without an address; nil if nothing may be sent to them.
	Nodes *sentinel.Options
	// Sentinels is how to connect to the Sentinels, without an address: their certificates are looked at.
	Sentinels sentinel.Options
	// CertificatesWithin is how soon a certificate expires that is a finding.
	CertificatesWithin time.Duration
}

// Assess looks at a master and its replicas, as the snapshots name them, and at the Sentinels. It returns when ctx
// ends, at the latest. It returns nil if no Sentinel that answered monitors the master.
func Assess(ctx context.Context, snapshots []*sentinel.Snapshot, master string, o Options) *Report {
	views := deployment.ViewsOf(snapshots, master)
	if len(views) == 0 {
		return nil
	}
	f := &flight{name: master, views: views, snapshots: snapshots, nodes: nodesOf(views), soon: o.CertificatesWithin}
	if o.Nodes == nil {
		f.blind = "the data nodes are not asked: " + datanode.GiveAccount
	} else {
		f.tls = o.Nodes.TLS != nil
		f.ask(ctx, *o.Nodes)
	}
	f.lookAtServers(ctx, o)
	return f.report()
}

// A flight is one master with what its nodes say.
type flight struct {
	name      string
	views     []deployment.View
	snapshots []*sentinel.Snapshot
	nodes     []*node // the master first
	blind     string  // why no node is asked
	tls       bool    // the nodes are asked with TLS
	soon      time.Duration
	servers   []server // those whose certificates were looked at
}

func (f *flight) report() *Report {
	r := &Report{Master: sentinel.ValidUTF8(f.name), Nodes: []NodeReport{}, Checks: []health.Result{}, Findings: []health.Finding{}}
	for _, n := range f.nodes {
		r.Nodes = append(r.Nodes, n.report())
	}
	for _, c := range checks() {
		o := &outcome{}
		if f.blind != "" && c.needs != sentinels {
			o.cannotTell(f.blind)
		}
		if f.blind == "" || c.needs != dataNodes {
			c.look(f, o)
		}
		result := health.Result{Check: c.name, Reason: strings.Join(o.unknown, "; ")}
		for _, reason := range o.unknown {
			result.Status = health.Unknown
			r.miss(c.name, reason)
		}
		for _, found := range o.findings {
			if found.Check == "" {
				found.Check, found.Master, found.Runbook = c.name, r.Master, Page+"#"+c.name
			}
			result.Status = worst(result.Status, found.Severity)
			r.Findings = append(r.Findings, found)
		}
		r.Status = worst(r.Status, result.Status)
		r.Checks = append(r.Checks, result)
	}
	return r
}
