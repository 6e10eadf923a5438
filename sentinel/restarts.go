package sentinel

import (
	"maps"
	"slices"
	"time"
)

// A Restart is that of a master's process, which is the master again: no failover came between.
// Sentinel publishes it (+reboot) and then forgets it.
type Restart struct {
	// KeysBefore is how many keys the master had before, in all databases. Where that was not
	// seen, it is what the fullest of its replicas has that has not synchronized since.
	KeysBefore int64
}

// Lost reports whether a node with so many keys has less than half of what the master had.
func (r *Restart) Lost(keys int64) bool { return 2*keys < r.KeysBefore }

// restartSlack is more than the difference of ages that are in whole seconds, or of replies that
// came one after the other.
const restartSlack = 3 * time.Second

// A masterProcess is that of a master, as the last snapshot had it.
type masterProcess struct {
	addr, runID string
	keys        Number   // absent if INFO-CACHE was not asked for
	restart     *Restart // with which it began; nil if that was not seen, or its data are back
}

// processes are those of a Sentinel's masters, by name.
type processes map[string]*masterProcess

// changed reports whether the process of a master is another one than in the last snapshot,
// or has begun with a restart, so that it matters what it holds.
func (ps processes) changed(m *Master) bool {
	p, found := ps[m.Name]
	return found && p.addr == m.Addr && (p.restart != nil || p.runID != "" && m.RunID != "" && p.runID != m.RunID)
}

// update takes the processes of these masters, which are all, and sets Restart of each.
func (ps processes) update(masters []Master) {
	for i := range masters {
		m := &masters[i]
		p := ps[m.Name]
		if p == nil {
			p = new(masterProcess)
			ps[m.Name] = p
		}
		if p.addr != m.Addr {
			*p = masterProcess{addr: m.Addr}
		}
		p.update(m)
		m.Restart = p.restart
	}
	if len(ps) > len(masters) {
		maps.DeleteFunc(ps, func(name string, _ *masterProcess) bool {
			return !slices.ContainsFunc(masters, func(m Master) bool { return m.Name == name })
		})
	}
}

// update compares the process with what its Sentinel has now of the master at that address.
func (p *masterProcess) update(m *Master) {
	c := m.CachedInfo(&m.Instance)
	if c != nil && (c.Loading || c.Role != RoleMaster) {
		return // wait for its data
	}
	isNew := m.RunID != "" && m.RunID != p.runID
	switch {
	case c == nil:
		p.keys = Number{}
	case isNew && (p.runID != "" || m.RoleReportedTime.Value > c.age()+restartSlack):
		before := p.keys
		if !before.Present {
			before = Some(m.keysLeft(c))
		}
		p.restart = &Restart{KeysBefore: before.Value}
	}
	if isNew {
		p.runID = m.RunID
	}
	if c != nil {
		p.keys = Some(c.Keys)
		if p.restart != nil && !p.restart.Lost(c.Keys) {
			p.restart = nil
		}
	}
}

// age is how long the process has run by now.
func (c *CachedInfo) age() time.Duration { return c.Uptime.Value + c.Age.Value }

// keysLeft is how many keys the fullest replica has that was linked to the master when it was
// restarted, and has not synchronized since. The INFO c is of the master.
func (m *Master) keysLeft(c *CachedInfo) int64 {
	var most int64
	for i := range m.Replicas {
		r := &m.Replicas[i]
		if info := m.CachedInfo(&r.Instance); info != nil && info.NotSynchronizedWith(c) &&
			r.MasterLinkDownTime.Present && r.MasterLinkDownTime.Value <= c.age()+restartSlack {
			most = max(most, info.Keys)
		}
	}
	return most
}

// NotSynchronizedWith reports whether a replica had not yet synchronized with a process of its
// master when it sent its INFO.
func (c *CachedInfo) NotSynchronizedWith(master *CachedInfo) bool {
	return c.Role == RoleReplica && c.ReplicationID != master.ReplicationID
}
