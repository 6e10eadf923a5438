package health_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/internal/sentineltest/faults"
	"redis_sentinel_exporter/sentinel"
)

// TestMasterEmptied restarts a master faster than its Sentinels notice. With its data, or
// emptied by FLUSHALL, it is no finding. Without, it is one while the replicas have them, and
// after; the commands of the finding save them, also for an exporter that has not looked before.
func TestMasterEmptied(t *testing.T) {
	t.Parallel()
	const keys = 100
	shell := newShell(t) // before there is no time
	topology := sentineltest.Run(t, sentineltest.Config{DownAfter: 20 * time.Second})
	d := deploymentOf(t, topology.ClientAddrs())
	eventually(t, d, "at first", nil)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	master := topology.Masters[0].Node
	send := func(n *sentineltest.Node, words ...string) string {
		t.Helper()
		said, err := n.CLI(ctx, words...)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(said)
	}
	// fill waits until the replicas have the keys, too: what was sent to them before would still replace them.
	fill := func() {
		t.Helper()
		send(master, "EVAL", "for i = 1, ARGV[1] do redis.call('SET', i, i) end return 'OK'", "0", "100")
		if err := topology.WaitSettled(ctx); err != nil {
			t.Fatal(err)
		}
		sentineltest.WaitFor(t, "the keys on the replicas", func() bool {
			return !slices.ContainsFunc(topology.Masters[0].Replicas, func(n *sentineltest.Node) bool { return send(n, "DBSIZE") != "100" })
		})
	}
	// waitFor looks until every Sentinel has an INFO of the master for which ok is true, and
	// returns the last finding.
	waitFor := func(what string, d *deployment.Deployment, ok func(*sentinel.CachedInfo) bool) *health.Finding {
		t.Helper()
		var f *health.Finding
		sentineltest.WaitFor(t, what, func() bool {
			snapshots := d.Snapshots(ctx)
			r := health.Assess(snapshots, nil)
			f = findingOf(&r, "master_emptied")
			return !slices.ContainsFunc(snapshots, func(s *sentinel.Snapshot) bool {
				m := s.Master(faults.MasterName)
				return m == nil || m.CachedInfo(&m.Instance) == nil || !ok(m.CachedInfo(&m.Instance))
			})
		})
		return f
	}
	holds := func(n int64) func(*sentinel.CachedInfo) bool {
		return func(c *sentinel.CachedInfo) bool { return c.Keys == n }
	}
	restarted := func() func(*sentinel.CachedInfo) bool {
		t.Helper()
		before, err := master.Info(ctx, "server")
		if err != nil {
			t.Fatal(err)
		}
		master.Kill()
		if err := master.Restart(ctx); err != nil {
			t.Fatal(err)
		}
		return func(c *sentinel.CachedInfo) bool { return c.RunID != before["run_id"] && !c.Loading }
	}

	fill()
	if f := waitFor("the keys", d, holds(keys)); f != nil {
		t.Errorf("of a new one: %s", f.Message)
	}
	send(master, "FLUSHALL")
	if f := waitFor("no keys", d, holds(0)); f != nil {
		t.Errorf("of one that was flushed: %s", f.Message)
	}
	if f := waitFor("the restart of an empty one", d, restarted()); f != nil {
		t.Errorf("of one that was empty before: %s", f.Message)
	}

	fill()
	waitFor("the keys", d, holds(keys))
	send(master, "SAVE")
	if f := waitFor("the restart with its data", d, restarted()); f != nil {
		t.Errorf("of one that has its data: %s", f.Message)
	}
	if err := os.Remove(filepath.Join(master.Dir(), "dump.rdb")); err != nil {
		t.Fatal(err)
	}

	began := time.Now()
	restarted()
	var f *health.Finding
	sentineltest.WaitFor(t, "the finding", func() bool {
		r := assess(ctx, d, askFor)
		f = findingOf(&r, "master_emptied")
		return f != nil
	})
	t.Logf("after %s: %s", time.Since(began), f.Message)
	sentineltest.WaitFor(t, "the loss", func() bool {
		r := assess(ctx, d, askFor)
		if f = findingOf(&r, "master_emptied"); f == nil || f.Severity != health.Critical || f.Node != master.Addr() {
			t.Fatalf("the finding has changed: %s", messages(&r))
		}
		return strings.HasSuffix(f.Message, "it has 0 keys, and had 100 before; no replica has them any more")
	})
	t.Logf("after %s: %s", time.Since(began), f.Message)
	if len(f.Commands) > 0 {
		t.Errorf("the commands come too late: %q", f.Commands)
	}
	fill()
	if f := waitFor("the keys again", d, holds(keys)); f != nil {
		t.Errorf("of one that has its data again: %s", f.Message)
	}

	send(master, "CONFIG", "SET", "repl-diskless-sync", "yes")
	send(master, "CONFIG", "SET", "repl-diskless-sync-delay", "60") // the replicas have their data until then
	send(master, "CONFIG", "REWRITE")
	emptied := restarted()
	late := deploymentOf(t, topology.ClientAddrs())
	if f = waitFor("the restart without data", late, emptied); f == nil || len(f.Commands) == 0 {
		t.Fatalf("one that has not looked before finds %+v", f)
	}
	t.Logf("one that has not looked before: %s", f.Message)
	for _, line := range f.Commands {
		shell.run(ctx, t, line+" --yes", "")
	}
	var now *sentineltest.Node
	sentineltest.WaitFor(t, "another master", func() bool {
		var err error
		now, err = topology.MasterNode(ctx, faults.MasterName)
		return err == nil && now != master
	})
	if said := send(now, "DBSIZE"); said != "100" {
		t.Errorf("the new master has %s keys", said)
	}
	eventually(t, d, "in the end", nil)
	eventually(t, late, "in the end, too", nil)
}
