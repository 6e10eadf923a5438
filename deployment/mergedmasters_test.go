package deployment

import (
	"testing"

	"redis_sentinel_exporter/sentinel"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestGroupsWithoutAddresses: a host name that one Sentinel cannot resolve is no
// address; where none can, the nodes are not known.
func TestGroupsWithoutAddresses(t *testing.T) {
	t.Parallel()
	snapshot := func(addr string, resolves bool) *sentinel.Snapshot {
		m, r := healthyMaster(), healthyReplica()
		if !resolves {
			m.Host, m.Addr = "", ":17000"
			r.Host, r.Name, r.Addr = "", ":17001", ":17001"
		}
		p := sentinel.Peer{Instance: node("another", m.Host, "17011", sentinel.FlagSentinel)}
		m.Replicas, m.Peers = []sentinel.Replica{r}, []sentinel.Peer{p}
		return &sentinel.Snapshot{Sentinel: addr, ID: addr, Masters: []sentinel.Master{m}}
	}
	resolves, not := snapshot("a:1", true), snapshot("b:1", false)
	alsoNot := snapshot("c:1", false)
	for _, test := range []struct {
		name      string
		snapshots []*sentinel.Snapshot
		known     bool
	}{
		{"none can", []*sentinel.Snapshot{not, alsoNot}, false},
		{"a minority can", []*sentinel.Snapshot{not, resolves, alsoNot}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := MergedMasters(test.snapshots)[0]
			if (g.MasterErr == nil) != test.known || (g.ReplicasErr == nil) != test.known || (g.SentinelsErr == nil) != test.known {
				t.Fatalf("errors: %v, %v, %v", g.MasterErr, g.ReplicasErr, g.SentinelsErr)
			}
			if !test.known {
				return
			}
			want := MergedMaster{Name: "mymaster", Master: Node{"127.0.0.1:17000", true}, Replicas: []Node{{"127.0.0.1:17001", true}}}
			if diff := cmp.Diff(want, g, cmpopts.IgnoreFields(MergedMaster{}, "Sentinels")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, n := range g.Sentinels {
				if n.Addr == "" || n.Addr[0] == ':' {
					t.Errorf("a Sentinel at %q", n.Addr)
				}
			}
		})
	}
	if m := &not.Masters[0]; len(usableReplicas(m)) > 0 || masterFault(m, 0) == nil {
		t.Errorf("discovery would take %v and %s", usableReplicas(m), m.Advertised())
	}
}

// TestGroupsWithoutAnnouncedAddress: 0.0.0.0 is the machine of whoever reads it. A Sentinel
// that announces it is at the address where it was asked.
func TestGroupsWithoutAnnouncedAddress(t *testing.T) {
	t.Parallel()
	snapshot := func(own, other, announces string) *sentinel.Snapshot {
		m := healthyMaster()
		m.Peers = []sentinel.Peer{{Instance: node(other, announces, "26379", sentinel.FlagSentinel)}}
		m.Peers[0].RunID = other
		return &sentinel.Snapshot{Sentinel: own + ":26379", ID: own, Masters: []sentinel.Master{m}}
	}
	for _, announces := range []string{"0.0.0.0", "::"} {
		a, b := snapshot("a", "b", announces), snapshot("b", "a", "10.0.0.1")
		g := MergedMasters([]*sentinel.Snapshot{a, b})[0]
		if diff := cmp.Diff([]Node{{"10.0.0.1:26379", true}, {"b:26379", true}}, g.Sentinels); diff != "" || g.SentinelsErr != nil {
			t.Errorf("%s: %v (-want +got):\n%s", announces, g.SentinelsErr, diff)
		}
		if g := MergedMasters([]*sentinel.Snapshot{a})[0]; g.SentinelsErr == nil || len(g.Sentinels) > 0 {
			t.Errorf("%s: of one that does not answer: %v", announces, g.Sentinels)
		}
	}
}
