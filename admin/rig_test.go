package admin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

const name = "mymaster"

// A rig is a real deployment with its operator. redis-cli is the oracle.
type rig struct {
	*sentineltest.Topology
	t          *testing.T
	deployment *deployment.Deployment
	operator   *admin.Operator
}

func newRig(t *testing.T, cfg sentineltest.Config) *rig {
	t.Helper()
	topology := sentineltest.Run(t, cfg)
	d := deploymentOf(t, topology.ClientAddrs())
	return &rig{topology, t, d, admin.New(d, 2*time.Second)}
}

func deploymentOf(t *testing.T, addrs []string) *deployment.Deployment {
	t.Helper()
	var clients []*sentinel.Client
	for _, addr := range addrs {
		clients = append(clients, sentinel.NewClient(sentinel.Options{Address: addr}))
	}
	d := deployment.New(clients...)
	t.Cleanup(d.Close)
	return d
}

func (r *rig) within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(r.t.Context(), d)
	r.t.Cleanup(cancel)
	return ctx
}

// do does an operation that is not refused.
func (r *rig) do(op admin.Operation, progress func(string)) *admin.OperationResult {
	r.t.Helper()
	answer, err := r.operator.Do(r.within(90*time.Second), op, progress)
	if err != nil {
		r.t.Fatalf("%s: %v", op.Action, err)
	}
	return answer
}

// want holds an answer to an outcome, and to whether each Sentinel changed.
func (r *rig) want(answer *admin.OperationResult, outcome admin.Completion, changed ...bool) {
	r.t.Helper()
	if answer.Completion() != outcome {
		r.t.Errorf("%s: the outcome is %s, want %s: %s", answer.Action, answer.Completion(), outcome, inJSON(r.t, answer))
	}
	if len(answer.Results) != len(changed) {
		r.t.Fatalf("%s: got %d results, want %d: %s", answer.Action, len(answer.Results), len(changed), inJSON(r.t, answer))
	}
	for i, c := range changed {
		if answer.Results[i].Changed != c {
			r.t.Errorf("%s: at Sentinel %d: changed is %v: %s", answer.Action, i, !c, inJSON(r.t, answer))
		}
	}
}

// shows holds a field of SENTINEL MASTER at every Sentinel to its value; "" is
// that the Sentinel does not know the name.
func (r *rig) shows(master, field string, want ...string) {
	r.t.Helper()
	for i, s := range r.Sentinels {
		got := ""
		row, err := s.Row(r.t.Context(), "SENTINEL", "MASTER", master)
		if err == nil {
			got = row.Get(field)
		} else if !strings.Contains(err.Error(), "No such master") {
			got = err.Error()
		}
		if w := want[min(i, len(want)-1)]; got != w {
			r.t.Errorf("Sentinel %d shows the %s of %s as %q, want %q", i, field, master, got, w)
		}
	}
}

// cli runs redis-cli, which must not fail.
func (r *rig) cli(n *sentineltest.Node, args ...string) string {
	r.t.Helper()
	out, err := n.CLI(r.within(20*time.Second), args...)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// sent measures how many bytes each Sentinel is sent while something is done,
// beyond what a look at the deployment costs.
func (r *rig) sent(do func()) []int64 {
	count := func(do func()) []int64 {
		var counts []int64
		for _, s := range r.Sentinels {
			counts = append(counts, -s.Proxy.Counters().BytesUp)
		}
		do()
		for i, s := range r.Sentinels {
			counts[i] += s.Proxy.Counters().BytesUp
		}
		return counts
	}
	look := func() { r.deployment.Snapshots(r.within(5 * time.Second)) }
	look() // from the second on they all cost the same
	one, all := count(look), count(do)
	for i := range all {
		all[i] -= one[i]
	}
	return all
}

// sendsNothing fails if more than one look at the deployment is sent.
func (r *rig) sendsNothing(what string, do func()) {
	r.t.Helper()
	for i, bytes := range r.sent(do) {
		if bytes != 0 {
			r.t.Errorf("%s: Sentinel %d was sent %d bytes beyond a look at it", what, i, bytes)
		}
	}
}

// row asks one Sentinel through redis-cli; nil when it does not answer.
func (r *rig) row(i int, args ...string) sentineltest.Row {
	row, err := r.Sentinels[i].Row(r.t.Context(), args...)
	if err != nil {
		return nil
	}
	return row
}

func inJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// option is one as it would be typed.
func option(name string, values ...any) sentinel.Option {
	o := sentinel.Option{Name: name}
	for _, v := range values {
		o.Values = append(o.Values, fmt.Sprint(v))
	}
	return o
}

func hostPort(row sentineltest.Row) string { return net.JoinHostPort(row.Get("ip"), row.Get("port")) }
