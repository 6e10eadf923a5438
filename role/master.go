package role

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// errBehind means that the Sentinels that answer do not know of the latest failover.
var errBehind = errors.New("the Sentinels that answer do not know of the latest failover")

// A master is what is remembered of one master.
type master struct {
	name    string
	version int       // of what was heard, as taken in last
	looked  time.Time // when that was

	// node may take writes; nil if none may. epoch never falls, but by patience.
	node   *sentinel.Instance
	epoch  int64
	sure   time.Time // when that was last certain
	unsure error     // why it is not now; nil if it is
	moving time.Time // since when a failover keeps the node from taking writes; zero if none does
	rival  rival

	views    []deployment.View // the authoritative ones, when there last were any to trust
	nodes    []node            // of the views, the master first
	replicas map[string]replica
	told     told
}

// A rival is another node that most Sentinels name without a higher epoch: the master was
// removed and monitored anew, or its address has changed.
type rival struct {
	node  *sentinel.Instance
	epoch int64
	since time.Time
}

func newMaster(name string) *master {
	return &master{name: name, version: -1, epoch: -1, replicas: make(map[string]replica), told: make(told)}
}

// look takes in what the Sentinels say now. asked is the number of Sentinels that were asked.
func (m *master) look(snapshots []*sentinel.Snapshot, asked int, grace time.Duration, now time.Time) {
	m.looked = now
	at, err := deployment.Locate(snapshots, asked, m.name)
	if !errors.Is(err, deployment.ErrNoMajority) && at.Epoch >= m.epoch && len(at.Views) > 0 {
		m.views, m.nodes = at.Views, nodesOf(at.Views)
		m.lookAtReplicas(now)
	}
	if err == nil || !errors.Is(err, deployment.ErrMoving) {
		m.moving = time.Time{}
	}
	switch {
	case at.Epoch > m.epoch && m.node != nil && err != nil && !named(at.Views, m.node):
		// Whatever the new master is, the old one is none.
		m.node, m.epoch, m.unsure = nil, at.Epoch, err
	case errors.Is(err, deployment.ErrMoving):
		m.move(&at, err, now)
	case err != nil:
		m.unsure = err
	case m.node == nil && at.Epoch >= m.epoch, at.Epoch > m.epoch, at.Epoch == m.epoch && at.Node.SameNode(m.node).Value:
		m.settle(at.Node, at.Epoch, now)
	default:
		m.doubt(&at, grace, now)
	}
}

// settle makes a node the answer.
func (m *master) settle(node *sentinel.Instance, epoch int64, now time.Time) {
	m.node, m.epoch, m.sure, m.unsure, m.rival = node, epoch, now, nil, rival{}
}

// move takes in a failover under way. A healthy master that one cannot replace gets its writes
// back in time.
func (m *master) move(at *deployment.Location, err error, now time.Time) {
	if m.moving.IsZero() {
		m.moving = now
	}
	if at.Node != nil && now.Sub(m.moving) > movingFor {
		m.settle(at.Node, at.Epoch, now)
		return
	}
	m.unsure = err
}

// doubt takes in that another node is named without a higher epoch. It is believed if most
// Sentinels name it for as long as the grace, and for as long as any of them is slow.
func (m *master) doubt(at *deployment.Location, grace time.Duration, now time.Time) {
	m.unsure = fmt.Errorf("%w: they have the config-epoch %d, and it has been %d", errBehind, at.Epoch, m.epoch)
	if at.Epoch == m.epoch {
		m.unsure = fmt.Errorf("%w: it was %s, and is %s without a failover", deployment.ErrDisagreement, m.node.Addr, at.Node.Addr)
	}
	if !at.Majority {
		m.rival = rival{}
		return
	}
	if r := m.rival; r.node == nil || r.epoch != at.Epoch || !r.node.SameNode(at.Node).Value {
		m.rival = rival{at.Node, at.Epoch, now}
	}
	if now.Sub(m.rival.since) > max(grace, freshFor) {
		m.settle(at.Node, at.Epoch, now)
	}
}

// named reports whether any view has the node as the master.
func named(views []deployment.View, node *sentinel.Instance) bool {
	return slices.ContainsFunc(views, func(v deployment.View) bool { return v.AdvertisedNode().SameNode(node).Value })
}

// mayWrite answers whether a node may take writes.
func (m *master) mayWrite(n node, grace time.Duration, now time.Time) Answer {
	is := m.node != nil && n.is(m.node)
	left := m.sure.Add(grace).Sub(now)
	switch {
	case m.unsure == nil && is:
		return Answer{Verdict: Yes, Reason: fmt.Sprintf("%s is the master of %s, config-epoch %d", n.addr(), m.name, m.epoch)}
	case m.unsure != nil && !m.moving.IsZero():
		return Answer{Verdict: No, Reason: fmt.Sprintf("%s has no master now: %v", m.name, m.unsure)}
	case m.node != nil && !is && (m.unsure == nil || left > 0):
		return Answer{Verdict: No, Reason: fmt.Sprintf("the master of %s is %s, config-epoch %d", m.name, m.node.Addr, m.epoch)}
	case is && left > 0:
		return Answer{Verdict: Yes, Grace: left, Reason: fmt.Sprintf(
			"%s was the master of %s %s ago; since then nobody can tell: %v", n.addr(), m.name, tenths(now.Sub(m.sure)), m.unsure)}
	default:
		return Answer{Reason: fmt.Sprintf("nobody can tell which node is the master of %s: %v", m.name, m.unsure)}
	}
}

// tenths rounds a time for people.
func tenths(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }
