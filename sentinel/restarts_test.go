package sentinel

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRestarts: what a client remembers of a master's process, from one snapshot to the next.
func TestRestarts(t *testing.T) {
	t.Parallel()
	const before, after = "the process before", "the process after"
	// master has an INFO 2 s old of a process that had run for 3 s then, and a replica with 70 keys that
	// has not synchronized with the process after.
	master := func(addr, runID string, keys, monitored int64) Master {
		m := Master{Instance: Instance{Name: "mymaster", Addr: addr, RunID: runID}, RoleReportedTime: ms(monitored)}
		m.Replicas = []Replica{{Instance: Instance{RunID: "replica"}, MasterLinkDownTime: ms(4000)}}
		m.Cache = []CachedInfo{
			{RunID: runID, Role: RoleMaster, ReplicationID: runID, Keys: keys, Uptime: ms(3000), Age: ms(2000)},
			{RunID: "replica", Role: RoleReplica, ReplicationID: before, Keys: 70, Age: ms(1000)},
		}
		return m
	}
	uncached := func(m Master) Master { m.Cache = nil; return m }
	loading := func(m Master) Master { m.Cache[0].Loading = true; return m }
	unlinked := func(m Master) Master { m.Replicas[0].MasterLinkDownTime = ms(60_000); return m }
	for _, tt := range []struct {
		name    string
		seen    []Master // one after the other
		changed bool     // whether the last one is asked about, though it looks well
		want    *Restart
	}{
		{"seen before", []Master{master("a", before, 100, 60_000), master("a", after, 0, 60_000)}, true, &Restart{100}},
		{"and two snapshots later", []Master{master("a", before, 100, 60_000), master("a", after, 0, 60_000), master("a", after, 49, 60_000), master("a", after, 49, 60_000)}, true, &Restart{100}},
		{"with half of its data", []Master{master("a", before, 100, 60_000), master("a", after, 50, 60_000)}, true, nil},
		{"its data are back", []Master{master("a", before, 100, 60_000), master("a", after, 0, 60_000), master("a", after, 100, 60_000), master("a", after, 0, 60_000)}, false, nil},
		{"without a restart", []Master{master("a", before, 100, 60_000), master("a", before, 0, 60_000)}, false, nil},
		{"another node", []Master{master("a", before, 100, 60_000), master("b", after, 0, 1000)}, false, nil},
		{"INFO-CACHE was not asked for", []Master{uncached(master("a", before, 100, 60_000)), master("a", after, 0, 60_000)}, true, &Restart{70}},
		{"nor is it now", []Master{uncached(master("a", before, 100, 60_000)), uncached(master("a", after, 0, 60_000))}, true, nil},
		{"it loads", []Master{master("a", before, 100, 60_000), loading(master("a", after, 0, 60_000))}, true, nil},
		{"it has loaded nothing", []Master{master("a", before, 100, 60_000), loading(master("a", after, 0, 60_000)), master("a", after, 0, 60_000)}, true, &Restart{100}},
		{"seen only after", []Master{master("a", after, 0, 9000)}, false, &Restart{70}},
		{"as old as the Sentinel's view of it", []Master{master("a", after, 0, 8000)}, false, nil},
		{"its replica has been cut off for long", []Master{unlinked(master("a", after, 0, 9000))}, false, nil},
	} {
		ps := make(processes)
		var got Master
		var changed bool
		for _, m := range tt.seen {
			changed = ps.changed(&m)
			masters := []Master{m}
			ps.update(masters)
			got = masters[0]
		}
		if diff := cmp.Diff(tt.want, got.Restart); diff != "" || changed != tt.changed {
			t.Errorf("%s: changed is %t (-want +got):\n%s", tt.name, changed, diff)
		}
		if ps.update(nil); len(ps) > 0 {
			t.Errorf("%s: it remembers masters that are gone: %v", tt.name, ps)
		}
	}
}
