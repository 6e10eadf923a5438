package preflight_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestOutOfMemory: a replica takes what its master sends, whatever maxmemory is. As a master it does not.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, NodeConf: []string{saves}})
	master, heir := r.Masters[0].Node, r.Masters[0].Replicas[0]
	r.cli(heir, "CONFIG", "SET", "maxmemory", "100mb")
	if report := r.assess(); report.Status != health.OK {
		t.Errorf("with enough memory: %+v", report)
	}
	r.cli(heir, "CONFIG", "SET", "maxmemory", "100kb")
	r.cli(heir, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
	r.finds("writes_refused", heir, health.Warning, "it would evict keys")
	for _, setting := range []string{"maxmemory-policy allkeys-lru", "maxmemory 100kb"} {
		r.cli(master, append([]string{"CONFIG", "SET"}, strings.Fields(setting)...)...)
	}
	if report := r.assess(); report.Status != health.OK {
		t.Errorf("where the master evicts as well: %+v", report)
	}
	r.cli(master, "CONFIG", "SET", "maxmemory", "0")
	r.cli(heir, "CONFIG", "SET", "maxmemory-policy", "noeviction")
	r.finds("writes_refused", heir, health.Critical, "(OOM)")
	r.cli(master, "SET", "k", "v")
	sentineltest.WaitFor(t, "the replica to have it", func() bool { return r.cli(heir, "GET", "k") == "v" })
	if !r.failover() {
		t.Error("the failover did not succeed")
	}
	if out, err := heir.CLI(t.Context(), "SET", "k", "v"); err == nil || !strings.Contains(err.Error(), "OOM") {
		t.Errorf("it answers %q, %v", out, err)
	}
}

// TestCannotSave: a replica that could not save its RDB goes on. As a master it answers errors, also to the Sentinels, which
// find it down.
func TestCannotSave(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, FailoverTimeout: 2 * time.Second, NodeConf: []string{saves}})
	heir := r.Masters[0].Replicas[0]
	file := filepath.Join(heir.Dir(), "dump.rdb")
	if err := os.RemoveAll(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	r.cli(heir, "BGSAVE")
	sentineltest.WaitFor(t, "the RDB to fail", func() bool {
		info, err := heir.Info(t.Context(), "persistence")
		return err == nil && info["rdb_last_bgsave_status"] == "err"
	})
	r.cli(heir, "CONFIG", "SET", "stop-writes-on-bgsave-error", "no")
	if report := r.assess(); report.Status != health.OK {
		t.Errorf("where it goes on all the same: %+v", report)
	}
	r.cli(heir, "CONFIG", "SET", "stop-writes-on-bgsave-error", "yes")
	r.finds("writes_refused", heir, health.Critical, "(MISCONF)")
	r.refusesAsMaster(heir)
}

// TestCannotAppend: a replica that cannot write its AOF goes on, too. As a master it answers the same errors.
func TestCannotAppend(t *testing.T) {
	t.Parallel()
	if !serverVersion(t).AtLeast(7, 0) {
		return // earlier ones have another file by then
	}
	r := newRig(t, sentineltest.Config{Replicas: 1, FailoverTimeout: 2 * time.Second, NodeConf: []string{saves}})
	master, heir := r.Masters[0].Node, r.Masters[0].Replicas[0]
	dir := filepath.Join(heir.Dir(), "appendonlydir")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/full", filepath.Join(dir, "temp-appendonly.aof.incr")); err != nil { // what is written while the base is made
		t.Fatal(err)
	}
	r.cli(heir, "CONFIG", "SET", "appendonly", "yes")
	r.cli(master, "SET", "k", "v")
	sentineltest.WaitFor(t, "the AOF to fail", func() bool {
		info, err := heir.Info(t.Context(), "persistence")
		return err == nil && info["aof_last_write_status"] == "err" && info["aof_rewrite_in_progress"] == "0"
	})
	if got := r.cli(heir, "GET", "k"); got != "v" {
		t.Errorf("as a replica it has %q", got)
	}
	r.finds("writes_refused", heir, health.Critical, "could not write its AOF (aof_last_write_status:err): as a master it would refuse all writes")
	r.refusesAsMaster(heir)
}

// refusesAsMaster promotes a replica that then refuses writes and PING.
func (r *rig) refusesAsMaster(heir *sentineltest.Node) {
	t := r.t
	t.Helper()
	sentineltest.WaitFor(t, "a failover to begin, which a replica that was slow to answer delays", func() bool {
		_, err := r.Sentinels[0].CLI(t.Context(), "SENTINEL", "FAILOVER", name)
		return err == nil
	})
	sentineltest.WaitFor(t, "it to be promoted", func() bool { replica, _ := linked(t.Context(), heir); return !replica })
	if out, err := heir.CLI(t.Context(), "SET", "k", "v"); err == nil || !strings.Contains(err.Error(), "MISCONF") {
		t.Errorf("it answers %q, %v", out, err)
	}
	sentineltest.WaitFor(t, "a Sentinel to find it down", func() bool {
		return slices.ContainsFunc(r.Sentinels, func(s *sentineltest.Sentinel) bool {
			log, err := s.Log()
			return err == nil && strings.Contains(log, "+sdown master "+name+" "+strings.Replace(heir.Addr(), ":", " ", 1))
		})
	})
}
