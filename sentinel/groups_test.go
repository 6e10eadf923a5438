package sentinel

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestGroupsWithoutAddresses: a host name that one Sentinel cannot resolve is no
// address; where none can, the nodes are not known.
func TestGroupsWithoutAddresses(t *testing.T) {
	t.Parallel()
	const host, nowhere = "ip=127.0.0.1", "ip="
	lost := []string{"name=127.0.0.1:17001 ip=127.0.0.1", "name=:17001 ip="}
	snapshot := func(addr, master string, replica ...string) *Snapshot {
		m := row(t, readMaster, healthyMaster, host, master)
		m.Replicas = []Replica{*row(t, readReplica, healthyReplica, replica...)}
		m.Peers = []Peer{*row(t, readPeer, healthyPeer, host, master)}
		return &Snapshot{Sentinel: addr, ID: addr, Masters: []Master{*m}}
	}
	resolves, not := snapshot("a:1", host), snapshot("b:1", nowhere, lost...)
	alsoNot := snapshot("c:1", nowhere, lost...)
	for _, test := range []struct {
		name      string
		snapshots []*Snapshot
		known     bool
	}{
		{"none can", []*Snapshot{not, alsoNot}, false},
		{"a minority can", []*Snapshot{not, resolves, alsoNot}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := Groups(test.snapshots)[0]
			if (g.MasterErr == nil) != test.known || (g.ReplicasErr == nil) != test.known || (g.SentinelsErr == nil) != test.known {
				t.Fatalf("errors: %v, %v, %v", g.MasterErr, g.ReplicasErr, g.SentinelsErr)
			}
			if !test.known {
				return
			}
			want := Group{Name: "mymaster", Master: Node{"127.0.0.1:17000", true}, Replicas: []Node{{"127.0.0.1:17001", true}}}
			if diff := cmp.Diff(want, g, cmpopts.IgnoreFields(Group{}, "Sentinels")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, n := range g.Sentinels {
				if n.Addr == "" || n.Addr[0] == ':' {
					t.Errorf("a Sentinel at %q", n.Addr)
				}
			}
		})
	}
	if m := not.Masters[0]; len(m.usableReplicas()) > 0 || m.masterFault(0) == nil {
		t.Errorf("discovery would take %v and %s", m.usableReplicas(), m.Advertised())
	}
}
