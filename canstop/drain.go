package canstop

import (
	"fmt"
	"slices"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// A DrainAction is what comes next in a rolling restart.
type DrainAction string

// The actions.
const (
	Restart  DrainAction = "restart"  // everything on the host
	Failover DrainAction = "failover" // of the master, so that the host holds none
	Wait     DrainAction = "wait"     // until what was restarted is back
	Refuse   DrainAction = "refuse"   // no machine that is left may stop
	Done     DrainAction = "done"
)

// A DrainStep is a step of a rolling restart.
type DrainStep struct {
	Action  DrainAction `json:"action"`
	Host    string      `json:"host,omitempty"`
	Master  string      `json:"master,omitempty"` // to fail over
	Command string      `json:"command,omitempty"`
	Verdict Verdict     `json:"verdict"` // while the host is down
	Reason  string      `json:"reason"`
}

// Drain is the order in which each machine can be restarted: those without a master first.
// Each step is to be judged again when the one before it is done: see [Layout.Next].
func (l *Layout) Drain() []DrainStep {
	at := *l
	at.masters = slices.Clone(l.masters)
	var steps []DrainStep
	for _, id := range l.drainOrder(nil) {
		gone := at.lossOf(id)
		movable := true
		for _, i := range at.mastersOn(id) {
			step, to := at.failoverStep(i, id, &gone)
			steps = append(steps, step)
			if movable = step.Action == Failover; !movable {
				break
			}
			at.masters[i] = at.masters[i].movedTo(to)
		}
		if movable {
			steps = append(steps, at.restartStep(id, &gone))
		}
	}
	return steps
}

// Next is the step to take now in a rolling restart in which the named machines are done.
func (l *Layout) Next(done []string) (DrainStep, error) {
	if l.err != nil {
		return DrainStep{}, l.err
	}
	skip := make(map[hostID]bool)
	for _, name := range done {
		skip[l.lookUp(name)] = true
	}
	l.machines, l.mixed = l.hosts.machines()
	for i := range l.masters {
		m := &l.masters[i]
		reason := m.fault
		if len(m.unsettled) > 0 {
			reason = m.unsettled[0]
		}
		if reason != "" {
			return DrainStep{Action: Wait, Master: sentinel.ValidUTF8(m.name), Verdict: Unknown, Reason: reason}, nil
		}
	}
	order := l.drainOrder(skip)
	if len(order) == 0 {
		return DrainStep{Action: Done, Reason: "every machine has had its turn"}, nil
	}
	var refused *DrainStep
	for _, id := range order {
		gone := l.lossOf(id)
		for _, i := range l.mastersOn(id) {
			if step, _ := l.failoverStep(i, id, &gone); step.Action == Failover {
				return step, nil
			} else if refused == nil {
				refused = &step
			}
		}
		if len(l.mastersOn(id)) > 0 {
			continue
		}
		step := l.restartStep(id, &gone)
		if step.Action == Restart {
			return step, nil
		}
		refused = &step
	}
	return *refused, nil
}

// drainOrder lists the machines, those without a master first.
func (l *Layout) drainOrder(skip map[hostID]bool) []hostID {
	order := slices.DeleteFunc(l.known(), func(id hostID) bool { return skip[id] })
	masters := make(map[hostID]int)
	for i := range l.masters {
		masters[l.masters[i].node.host]++
	}
	slices.SortStableFunc(order, func(a, b hostID) int { return masters[a] - masters[b] })
	return order
}

// mastersOn lists the masters on a machine, by their place in the layout.
func (l *Layout) mastersOn(id hostID) []int {
	var on []int
	for i := range l.masters {
		if l.masters[i].node.host == id {
			on = append(on, i)
		}
	}
	return on
}

// failoverStep moves a master off a machine, and says where it goes. It is refused where no
// failover would do that.
func (l *Layout) failoverStep(i int, off hostID, gone *loss) (DrainStep, placedNode) {
	m := &l.masters[i]
	host, name := l.machines[off].name(), sentinel.ValidUTF8(m.name)
	to := m.heirsElsewhere(worst(gone))
	if len(to) == 0 {
		return DrainStep{
			Action: Refuse, Host: host, Master: name, Verdict: No,
			Reason: fmt.Sprintf("%s holds the master %s, and a failover would not promote a replica on another host", host, name),
		}, placedNode{}
	}
	return DrainStep{
		Action: Failover, Host: host, Master: name, Command: failoverCommand(m.name),
		Reason: fmt.Sprintf("%s holds the master %s; %s would become it", host, name, oneOf(to)),
	}, to[0]
}

// movedTo is the master after a failover to one of its replicas, the old one being a
// replica that can be promoted.
func (m *masterParts) movedTo(to placedNode) masterParts {
	after := *m
	after.node = to
	after.replicas = append(slices.DeleteFunc(slices.Clone(m.replicas), func(n placedNode) bool { return n.addr == to.addr }), m.node)
	after.candidates = slices.Clone(m.candidates)
	for i := range after.candidates {
		v := &after.candidates[i]
		v.heirs = append(slices.DeleteFunc(slices.Clone(v.heirs), func(h heir) bool { return h.addr == to.addr }), heir{placedNode: m.node})
	}
	return after
}

// restartStep stops a machine that holds no master.
func (l *Layout) restartStep(id hostID, gone *loss) DrainStep {
	host := l.machines[id].name()
	step := DrainStep{Action: Restart, Host: host, Reason: "then wait until everything on it is back, and ask again"}
	var decides *masterParts
	for m := range l.touchedBy(gone) {
		if verdict, _, _ := m.verdict(gone); decides == nil || worse(step.Verdict, verdict) != step.Verdict {
			step.Verdict, decides = verdict, m
		}
	}
	if step.Verdict == No || step.Verdict == Unknown {
		step.Action = Refuse
		answer, _ := l.masterAnswer(decides, gone, []string{host})
		step.Reason = answer.Reason
	}
	return step
}

// Unheard names a node of which a Sentinel has heard nothing for longer than since, though it
// takes it to be well: that may be old news of a node that has been restarted. It is empty if there
// is none. Those that are down or cut off have [Layout.Next] wait by themselves.
func Unheard(snapshots []*sentinel.Snapshot, since time.Duration) string {
	old := func(age sentinel.Duration) bool { return age.Present && age.Value > since }
	for _, s := range snapshots {
		for i := range s.Masters {
			m := &s.Masters[i]
			if old(m.InfoRefresh) && !m.Flags.Any(sentinel.FlagSDown|sentinel.FlagDisconnected) {
				return fmt.Sprintf("Sentinel %s has had no INFO from %s since", s.Sentinel, m.Addr)
			}
			for k := range m.Replicas {
				if r := &m.Replicas[k]; old(r.InfoRefresh) && r.OK() {
					return fmt.Sprintf("Sentinel %s has had no INFO from %s since", s.Sentinel, r.Addr)
				}
			}
			for k := range m.Peers {
				if p := &m.Peers[k]; old(p.LastOKPingReply) && !p.Flags.Any(sentinel.FlagSDown|sentinel.FlagDisconnected) {
					return fmt.Sprintf("Sentinel %s has not heard from Sentinel %s since", s.Sentinel, p.Addr)
				}
			}
		}
	}
	return ""
}
