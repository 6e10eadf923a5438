package preflight_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/preflight"
	"redis_sentinel_exporter/sentinel"
)

const (
	name     = "mymaster"
	password = "canary-node-pass" // of the account; must be seen nowhere
)

// A rig is a real deployment with the account that docs/admin.md has.
type rig struct {
	*sentineltest.Topology
	t          *testing.T
	deployment *deployment.Deployment
	options    preflight.Options
	unasked    bool // in the end: nobody can ask the nodes, or the test has taken a permission from the account
}

func newRig(t *testing.T, cfg sentineltest.Config) *rig {
	t.Helper()
	cfg.NodeConf = append(slices.Clone(cfg.NodeConf), sentineltest.DocumentedUser(t, "../docs/admin.md", "preflight", password))
	r := &rig{Topology: sentineltest.Run(t, cfg), t: t}
	var clients []*sentinel.Client
	r.options = account()
	if cfg.TLS {
		config, err := r.TLS.ClientConfig()
		if err != nil {
			t.Fatal(err)
		}
		r.options.Nodes.TLS, r.options.Sentinels.TLS = config, config
	}
	for _, addr := range r.SentinelAddrs() {
		o := r.options.Sentinels
		o.Address = addr
		clients = append(clients, sentinel.NewClient(o))
	}
	r.deployment = deployment.New(clients...)
	t.Cleanup(r.deployment.Close)
	t.Cleanup(func() {
		if !r.unasked {
			r.NothingDenied(t, "preflight")
		}
	})
	return r
}

func account() preflight.Options {
	return preflight.Options{Nodes: &sentinel.Options{Username: "preflight", Password: func() (string, error) { return password, nil }}}
}

// assess asks once.
func (r *rig) assess() *preflight.Report {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	defer cancel()
	report := preflight.Assess(ctx, r.deployment.Snapshots(ctx), name, r.options)
	if report == nil {
		r.t.Fatal("no Sentinel monitors the master")
	}
	text, err := json.Marshal(report)
	if err != nil {
		r.t.Fatal(err)
	}
	if strings.Contains(string(text), "canary") {
		r.t.Errorf("a password is shown: %s", text)
	}
	return report
}

// finds wants one finding, on a node, and nothing unknown.
func (r *rig) finds(check string, node *sentineltest.Node, severity health.Status, words string) {
	r.t.Helper()
	report := r.assess()
	var found []health.Finding
	for _, f := range report.Findings {
		if f.Check == check {
			found = append(found, f)
		} else {
			r.t.Errorf("it also finds %+v", f)
		}
	}
	if len(found) != 1 || found[0].Node != node.Addr() || found[0].Severity != severity || !strings.Contains(found[0].Message, words) || found[0].Hint == "" {
		r.t.Errorf("got the findings %+v", found)
	}
	for _, c := range report.Checks {
		if c.Status == health.Unknown {
			r.t.Errorf("%s is unknown: %s", c.Check, c.Reason)
		}
	}
}

// failover starts one, and returns whether another node is the master in the end.
func (r *rig) failover() bool {
	r.t.Helper()
	before := r.MasterField(r.t.Context(), name, "port")[0]
	r.cli(r.Sentinels[0].Node, "SENTINEL", "FAILOVER", name)
	sentineltest.WaitFor(r.t, "the end of the failover", func() bool {
		row, err := r.Sentinels[0].Row(r.t.Context(), "SENTINEL", "MASTER", name)
		return err == nil && !strings.Contains(row.Get("flags"), "failover_in_progress")
	})
	return r.MasterField(r.t.Context(), name, "port")[0] != before
}

// cli runs redis-cli, which must not fail.
func (r *rig) cli(n *sentineltest.Node, args ...string) string {
	r.t.Helper()
	out, err := n.CLI(r.t.Context(), args...)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// linked reports whether a node is a replica, and has its master.
func linked(ctx context.Context, n *sentineltest.Node) (replica, up bool) {
	info, err := n.Info(ctx, "replication")
	return err == nil && info["role"] == "slave", err == nil && info["master_link_status"] == "up"
}
