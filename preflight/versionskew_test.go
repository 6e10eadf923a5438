package preflight_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
)

var servers = flag.String("preflight.servers", "", "the folder with the servers of other versions, see tools/server")

// TestVersionSkew: a node needs a full copy of the one that was promoted, and can read it or not, as was said before.
func TestVersionSkew(t *testing.T) {
	t.Parallel()
	if *servers == "" {
		return // make version-skew has them
	}
	for _, test := range []struct {
		master, heir string
		version      string // of the RDB that the master cannot read; empty if it can
		conf         string // of all nodes
		unknown      string // what is said instead
	}{
		{master: "redis-7.0", heir: "redis-8.0", version: "12"},
		{master: "redis-7.0", heir: "valkey-8.1", version: "11"},
		{master: "redis-7.0", heir: "valkey-9.1", version: "11"},
		{master: "redis-8.0", heir: "redis-8.6", version: "13"},
		{master: "redis-7.0", heir: "redis-8.6", version: "13"},
		{master: "valkey-8.1", heir: "redis-8.0", version: "12"}, // which reads what Valkey sends at first
		{master: "valkey-8.1", heir: "redis-8.6", version: "13"},
		{master: "valkey-8.1", heir: "valkey-9.1"},
		{master: "valkey-9.1", heir: "redis-8.0", version: "12"},
		{master: "valkey-9.1", heir: "redis-8.6", version: "13"},
		{master: "valkey-9.1", heir: "redis-8.6", conf: "rdb-version-check relaxed", unknown: "tries to read any RDB"},
	} {
		t.Run(strings.TrimSpace(test.master+" "+test.heir+" "+test.conf), func(t *testing.T) {
			t.Parallel()
			if !isThere(test.master) || !isThere(test.heir) {
				return // make version-skew was given fewer servers
			}
			of := map[string]string{"master-0": test.master, "master-0-replica-0": test.heir}
			r := newRig(t, skewed(test.master, 1, of))
			old, heir := r.Masters[0].Node, r.Masters[0].Replicas[0]
			if test.conf != "" {
				r.cli(old, append([]string{"CONFIG", "SET"}, strings.Fields(test.conf)...)...)
			}
			r.saysOfRDB(old, test.version, test.unknown)
			stop := r.keepWriting(old)
			if !r.failover() {
				t.Fatal("the failover did not succeed")
			}
			stop()
			r.mustCopy(old, heir, test.version)
		})
	}
}

// TestExpiringFields: Valkey 9.1 sends a replica of an older one what that can read, until there is one hash with a field
// that expires.
func TestExpiringFields(t *testing.T) {
	t.Parallel()
	if *servers == "" {
		return // make version-skew has them
	}
	const newer, older = "valkey-9.1", "valkey-8.1"
	if !isThere(newer) || !isThere(older) {
		return // make version-skew was given fewer servers
	}
	r := newRig(t, skewed(newer, 2, map[string]string{"master-0": newer, "master-0-replica-0": newer, "master-0-replica-1": older}))
	heir, behind := r.Masters[0].Replicas[0], r.Masters[0].Replicas[1]
	r.cli(behind, "CONFIG", "SET", "replica-priority", "0")
	sentineltest.WaitFor(t, "the Sentinels to know which replica is not to be promoted", func() bool {
		return !slices.ContainsFunc(r.Sentinels, func(s *sentineltest.Sentinel) bool {
			rows, err := s.Rows(t.Context(), "SENTINEL", "REPLICAS", name)
			return err != nil || !slices.ContainsFunc(rows, func(row sentineltest.Row) bool { return row.Get("slave-priority") == "0" })
		})
	})
	r.saysOfRDB(behind, "", "")
	r.cli(r.Masters[0].Node, "HSET", "hash", "field", "x")
	r.cli(r.Masters[0].Node, "HEXPIRE", "hash", "3600", "FIELDS", "1", "field")
	sentineltest.WaitFor(t, "the heir to have it", func() bool { return strings.Contains(r.cli(heir, "INFO", "keyspace"), "keys_with_volatile_items=1") })
	r.saysOfRDB(behind, "80", "")
	if !r.failover() {
		t.Fatal("the failover did not succeed")
	}
	behind.Kill()
	_ = os.Remove(filepath.Join(behind.Dir(), "dump.rdb")) // with nothing on disk it needs a full copy
	if err := behind.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	sentineltest.WaitFor(t, "the new master to be asked in vain", func() bool {
		log, err := heir.Log()
		return err == nil && strings.Contains(log, "Can't store key")
	})
	if _, up := linked(t.Context(), behind); up {
		t.Error("the older replica follows it")
	}
}

// skewed is a deployment whose data nodes have servers of these versions, and whose Sentinels have that of the first.
func skewed(first string, replicas int, of map[string]string) sentineltest.Config {
	return sentineltest.Config{
		Binary: binary(first), Replicas: replicas, NodeConf: []string{saves}, DownAfter: 20 * time.Second,
		Binaries: func(node string) string { return binary(of[node]) },
	}
}

// binary is the server of a version; that of the machine is Redis 7.0.
func binary(server string) string {
	if server == "" || server == "redis-7.0" {
		return ""
	}
	return filepath.Join(*servers, server, "redis-server")
}

func isThere(server string) bool {
	path := binary(server)
	_, err := os.Stat(path)
	return path == "" || err == nil
}

// saysOfRDB wants a finding on a node that cannot read this version, or what it says instead; nothing if both are empty.
func (r *rig) saysOfRDB(of *sentineltest.Node, version, unknown string) {
	r.t.Helper()
	switch {
	case version != "":
		r.finds("rdb_version", of, health.Warning, fmt.Sprintf("could not read its RDB (version %s", version))
		return
	case unknown == "":
		if report := r.assess(); report.Status != health.OK {
			r.t.Errorf("it says %+v", report)
		}
		return
	}
	report := r.assess()
	i := slices.IndexFunc(report.Checks, func(c health.Result) bool { return c.Check == "rdb_version" })
	if c := report.Checks[i]; c.Status != health.Unknown || !strings.Contains(c.Reason, unknown) {
		r.t.Errorf("it says %+v", c)
	}
}

// keepWriting writes to a master until that is a replica. So it has writes that the next master has not, and needs a full
// copy of that. The function returned waits for it.
func (r *rig) keepWriting(master *sentineltest.Node) (wait func()) {
	var wg sync.WaitGroup
	wg.Go(func() {
		for r.t.Context().Err() == nil {
			if _, err := master.CLI(r.t.Context(), "INCR", "written"); err != nil && strings.Contains(err.Error(), "READONLY") {
				return
			}
		}
	})
	return wg.Wait
}

// mustCopy wants the old master to need a full copy of the new one, and to be unable to read this version, or to follow if
// that is empty.
func (r *rig) mustCopy(old, now *sentineltest.Node, version string) {
	r.t.Helper()
	if version == "" {
		r.cli(now, "SET", "kept", "x")
		sentineltest.WaitFor(r.t, "the old master to follow", func() bool { return r.cli(old, "GET", "kept") == "x" })
		if stats := r.cli(now, "INFO", "stats"); !regexp.MustCompile(`sync_full:[1-9]`).MatchString(stats) {
			r.t.Errorf("it has made no full copy: %s", stats)
		}
		return
	}
	sentineltest.WaitFor(r.t, "the old master not to be able to read the RDB", func() bool {
		log, err := old.Log()
		return err == nil && strings.Contains(log, "Can't handle RDB format version "+version)
	})
	if _, up := linked(r.t.Context(), old); up {
		r.t.Error("the old master follows it")
	}
}
