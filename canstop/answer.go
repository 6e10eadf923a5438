package canstop

import (
	"fmt"
	"slices"
	"strings"

	"redis_sentinel_exporter/internal/printable"
	"redis_sentinel_exporter/sentinel"
)

// A Verdict says whether the machines may stop. Its number is the exit code of the command.
type Verdict int

// The verdicts.
const (
	Yes      Verdict = iota // still served, and a failover would still be possible
	Degraded                // still served, and nothing more may fail
	No                      // no failover could complete, or no node is left to write to
	Unknown                 // a fact is missing that would change the answer
)

// String returns the word of the JSON.
func (v Verdict) String() string { return [...]string{"yes", "degraded", "no", "unknown"}[v] }

// MarshalText writes the word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// worse returns the worse of two verdicts. A certain No is worse than Unknown.
func worse(a, b Verdict) Verdict {
	rank := func(v Verdict) int { return [...]int{Yes: 0, Degraded: 1, Unknown: 2, No: 3}[v] }
	if rank(a) >= rank(b) {
		return a
	}
	return b
}

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
func (m *master) touchedBy(gone loss) bool {
	lost := func(n node) bool { return gone[n.host] != no }
	return lost(m.node) || slices.ContainsFunc(m.replicas, lost) || slices.ContainsFunc(m.sentinels, lost)
}

func (l *Layout) masterAnswer(m *master, gone loss, names []string) (answer MasterAnswer, first []string) {
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
func (m *master) verdict(gone loss) (v Verdict, w, b future) {
	w, b = m.after(worst(gone)), m.after(best(gone))
	if w.verdict != b.verdict {
		return Unknown, w, b
	}
	return w.verdict, w, b
}

// holds is what some machines do with the parts of a master.
func holds(machines int, parts []string) string {
	verb := " holds "
	if machines > 1 {
		verb = " hold "
	}
	if len(parts) == 0 {
		return verb + "nothing of it"
	}
	return verb + strings.Join(parts, " and ")
}

// held lists what of the master is on the machines that are surely lost.
func (m *master) held(gone loss) []string {
	g := best(gone)
	var parts []string
	if g.gone(m.node) {
		parts = append(parts, "the master "+sentinel.ValidUTF8(m.name))
	}
	if n := countGone(m.replicas, g); n > 0 {
		parts = append(parts, ofAll(n, len(m.replicas), "replica"))
	}
	if n := countGone(m.sentinels, g); n > 0 {
		parts = append(parts, ofAll(n, len(m.sentinels), "Sentinel"))
	}
	return parts
}

func countGone(nodes []node, g guess) int {
	n := 0
	for _, is := range nodes {
		if g.gone(is) {
			n++
		}
	}
	return n
}

// ofAll is "1 of 3 Sentinels".
func ofAll(n, all int, what string) string {
	if all == 1 {
		return "the only " + what
	}
	return fmt.Sprintf("%d of %d %ss", n, all, what)
}

// reason says why the future is as it is.
func (m *master) reason(f future, g guess) string {
	votes := fmt.Sprintf("%d remain and %d are needed", f.remain, f.needed)
	if f.remain == 1 {
		votes = fmt.Sprintf("1 remains and %d are needed", f.needed)
	}
	switch {
	case f.needed == 0:
		votes = "no Sentinel remains that answered"
	case !f.leads && f.remain >= f.needed && f.agree < f.quorum:
		votes = fmt.Sprintf("%d of those that remain would agree that it is down, and the quorum is %d", f.agree, f.quorum)
	case !f.leads && f.remain >= f.needed:
		votes = "of the Sentinels that remain none could lead: each is in TILT, or names another master"
	}
	switch {
	case f.verdict == Yes && f.lost:
		return fmt.Sprintf("%s would become the master, and a failover would still be possible", oneOf(f.becomes))
	case f.verdict == Yes:
		return "a failover would still be possible: " + votes
	case f.verdict == Degraded && f.lost:
		return fmt.Sprintf("%s would become the master, and nothing more may fail: no other replica could be promoted", oneOf(f.becomes))
	case !f.lost && !f.named:
		return "no Sentinel would be left to tell clients where the master is"
	case !f.leads && f.lost:
		return votes
	case !f.leads:
		return "it would be served, and nothing would replace it: " + votes
	}
	what := m.withoutHeir(f, g)
	if f.lost {
		return votes + ", but " + what
	}
	return "it would be served, and nothing could replace it: " + what
}

// withoutHeir says why no replica could be promoted.
func (m *master) withoutHeir(f future, g guess) string {
	if f.empty {
		return "the replica that would be promoted has none of the data"
	}
	why := make(map[string]string)
	for i := range m.views {
		for _, r := range m.views[i].others {
			if !g.gone(r.node) {
				why[r.addr] = r.reason
			}
		}
	}
	switch len(why) {
	case 0:
		return "no replica is on another host"
	case 1:
		for addr, reason := range why {
			return fmt.Sprintf("the only other replica, %s, cannot be promoted: %s", addr, reason)
		}
	}
	return fmt.Sprintf("none of the %d other replicas can be promoted", len(why))
}

// first lists what to do before the machines stop.
func (m *master) first(f future, g guess) []string {
	var first []string
	if f.lost {
		if to := m.heirsElsewhere(g); len(to) > 0 {
			first = append(first, fmt.Sprintf("fail over to %s: %s", oneOf(to), failoverCommand(m.name)))
		}
	}
	if f.verdict == Yes {
		return first
	}
	if !f.leads {
		for _, s := range m.silentSentinels(g) {
			first = append(first, "start the Sentinel at "+s.addr)
		}
	}
	for i := range m.views {
		for _, r := range m.views[i].others {
			if step := fmt.Sprintf("let %s be promoted: %s", r.addr, r.reason); !g.gone(r.node) && !slices.Contains(first, step) {
				first = append(first, step)
			}
		}
	}
	switch {
	case len(first) > 0:
	case !f.leads:
		first = append(first, "start a Sentinel on another host")
	default:
		first = append(first, "add a replica on another host")
	}
	return first
}

// heirsElsewhere are the nodes from which a failover by hand would choose now; none if one of
// them is on the machines that are to stop. Such a failover needs no agreement of the
// Sentinels.
func (m *master) heirsElsewhere(g guess) []node {
	for i := range m.views {
		v := &m.views[i]
		if v.tilt || !v.agrees {
			continue
		}
		if len(v.heirs) == 0 {
			return nil
		}
		nodes, empty := firstChoices(v.heirs)
		if empty || slices.ContainsFunc(nodes, g.gone) {
			return nil
		}
		return nodes
	}
	return nil
}

// oneOf names a node, or those of which it is one.
func oneOf(nodes []node) string {
	if len(nodes) == 0 {
		return "a replica that is not listed"
	}
	addrs := make([]string, len(nodes))
	for i, n := range nodes {
		addrs[i] = n.addr
	}
	return strings.Join(addrs, " or ")
}

// silentSentinels are those that no Sentinel which is left hears.
func (m *master) silentSentinels(g guess) []node {
	var silent []node
	for _, s := range m.sentinels {
		heard := g.gone(s)
		for i := range m.views {
			v := &m.views[i]
			heard = heard || v.sentinel.addr == s.addr || slices.ContainsFunc(v.peers, func(p peer) bool { return p.addr == s.addr && p.answers })
		}
		if !heard {
			silent = append(silent, s)
		}
	}
	return silent
}

// unknownReason names the missing fact.
func (l *Layout) unknownReason(m *master, gone loss) string {
	if l.unmapped(m, gone) != "" {
		return fmt.Sprintf("whether %s is on it too is not known and would change the answer: say so with --host-map", l.unmapped(m, gone))
	}
	for i := range m.views {
		for _, p := range m.views[i].peers {
			if p.votes == perhaps {
				return fmt.Sprintf("what the Sentinel at %s would do is not known and would change the answer: it did not answer; --sentinel.discover-peers also asks Sentinels that were not given", p.addr)
			}
		}
	}
	return "the Sentinels do not list every replica (replica-announced no), and where the others are would change the answer"
}

// unmapped is an address that may be on a machine that is lost.
func (l *Layout) unmapped(m *master, gone loss) string {
	for _, nodes := range [][]node{{m.node}, m.replicas, m.sentinels} {
		for _, n := range nodes {
			if gone[n.host] == perhaps {
				return n.addr
			}
		}
	}
	return ""
}

func failoverCommand(name string) string {
	return "redis_sentinel_exporter failover " + printable.Quote(name)
}
