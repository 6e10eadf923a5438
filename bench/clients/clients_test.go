package clients

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

const master = "mymaster"

// A rig is a real deployment with Sentinel's own timers, and writers.
type rig struct {
	*sentineltest.Topology
	t        *testing.T
	operator *admin.Operator
	writers  []*writer
}

func newRig(t *testing.T, libraries []library) *rig {
	t.Helper()
	// The timers of a real deployment: how long the old master takes writes is what counts here.
	topology := sentineltest.Run(t, sentineltest.Config{SlowTimers: true, DownAfter: 3 * time.Second})
	var clients []*sentinel.Client
	for _, addr := range topology.SentinelAddrs() {
		clients = append(clients, sentinel.NewClient(sentinel.Options{Address: addr}))
	}
	d := deployment.New(clients...)
	t.Cleanup(d.Close)
	r := &rig{Topology: topology, t: t, operator: admin.New(d, 5*time.Second)}
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

// failover fails over as the command does.
func (r *rig) failover() *admin.OperationResult {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 2*time.Minute)
	defer cancel()
	answer, err := r.operator.Do(ctx, admin.Operation{Action: admin.Failover, Master: master}, func(text string) { r.t.Log(text) })
	if err != nil {
		r.t.Fatal(err)
	}
	if answer.Completion() != admin.Done {
		r.t.Fatalf("the failover is %s: %v", answer.Completion(), answer.Results)
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

// TestFailoverLosesLittle: libraries that listen to the first Sentinel hear of a failover at once,
// as another one leads it. Led by the first one, each loses some 290 writes.
func TestFailoverLosesLittle(t *testing.T) {
	r := newRig(t, named("go-redis", "rueidis"))
	old := r.Masters[0].Node
	answer := r.failover()
	if role, err := old.CLI(t.Context(), "ROLE"); err != nil || strings.HasPrefix(role, "master") {
		t.Errorf("the failover is said to be over, and the role of the old master is %q (%v)", role, err)
	}
	r.waitAcked(25)
	for _, w := range r.writers {
		w.stop()
	}
	there := r.keys()
	for _, w := range r.writers {
		lost := w.lost(there)
		t.Logf("%s: %d of %d writes lost, the longest gap %s, errors %v", w.library, len(lost), len(w.acked), w.gap(), w.errors)
		if len(lost) > 60 {
			t.Errorf("%s has lost %d writes", w.library, len(lost))
		}
	}
	if answer.Loss.LostBytes == nil || *answer.Loss.LostBytes <= 0 {
		t.Errorf("it says of the loss: %+v", answer.Loss)
	}
	t.Log(answer.Loss.Outcome)
}
