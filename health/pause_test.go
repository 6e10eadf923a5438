package health_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/internal/sentineltest/faults"
)

// masterPaused returns the finding that the master is paused, nil if there is none.
func masterPaused(ctx context.Context, d *deployment.Deployment) *health.Finding {
	r := assess(ctx, d, askFor)
	return findingOf(&r, "master_paused")
}

// TestCoordinatedFailover: a healthy one leads to no finding; one whose replica cannot catch
// up is found within seconds, the commands of the finding let clients write again, and in
// the end it is gone. Only Valkey from 9.0 on has such failovers: others must refuse them.
func TestCoordinatedFailover(t *testing.T) {
	t.Parallel()
	shell := newShell(t)
	topology := sentineltest.Run(t, sentineltest.Config{DownAfter: 30 * time.Second, FailoverTimeout: 25 * time.Second})
	d := deploymentOf(t, topology.ClientAddrs())
	listenTo(t, d)
	eventually(t, d, "at first", nil)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	leader := topology.Sentinels[0]
	if version := topology.Version; version.Product != "valkey" || version.Major < 9 {
		if said, err := leader.CLI(ctx, "SENTINEL", "FAILOVER", faults.MasterName, "COORDINATED"); err == nil {
			t.Errorf("%s %s knows it: %s", version.Product, version.Text, said)
		}
		return
	}

	failOver := func() *sentineltest.Node {
		t.Helper()
		old, err := topology.MasterNode(ctx, faults.MasterName)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := leader.CLI(ctx, "SENTINEL", "FAILOVER", faults.MasterName, "COORDINATED"); err != nil {
			t.Fatal(err)
		}
		return old
	}
	old := failOver()
	for now := old; now == old; {
		if f := masterPaused(ctx, d); f != nil {
			t.Errorf("a healthy one: %s", f.Message)
		}
		var err error
		if now, err = topology.MasterNode(ctx, faults.MasterName); err != nil {
			t.Fatal(err)
		}
	}
	if err := topology.WaitSettled(ctx); err != nil {
		t.Fatal(err)
	}
	sentineltest.WaitFor(t, "the end of the healthy one", func() bool {
		row, err := leader.Row(ctx, "SENTINEL", "MASTER", faults.MasterName)
		return err == nil && !strings.Contains(row.Get("flags"), "failover")
	})
	eventually(t, d, "after a healthy one", nil)

	master, err := topology.MasterNode(ctx, faults.MasterName)
	if err != nil {
		t.Fatal(err)
	}
	replicas := slices.DeleteFunc(slices.Clone(topology.Masters[0].DataNodes()), func(n *sentineltest.Node) bool { return n == master })
	for _, n := range replicas {
		if err := n.Hang(); err != nil {
			t.Fatal(err)
		}
	}
	// What a replica lacks the master waits for. For one that lacks nothing it would become a replica at once.
	if _, err := master.CLI(ctx, "SET", "before", "value"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	failOver()
	var f *health.Finding
	sentineltest.WaitFor(t, "the finding", func() bool { f = masterPaused(ctx, d); return f != nil })
	if took := time.Since(began); took > 10*time.Second || f.Severity != health.Critical || f.Node != master.Addr() || f.Sentinel != leader.Addr() {
		t.Errorf("after %s there is %s: %s", took, f.Severity, f.Message)
	}
	t.Logf("after %s: %s", time.Since(began), f.Message)

	write := func(within time.Duration) error {
		ctx, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		_, err := master.CLI(ctx, "SET", "key", "value")
		return err
	}
	if err := write(time.Second); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a write says %v", err)
	}
	for _, line := range f.Commands {
		shell.run(ctx, t, line, "")
	}
	if err := write(5 * time.Second); err != nil {
		t.Errorf("after\n%s\na write says %v", strings.Join(f.Commands, "\n"), err)
	}
	for _, n := range replicas {
		if err := n.Resume(); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, d, "in the end", nil)
}

// TestClientPause: clients that CLIENT PAUSE keeps waiting are found within down-after where INFO
// tells of it, the command of the finding lets them write again, and in the end it is gone.
// Redis and older Valkeys do not tell: that must be so where it is not found.
func TestClientPause(t *testing.T) {
	t.Parallel()
	const downAfter = 20 * time.Second
	shell := newShell(t)
	topology := sentineltest.Run(t, sentineltest.Config{Replicas: 1, DownAfter: downAfter})
	d := deploymentOf(t, topology.ClientAddrs())
	eventually(t, d, "at first", nil)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	master := topology.Masters[0].Node
	send := func(words ...string) string {
		t.Helper()
		said, err := master.CLI(ctx, words...)
		if err != nil {
			t.Fatal(err)
		}
		return said
	}
	began := time.Now()
	send("CLIENT", "PAUSE", "60000", "WRITE")
	if told := strings.Contains(send("INFO", "clients"), "paused_reason:client_pause"); !told {
		if topology.Version.Product == "valkey" && topology.Version.Major > 7 {
			t.Errorf("the INFO of %s does not tell of it", topology.Version.Text)
		}
		return
	}
	var f *health.Finding
	sentineltest.WaitFor(t, "the finding", func() bool { f = masterPaused(ctx, d); return f != nil })
	if took := time.Since(began); took > downAfter || f.Severity != health.Critical || f.Node != master.Addr() || !strings.Contains(f.Message, "CLIENT PAUSE") {
		t.Errorf("after %s there is %s: %s", took, f.Severity, f.Message)
	}
	t.Logf("after %s: %s", time.Since(began), f.Message)
	for _, line := range f.Commands {
		shell.run(ctx, t, line, "")
	}
	send("SET", "key", "value")
	if took := time.Since(began); took > time.Minute {
		t.Errorf("the write had to wait for the end of the pause: %s", took)
	}
	eventually(t, d, "in the end", nil)
}
