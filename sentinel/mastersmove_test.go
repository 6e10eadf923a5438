package sentinel_test

import (
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// TestMastersMove: where masters are gone, new, or in another order than in the last snapshot, each has what the
// Sentinel says of it, also where the connection breaks in the middle and all is asked once more.
func TestMastersMove(t *testing.T) {
	t.Parallel()
	config := func(replicas int, names ...string) sentineltest.FakeConfig {
		return sentineltest.FakeConfig{
			Masters: len(names), Replicas: replicas, Peers: 2,
			Name: func(i int) string { return names[i] },
		}
	}
	fake := sentineltest.RunFake(t, config(1, "a"))
	c := newClient(t, sentinel.Options{Address: fake.Addr()})
	check := func(when string, replicas int, names ...string) {
		t.Helper()
		fake.Set(config(replicas, names...))
		s := c.Snapshot(within(t, 10*time.Second))
		if !s.Up() || len(s.Failures) > 0 || len(s.Masters) != len(names) {
			t.Fatalf("%s: up %v, %v, %d masters", when, s.Up(), s.Failures, len(s.Masters))
		}
		for i, name := range names {
			m := &s.Masters[i]
			if m.Name != name || len(m.Replicas) != replicas || len(m.Peers) != 2 || m.CKQuorum == nil {
				t.Errorf("%s: master %d is %s with %d replicas, %d peers, %v; want %s with %d and 2",
					when, i, m.Name, len(m.Replicas), len(m.Peers), m.CKQuorum, name, replicas)
			}
			for _, r := range m.Replicas {
				if r.MasterHost != m.Host {
					t.Errorf("%s: %s, at %s, has a replica of %s", when, name, m.Host, r.MasterHost)
				}
			}
		}
	}
	breakAt := func(name string) {
		fake.Script("SENTINEL CKQUORUM", func(c *sentineltest.ScriptConn) {
			if c.Args[2] == name {
				fake.Script("SENTINEL CKQUORUM", nil)
				c.Close()
				return
			}
			c.Write([]byte("+OK 3 usable Sentinels. Quorum and failover authorization can be reached\r\n"))
		})
	}
	check("at first", 1, "a", "b", "c")
	check("gone, new, and in another order", 2, "d", "c", "a", "e")
	check("the same", 1, "d", "c", "a", "e")
	breakAt("c")
	check("broken in the middle", 3, "d", "c", "a", "e")
	breakAt("f")
	check("broken at one that is new", 2, "g", "f", "a", "d")
	breakAt("f")
	check("gone when it is asked once more", 1, "a", "d")
}
