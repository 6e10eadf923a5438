package clients

import (
	"context"
	"flag"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

const (
	master   = "mymaster"
	password = "fence-pass" // of the account for the data nodes
)

// A rig is a real deployment with Sentinel's own timers, and writers.
type rig struct {
	*sentineltest.Topology
	t        *testing.T
	operator *admin.Operator
	writers  []*writer
}

// newRig starts one whose nodes have addresses or, if host is a name, names.
func newRig(t *testing.T, libraries []library, host string) *rig {
	t.Helper()
	// The timers of a real deployment: how long the old master takes writes is what counts here.
	topology := sentineltest.Run(t, sentineltest.Config{
		SlowTimers: true, DownAfter: 3 * time.Second, Host: host,
		NodeConf: []string{sentineltest.DocumentedUser(t, "../../docs/admin.md", "fence", password)},
	})
	var clients []*sentinel.Client
	for _, addr := range topology.SentinelAddrs() {
		clients = append(clients, sentinel.NewClient(sentinel.Options{Address: addr}))
	}
	d := deployment.New(clients...)
	t.Cleanup(d.Close)
	r := &rig{Topology: topology, t: t, operator: admin.New(d, 5*time.Second)}
	r.operator.UseNodes(&sentinel.Options{Username: "fence", Password: func() (string, error) { return password, nil }})
	for _, l := range libraries {
		w, err := startWriter(t.Context(), l, master, topology.SentinelAddrs())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.stop)
		r.writers = append(r.writers, w)
	}
	r.waitAcked(25)
	return r
}

// waitAcked waits until each writer has had so many more acknowledgements.
func (r *rig) waitAcked(more int) {
	r.t.Helper()
	for _, w := range r.writers {
		before := w.count()
		sentineltest.WaitFor(r.t, w.library+" to write", func() bool { return w.count() >= before+more })
	}
}

// do does what a command does.
func (r *rig) do(op admin.Operation) *admin.OperationResult {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 2*time.Minute)
	defer cancel()
	op.Master = master
	answer, err := r.operator.Do(ctx, op, func(text string) { r.t.Log(text) })
	if err != nil {
		r.t.Fatal(err)
	}
	if answer.Completion() != admin.Done {
		r.t.Fatalf("%s is %s: %v", op.Action, answer.Completion(), answer.Results)
	}
	return answer
}

// keys are those of the master.
func (r *rig) keys() map[string]bool {
	r.t.Helper()
	node, err := r.MasterNode(r.t.Context(), master)
	if err != nil {
		r.t.Fatal(err)
	}
	text, err := node.CLI(r.t.Context(), "KEYS", "*")
	if err != nil {
		r.t.Fatal(err)
	}
	there := make(map[string]bool)
	for key := range strings.SplitSeq(text, "\n") {
		there[strings.TrimSpace(key)] = true
	}
	return there
}

func named(names ...string) []library {
	return slices.DeleteFunc(libraries(), func(l library) bool { return !slices.Contains(names, l.name) })
}

var runs = flag.Int("clients.runs", 1, "how often each way of failing over is measured")

// TestFailoverLosesLittle: libraries that listen to the first Sentinel hear of a plain failover at once,
// as another one leads it. Led by the first one, each loses some 290 writes. The other ways lose none.
func TestFailoverLosesLittle(t *testing.T) {
	version, err := sentineltest.ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		way  admin.Way
		most int // lost writes
	}{
		{admin.Plain, 60},
		{admin.Fenced, 0},
		{admin.Coordinated, 0},
	} {
		if test.way == admin.Coordinated && (version.Product != "valkey" || version.Major < 9) {
			t.Logf("%v cannot coordinate a failover", version)
			continue
		}
		for range *runs {
			t.Run(string(test.way), func(t *testing.T) {
				r := newRig(t, named("go-redis", "rueidis", "node-redis"), "")
				r.losesAtMost(test.way, test.most)
			})
		}
	}
}

// losesAtMost fails over, and counts what each writer loses.
func (r *rig) losesAtMost(way admin.Way, most int) {
	r.t.Helper()
	old := r.Masters[0].Node
	answer := r.do(admin.Operation{Action: admin.Failover, Way: way})
	if role, err := old.CLI(r.t.Context(), "ROLE"); err != nil || strings.HasPrefix(role, "master") {
		r.t.Errorf("the failover is said to be over, and the role of the old master is %q (%v)", role, err)
	}
	r.count(most)
	if l := answer.Loss.LostBytes; way != admin.Coordinated && (l == nil || (*l > 0) != (way == admin.Plain)) {
		r.t.Errorf("it says of the loss: %s", answer.Loss.Outcome)
	}
	r.t.Log(answer.Loss.Outcome)
}

// count ends the writing when each writer goes on, and counts what it has lost.
func (r *rig) count(most int) {
	r.t.Helper()
	r.waitAcked(25)
	for _, w := range r.writers {
		w.stop()
	}
	there := r.keys()
	for _, w := range r.writers {
		lost := w.lost(there)
		r.t.Logf("%s: %d of %d writes lost, the longest gap %s, errors %v", w.library, len(lost), len(w.acked), w.gap(), w.errors)
		if len(lost) > most {
			r.t.Errorf("%s has lost %d writes", w.library, len(lost))
		}
	}
}

// TestMoveTakesAllAlong: a name moves, and each library follows it without having lost a write, by address and by name.
func TestMoveTakesAllAlong(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "localhost"} {
		for range *runs {
			t.Run(host, func(t *testing.T) {
				r := newRig(t, named("go-redis", "rueidis", "valkey-go", "redigo", "node-redis"), host)
				old, target := r.Masters[0].Node, r.Masters[0].Replicas[1]
				answer := r.do(admin.Operation{Action: admin.Monitor, Address: target.Addr(), Move: true})
				if role, err := old.CLI(t.Context(), "ROLE"); err != nil || !strings.HasPrefix(role, "slave") || answer.Address != target.Addr() {
					t.Errorf("the master is said to be %s, and the role of the old one is %q (%v)", answer.Address, role, err)
				}
				r.count(0)
			})
		}
	}
}
