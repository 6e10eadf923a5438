package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
)

// A pairRig is two real deployments, orders and carts, whose master has one name, with names for their parts in what
// is said of them.
type pairRig struct {
	t             *testing.T
	ctx           context.Context //nolint:containedctx // that of the test
	orders, carts *sentineltest.Topology
	short         *strings.Replacer
}

func newPairRig(t *testing.T) *pairRig {
	t.Helper()
	r := &pairRig{t: t, ctx: t.Context()}
	var wg sync.WaitGroup
	for _, topology := range []**sentineltest.Topology{&r.orders, &r.carts} {
		wg.Go(func() { *topology = sentineltest.Run(t, sentineltest.Config{FailoverTimeout: 5 * time.Second}) })
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	var pairs []string
	for name, topology := range map[string]*sentineltest.Topology{"orders": r.orders, "carts": r.carts} {
		for i, s := range topology.Sentinels {
			pairs = append(pairs, s.Addr(), fmt.Sprintf("%s-sentinel-%d", name, i))
		}
		for i, n := range topology.Masters[0].DataNodes() {
			pairs = append(pairs, n.Addr(), fmt.Sprintf("%s-node-%d", name, i))
		}
	}
	r.short = strings.NewReplacer(pairs...)
	return r
}

func (r *pairRig) cli(n *sentineltest.Node, args ...string) {
	r.t.Helper()
	if _, err := n.CLI(r.ctx, args...); err != nil {
		r.t.Fatal(err)
	}
}

// A sideTold is what one side is told of the other.
type sideTold struct {
	Findings []string // "severity master check: message", of /health
	Line     []string // of /fleet
}

// told asks both twice, so that each knows of the other, and returns what each is told.
func (r *pairRig) told(p *exportertest.Exporter) map[string]sideTold {
	r.t.Helper()
	both := make(map[string]sideTold)
	for range 2 {
		for _, name := range []string{"orders", "carts"} {
			a, err := p.Get("/health?deployment=" + name)
			if err != nil {
				r.t.Fatal(err)
			}
			var report health.Report
			if err := json.Unmarshal([]byte(a.Body), &report); err != nil {
				r.t.Fatalf("%v in %s", err, a.Body)
			}
			var of sideTold
			for _, f := range slices.Concat(report.Findings, mastersFindings(&report)) {
				if strings.Contains(f.Message, "another deployment") && f.FollowsFrom == nil {
					of.Findings = append(of.Findings, r.short.Replace(fmt.Sprintf("%s %s %s: %s", f.Severity, f.Master, f.Check, f.Message)))
				}
			}
			both[name] = of
		}
	}
	for name, l := range fleetLines(r.t, p, "") {
		of := both[name]
		for _, s := range l.Shared {
			message, _, _ := strings.Cut(s.Message, ", and its Sentinels take ") // which comes later
			of.Line = append(of.Line, s.With+": "+r.short.Replace(message))
		}
		both[name] = of
	}
	return both
}

func mastersFindings(r *health.Report) (all []health.Finding) {
	for i := range r.Masters {
		all = append(all, r.Masters[i].Findings...)
	}
	return all
}

// waitTold waits until each side is told that, and nothing else of the other.
func (r *pairRig) waitTold(what string, p *exportertest.Exporter, want map[string]sideTold) {
	r.t.Helper()
	diff := ""
	r.t.Cleanup(func() {
		if r.t.Failed() {
			r.t.Logf("%s, at last (-want +got):\n%s", what, diff)
		}
	})
	sentineltest.WaitFor(r.t, what, func() bool {
		got := r.told(p)
		diff = cmp.Diff(want, got)
		return diff == ""
	})
	diff = ""
}

// part mends what is wrong, and makes all Sentinels of both forget the replicas and the others at once, until none knows
// one of the other deployment: one after the other, they would tell each other again.
func (r *pairRig) part(mend func(*pairRig)) {
	r.t.Helper()
	sentinels := slices.Concat(r.orders.Sentinels, r.carts.Sentinels)
	rounds := 0
	sentineltest.WaitFor(r.t, "the Sentinels to part", func() bool {
		rounds++
		mend(r) // until they part, the Sentinels of both point the node to their master
		var wg sync.WaitGroup
		for _, s := range sentinels {
			wg.Go(func() {
				if _, err := s.CLI(r.ctx, "SENTINEL", "RESET", "mymaster"); err != nil {
					r.t.Error(err)
				}
			})
		}
		wg.Wait()
		settled, cancel := context.WithTimeout(r.ctx, 5*time.Second)
		defer cancel()
		for settled.Err() == nil {
			low, high := r.counts(sentinels)
			if high > 2 {
				return false
			}
			if low == 2 {
				return true
			}
		}
		return false
	})
	r.t.Logf("parted in %d rounds", rounds)
}

// counts returns the least and the most that any Sentinel knows of others or of replicas.
func (r *pairRig) counts(sentinels []*sentineltest.Sentinel) (low, high int) {
	r.t.Helper()
	low = 100
	for _, s := range sentinels {
		row, err := s.Row(r.ctx, "SENTINEL", "MASTER", "mymaster")
		if err != nil {
			r.t.Fatal(err)
		}
		for _, field := range []string{"num-other-sentinels", "num-slaves"} {
			var n int
			if _, err := fmt.Sscan(row.Get(field), &n); err != nil {
				r.t.Fatal(err)
			}
			low, high = min(low, n), max(high, n)
		}
	}
	return low, high
}

// TestMergedDeployments: a wrong REPLICAOF or MONITOR merges two groups. Each side is told once, with the name of the other
// one and what both have, until it is mended. That the Sentinels have met lasts longer.
func TestMergedDeployments(t *testing.T) {
	t.Parallel()
	replica := func(r *pairRig) *sentineltest.Node { return r.orders.Masters[0].Replicas[0] }
	of := func(topology *sentineltest.Topology) *sentineltest.Node { return topology.Masters[0].Node }
	for name, tc := range map[string]struct {
		wrong, mend func(*pairRig)
		master      string // of orders, that is told
		nodes       func(*pairRig) []*sentineltest.Node
	}{
		"a replica follows the other's master": {
			wrong:  func(r *pairRig) { r.replicaOf(replica(r), of(r.carts)) },
			mend:   func(r *pairRig) { r.replicaOf(replica(r), of(r.orders)) },
			master: "mymaster",
			nodes:  func(r *pairRig) []*sentineltest.Node { return []*sentineltest.Node{replica(r)} },
		},
		"the master follows the other's": {
			wrong:  func(r *pairRig) { r.replicaOf(of(r.orders), of(r.carts)) },
			mend:   func(r *pairRig) { r.cli(of(r.orders), "REPLICAOF", "NO", "ONE") },
			master: "mymaster",
			nodes:  func(r *pairRig) []*sentineltest.Node { return []*sentineltest.Node{of(r.orders)} },
		},
		"a Sentinel monitors the other's master": {
			wrong: func(r *pairRig) {
				r.cli(r.orders.Sentinels[0].Node, "SENTINEL", "MONITOR", "wrong", of(r.carts).Host(), fmt.Sprint(of(r.carts).Port()), "2")
			},
			mend: func(r *pairRig) { // the second time there is none
				_, _ = r.orders.Sentinels[0].CLI(r.ctx, "SENTINEL", "REMOVE", "wrong")
			},
			master: "wrong",
			nodes:  func(r *pairRig) []*sentineltest.Node { return r.carts.Masters[0].DataNodes() },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newPairRig(t)
			p := exportertest.Start(t, "--config.file="+exportertest.TempFile(t, named(map[string][]string{"orders": r.orders.SentinelAddrs(), "carts": r.carts.SentinelAddrs()})))
			r.waitTold("nothing to be told", p, map[string]sideTold{"orders": {}, "carts": {}})
			tc.wrong(r)
			var nodes []string
			for _, n := range tc.nodes(r) {
				nodes = append(nodes, n.Addr())
			}
			r.waitMerged(p, tc.master, nodes)
			r.part(tc.mend)
			r.waitTold("nothing more to be told", p, map[string]sideTold{"orders": {}, "carts": {}})
			for _, name := range []string{"orders", "carts"} {
				if a := p.MustGet(t, "/probe?deployment="+name); strings.Contains(a.Body, `check="shared_node"`) && !a.Has(checkStatus("shared_node", "mymaster", 0)) {
					t.Errorf("the metrics of %s still have it", name)
				}
			}
		})
	}
}

func checkStatus(check, master string, status int) string {
	return fmt.Sprintf("redis_sentinel_deployment_check_status{check=%q,master_name=%q} %d", check, master, status)
}

// waitMerged waits until each side is told of these nodes, in the findings, the list and the metrics, and of the other
// one's Sentinels in the list.
func (r *pairRig) waitMerged(p *exportertest.Exporter, master string, nodes []string) {
	r.t.Helper()
	slices.Sort(nodes)
	want := func(master, other string) sideTold {
		addresses := r.short.Replace(strings.Join(nodes, ", "))
		if len(nodes) == 1 {
			return sideTold{
				[]string{fmt.Sprintf("critical %s shared_node: the node %s belongs to another deployment as well: %s", master, addresses, other)},
				[]string{fmt.Sprintf("%s: the data node %s is also in the deployment %s", other, addresses, other)},
			}
		}
		return sideTold{
			[]string{fmt.Sprintf("critical %s shared_node: %d nodes belong to another deployment as well: %s (%s)", master, len(nodes), other, addresses)},
			[]string{fmt.Sprintf("%s: the data nodes %s are also in the deployment %s", other, addresses, other)},
		}
	}
	r.waitTold("both to be told", p, map[string]sideTold{"orders": want(master, "carts"), "carts": want("mymaster", "orders")})
	sentineltest.WaitFor(r.t, "the Sentinels to have met", func() bool {
		r.told(p)
		lines := fleetLines(r.t, p, "")
		return lines["orders"].with() == "carts" && strings.Contains(lines["orders"].Shared[0].Message, ", and its Sentinels take ") && strings.HasSuffix(lines["orders"].Shared[0].Message, " of the deployment carts for theirs")
	})
	for name, master := range map[string]string{"orders": master, "carts": "mymaster"} {
		if a := p.MustGet(r.t, "/probe?deployment="+name); !a.Has(checkStatus("shared_node", master, 2)) {
			r.t.Errorf("the metrics of %s do not have it:\n%s", name, a.Body)
		}
	}
}

// TestSentinelsOfTheWrongDeployment: one that is given for two, or only for the wrong one, is a mistake in the file, and
// no merging of groups: each side has a warning.
func TestSentinelsOfTheWrongDeployment(t *testing.T) {
	t.Parallel()
	r := newPairRig(t)
	orders, carts := r.orders.SentinelAddrs(), r.carts.SentinelAddrs()
	start := func(orders, carts []string) *exportertest.Exporter {
		return exportertest.Start(t, "--config.file="+exportertest.TempFile(t, named(map[string][]string{"orders": orders, "carts": carts})))
	}
	sentinelID, err := r.orders.Sentinels[2].CLI(t.Context(), "SENTINEL", "MYID")
	if err != nil {
		t.Fatal(err)
	}
	id := strings.TrimSpace(sentinelID)
	twice := "warning  sentinel_id_duplicate: the Sentinel orders-sentinel-2, with its id " + id + ", is given for another deployment as well: "
	p := start(orders, append(carts[:3:3], orders[2]))
	r.waitTold("one that is given for two", p, map[string]sideTold{
		"orders": {[]string{twice + "carts"}, []string{"carts: the Sentinel orders-sentinel-2 is also in the deployment carts"}},
		"carts":  {[]string{twice + "orders"}, []string{"orders: the Sentinel orders-sentinel-2 is also in the deployment orders"}},
	})
	if a := p.MustGet(t, "/probe?deployment=orders"); !a.Has(checkStatus("sentinel_id_duplicate", "", 1)) {
		t.Errorf("the metrics do not have it:\n%s", a.Body)
	}
	p = start(orders[:2], append(carts[:2:2], orders[2]))
	r.waitTold("one that is given for the wrong one", p, map[string]sideTold{
		"orders": {
			[]string{"warning  sentinel_id_duplicate: the Sentinel orders-sentinel-2, which monitors the masters of this deployment, is given for another deployment: carts"},
			[]string{"carts: the Sentinel orders-sentinel-2 is given for the deployment carts"},
		},
		"carts": {
			[]string{"warning  sentinel_id_duplicate: the Sentinel orders-sentinel-2, which is given for this deployment, monitors the masters of another deployment: orders"},
			[]string{"orders: the Sentinel orders-sentinel-2 monitors the masters of the deployment orders"},
		},
	})
	p = start(orders[:1], orders[1:2])
	r.waitTold("one deployment by two names", p, map[string]sideTold{
		"orders": {
			[]string{"warning  sentinel_id_duplicate: the Sentinel orders-sentinel-0, which is given for this deployment, monitors the masters of another deployment: carts"},
			[]string{"carts: the Sentinel orders-sentinel-0 monitors the masters of the deployment carts"},
		},
		"carts": {
			[]string{"warning  sentinel_id_duplicate: the Sentinel orders-sentinel-1, which is given for this deployment, monitors the masters of another deployment: orders"},
			[]string{"orders: the Sentinel orders-sentinel-1 monitors the masters of the deployment orders"},
		},
	})
}

func (r *pairRig) replicaOf(replica, master *sentineltest.Node) {
	r.t.Helper()
	r.cli(replica, "REPLICAOF", master.Host(), fmt.Sprint(master.Port()))
}
