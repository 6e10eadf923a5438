package health

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// A hostileShape is what Sentinels say that want to cost as much as they can.
type hostileShape struct {
	name            string
	masters         int
	replicas, peers int  // of each master
	apart           bool // each master has hosts of its own, and all is well
}

func (h hostileShape) times(factor int) hostileShape {
	if h.masters > 1 {
		h.masters *= factor
	} else {
		h.replicas, h.peers = h.replicas*factor, h.peers*factor
	}
	return h
}

func hostileShapes() []hostileShape {
	return []hostileShape{
		{name: "masters at one address", masters: 250},
		{name: "masters apart", masters: 250, replicas: 2, peers: 2, apart: true},
		{name: "replicas and peers", masters: 1, replicas: 125, peers: 125},
		{name: "replicas and peers apart", masters: 1, replicas: 125, peers: 125, apart: true},
	}
}

// snapshots are of two Sentinels that say the same of nodes.
func (h hostileShape) snapshots() []*sentinel.Snapshot {
	var snapshots []*sentinel.Snapshot
	for k := range 2 {
		s := &sentinel.Snapshot{
			Sentinel: fmt.Sprintf("10.9.9.%d:26379", k), ID: fmt.Sprint(k),
			Info: &sentinel.Info{RunID: fmt.Sprint(k), Uptime: sentinel.Some(time.Hour)},
		}
		for i := range h.masters {
			s.Masters = append(s.Masters, h.master(i))
		}
		snapshots = append(snapshots, s)
	}
	return snapshots
}

// node is the one with a number, which is that of its host and of its process.
func (h hostileShape) node(name string, number int, flags sentinel.Flags) sentinel.Instance {
	if !h.apart {
		flags |= sentinel.FlagSDown | sentinel.FlagODown | sentinel.FlagDisconnected
	}
	host := fmt.Sprintf("10.%d.%d.%d", number>>16, number>>8&255, number&255)
	return sentinel.Instance{
		Name: name, Host: host, Port: "6379", Addr: host + ":6379", RunID: fmt.Sprintf("%040d", number), Flags: flags,
		SDownTime: sentinel.Some(time.Hour), DownAfter: sentinel.Some(time.Second),
	}
}

func (h hostileShape) master(i int) sentinel.Master {
	first, twice := 0, 2 // two entries are one process
	if h.apart {
		first, twice = i*(1+h.replicas+h.peers), 1
	}
	m := sentinel.Master{
		Instance: h.node(fmt.Sprintf("m%07d", i), first, sentinel.FlagMaster), RoleReported: sentinel.RoleMaster, ConfigEpoch: sentinel.Some(int64(1)),
		Quorum: sentinel.Some(int64(2)), NumReplicas: sentinel.Some(int64(h.replicas)), NumOtherSentinels: sentinel.Some(int64(h.peers)),
		CKQuorum: &sentinel.CKQuorum{Usable: 1},
	}
	for j := range h.replicas {
		replica := sentinel.Replica{Instance: h.node(fmt.Sprint("r", j), first+1+j, sentinel.FlagReplica), MasterHost: m.Host, MasterPort: m.Port, MasterLinkUp: h.apart}
		replica.RunID = fmt.Sprint("r", (first+j)/twice)
		m.Replicas = append(m.Replicas, replica)
	}
	for j := range h.peers {
		peer := sentinel.Peer{Instance: h.node(fmt.Sprint("p", j), first+1+h.replicas+j, sentinel.FlagSentinel)}
		peer.RunID = fmt.Sprint("p", (first+j)/twice)
		m.Peers = append(m.Peers, peer)
	}
	return m
}

// TestAssessContext: the checks end with their context.
func TestAssessContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := AssessContext(ctx, hostileShapes()[0].snapshots(), nil, Elsewhere{}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// BenchmarkHostile is each check on as much as a Sentinel may say.
func BenchmarkHostile(b *testing.B) {
	for _, shape := range hostileShapes() {
		snapshots := shape.times(8).snapshots()
		d := newModel(snapshots, nil)
		for _, c := range masterChecks() {
			b.Run(shape.name+"/"+c.Name, func(b *testing.B) {
				for b.Loop() {
					for _, m := range d.masters {
						c.run(m)
					}
				}
			})
		}
		b.Run(shape.name+"/Assess", func(b *testing.B) {
			for b.Loop() {
				Assess(snapshots, nil)
			}
		})
	}
}
