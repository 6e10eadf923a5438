package canstop

import (
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
	l.machines = l.hosts.machines() // with those that only the question names
	return l.ask(names, l.lossOf(lost...), false), nil
}

// lookUp finds the machine that somebody names.
func (l *Layout) lookUp(name string) hostID {
	for _, machine := range l.hosts.mapping {
		if machine == name {
			return l.hosts.id(hostKey{name, true})
		}
	}
	return l.hosts.named(name)
}

// ask answers for a loss; with touched only about masters that may lose something.
func (l *Layout) ask(names []string, gone loss, touched bool) Answer {
	a := Answer{Hosts: names, Masters: make([]MasterAnswer, 0, len(l.masters)), First: []string{}}
	for i := range l.masters {
		m := &l.masters[i]
		if touched && !m.touchedBy(gone) {
			continue
		}
		answer, first := l.masterAnswer(m, gone, names)
		a.Verdict = worse(a.Verdict, answer.Verdict)
		a.Masters = append(a.Masters, answer)
		for _, f := range first {
			if !slices.Contains(a.First, f) {
				a.First = append(a.First, f)
			}
		}
	}
	return a
}

// touchedBy reports whether a node or Sentinel of the master may be lost.
func (m *masterParts) touchedBy(gone loss) bool {
	lost := func(n placedNode) bool { return gone[n.host] != no }
	return lost(m.node) || slices.ContainsFunc(m.replicas, lost) || slices.ContainsFunc(m.sentinels, lost)
}

func (l *Layout) masterAnswer(m *masterParts, gone loss, names []string) (answer MasterAnswer, first []string) {
	verdict, w, b := m.verdict(gone)
	parts := m.held(gone)
	held := strings.Join(names, " and ") + holds(len(names), parts)
	answer = MasterAnswer{Name: sentinel.ValidUTF8(m.name), Verdict: verdict}
	if len(w.becomes) == 1 && slices.Equal(w.becomes, b.becomes) && verdict != No {
		answer.WouldBecome = w.becomes[0].addr
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
	answer.Reason += "; " + m.reason(w, worst(gone))
	return answer, m.first(w, worst(gone))
}

// verdict judges the worst and the best case; where they differ it is Unknown.
func (m *masterParts) verdict(gone loss) (v Verdict, w, b future) {
	w, b = m.after(worst(gone)), m.after(best(gone))
	if w.verdict != b.verdict {
		return Unknown, w, b
	}
	return w.verdict, w, b
}
