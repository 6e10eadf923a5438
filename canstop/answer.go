package canstop

import (
	"iter"
	"slices"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// An Answer is what would be left if everything on some machines stopped at once.
type Answer struct {
	Hosts   []string       `json:"hosts"`
	Verdict Verdict        `json:"verdict"`
	Masters []MasterAnswer `json:"masters"` // by name
	First   []string       `json:"first"`   // what to do before, in words or as commands
}

// A MasterAnswer is that of one master.
type MasterAnswer struct {
	Name        string  `json:"name"`
	Verdict     Verdict `json:"verdict"`
	Reason      string  `json:"reason"`
	WouldBecome string  `json:"would_become"` // the master's address afterwards; empty if there is none or it cannot be predicted
}

// Ask answers for some machines, each named by its host, or as in the map. It fails when no
// Sentinel has answered.
func (l *Layout) Ask(names ...string) (Answer, error) {
	if l.err != nil {
		return Answer{}, l.err
	}
	lost := make([]hostID, len(names))
	for i, name := range names {
		lost[i] = l.lookUp(name)
	}
	l.machines, l.mixed = l.hosts.machines() // with those that only the question names
	gone := l.lossOf(lost...)
	return l.ask(names, &gone, l.all()), nil
}

// lookUp finds the machine that somebody names.
func (l *Layout) lookUp(name string) hostID {
	for _, machine := range l.hosts.mapping {
		if machine == name {
			return l.hosts.id(hostKey{name, mapped})
		}
	}
	return l.hosts.named(name)
}

// ask answers for a loss about some masters.
func (l *Layout) ask(names []string, gone *loss, about iter.Seq[*masterParts]) Answer {
	a := Answer{Hosts: names, Masters: []MasterAnswer{}, First: []string{}}
	said := make(map[string]bool)
	for m := range about {
		answer, first := l.masterAnswer(m, gone, names)
		a.Verdict = worse(a.Verdict, answer.Verdict)
		a.Masters = append(a.Masters, answer)
		for _, f := range first {
			if !said[f] {
				said[f] = true
				a.First = append(a.First, f)
			}
		}
	}
	return a
}

func (l *Layout) all() iter.Seq[*masterParts] {
	return func(yield func(*masterParts) bool) {
		for i := range l.masters {
			if !yield(&l.masters[i]) {
				return
			}
		}
	}
}

// touchedBy returns the masters that may lose something.
func (l *Layout) touchedBy(gone *loss) iter.Seq[*masterParts] {
	if !gone.sure {
		return func(yield func(*masterParts) bool) {
			for m := range l.all() {
				if m.touchedBy(gone) && !yield(m) {
					return
				}
			}
		}
	}
	if l.held == nil {
		l.held = make(map[hostID][]int)
		for i := range l.masters {
			for _, id := range l.masters[i].hosts() {
				l.held[id] = append(l.held[id], i)
			}
		}
	}
	var on []int
	for _, id := range gone.lost {
		on = append(on, l.held[id]...)
	}
	slices.Sort(on)
	on = slices.Compact(on)
	return func(yield func(*masterParts) bool) {
		for _, i := range on {
			if !yield(&l.masters[i]) {
				return
			}
		}
	}
}

// touchedBy reports whether a node or Sentinel of the master may be lost.
func (m *masterParts) touchedBy(gone *loss) bool {
	lost := func(nodes []placedNode) bool {
		for i := range nodes {
			if gone.is(&nodes[i]) != no {
				return true
			}
		}
		return false
	}
	return gone.is(&m.node) != no || lost(m.replicas) || lost(m.sentinels)
}

func (l *Layout) masterAnswer(m *masterParts, gone *loss, names []string) (answer MasterAnswer, first []string) {
	verdict, w, b := m.verdict(gone)
	parts := m.held(gone)
	held := strings.Join(names, " and ") + holds(len(names), parts)
	answer = MasterAnswer{Name: sentinel.ValidUTF8(m.name), Verdict: verdict}
	becomes := m.becomes(&w, worst(gone))
	if sure := gone.sure && m.sure; len(becomes) == 1 && verdict != No && (sure || slices.Equal(becomes, m.becomes(&b, best(gone)))) {
		answer.WouldBecome = becomes[0].addr
	}
	switch {
	case m.fault != "":
		answer.Reason = "it is not served as it is: " + m.fault
		return answer, []string{"wait until it is served again: redis_sentinel_exporter check"}
	case verdict == Unknown:
		answer.Reason = held + "; " + l.unknownReason(m, gone)
		return answer, nil
	}
	answer.Reason = held
	if len(parts) == 0 && verdict == Yes {
		return answer, nil
	}
	answer.Reason += "; " + m.reason(&w, worst(gone))
	return answer, m.first(&w, worst(gone))
}

// verdict judges the worst and the best case; where they differ it is Unknown.
func (m *masterParts) verdict(gone *loss) (v Verdict, w, b future) {
	w = m.after(worst(gone))
	if gone.sure && m.sure {
		return w.verdict, w, w
	}
	b = m.after(best(gone))
	if w.verdict != b.verdict {
		return Unknown, w, b
	}
	return w.verdict, w, b
}
