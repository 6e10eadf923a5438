package history

import (
	"maps"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// keptCandidates is how many looks at the replicas are kept for each master.
const keptCandidates = 32

// candidatesOf are the replicas of a master as one Sentinel had them at one time.
type candidatesOf struct {
	sentinel        string
	at              time.Time
	master          string
	failoverTimeout sentinel.Duration
	replicas        []candidate
}

// A candidate is a replica with what decides whether it is promoted.
type candidate struct {
	replica sentinel.Replica // with copies of the strings that are used
	unfit   string           // why it could not be promoted; empty if it could
}

// Observe takes in snapshots of all Sentinels, and returns what has become certain by them.
func (h *History) Observe(snapshots []*sentinel.Snapshot) []Change {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begin(time.Time{})
	for _, s := range snapshots {
		if !s.Up() {
			continue
		}
		at := s.Started.Add(s.Duration)
		if at.After(h.now) {
			h.now = at
		}
		if s.ID != "" {
			h.knows(s.ID, s.Sentinel)
		}
		h.clock(s)
		fresh := true
		for i := range s.Masters {
			fresh = h.observe(s, &s.Masters[i], at) && fresh
		}
		if stream := h.streams[s.Sentinel]; stream != nil && fresh {
			stream.known = stream.up
		}
	}
	for _, m := range h.masters {
		m.observeWell(snapshots)
	}
	h.settle()
	return h.changes
}

// observe takes in a master as a Sentinel has it. It reports whether it could: what a Sentinel says of its state can be older than
// an event that came meanwhile, by which the state may have ended.
func (h *History) observe(s *sentinel.Snapshot, in *sentinel.Master, at time.Time) (fresh bool) {
	down := in.Flags.Has(sentinel.FlagSDown)
	m := h.master(s.Sentinel, in.Name, down)
	if m == nil {
		return true
	}
	if m.heard.IsZero() {
		m.heard = at
	}
	fresh = !down || !m.stated[s.Sentinel].After(s.Started)
	if down && fresh {
		if _, known := m.down[s.Sentinel]; !known && len(m.down) < maxSentinels {
			m.down[s.Sentinel] = at.Add(-in.SDownTime.Value)
		}
	}
	m.hasMasterAt(s.Sentinel, in.Addr, at)
	m.leadsNone(s, in, at)
	f := m.running()
	if f == nil && len(m.down) == 0 {
		return fresh
	}
	m.look(s.Sentinel, in, at)
	if a := m.open[s.Sentinel]; a != nil && f != nil {
		a.flagged(in.Flags)
	}
	return fresh
}

// leadsNone takes in that a Sentinel has no failover in progress: an attempt in which its stream was down has ended
// then, and well if the Sentinel has the replica that it has chosen for the master. What it publishes of the end may come a moment later.
func (m *masterHistory) leadsNone(s *sentinel.Snapshot, in *sentinel.Master, at time.Time) {
	const moment = 2 * time.Second
	a := m.open[s.Sentinel]
	if a != nil && s.Info != nil {
		if a.cut && a.outlived(s) {
			m.unfinished(a, at, restartedMeanwhile)
			return
		}
		if !a.cut && s.Started.After(a.start) {
			a.process = strings.Clone(s.Info.RunID)
		}
	}
	if a == nil || !a.cut || in.Flags.Has(sentinel.FlagFailoverInProgress) || s.Started.Sub(m.heard) < moment {
		return
	}
	if stream := m.history.streams[s.Sentinel]; stream == nil || !stream.up || s.Started.Sub(stream.since) < moment {
		return
	}
	if f := a.failover; f.leads(a) && f.to != "" && f.to == text(in.Addr) && a.master == f.from && !m.hasLeft(a) {
		if f.givenUp() {
			f.resume()
		}
		delete(m.open, a.sentinel)
		a.partly, a.endUnseen = true, true
		f.switchedUnseen(at)
		return
	}
	m.unseen(a, at, "its end was not seen")
}

// outlived reports whether the Sentinel is another process than the one that has made the attempt.
func (a *attempt) outlived(s *sentinel.Snapshot) bool {
	const exact = time.Second // of the uptime
	return a.process != "" && a.process != s.Info.RunID ||
		s.Info.Uptime.Present && s.Started.Add(-s.Info.Uptime.Value-exact).After(a.start)
}

// look keeps the replicas of a master as a Sentinel has them.
func (m *masterHistory) look(address string, in *sentinel.Master, at time.Time) {
	c := candidatesOf{sentinel: strings.Clone(address), at: at, master: text(in.Addr), failoverTimeout: in.FailoverTimeout}
	for i := range in.Replicas {
		if len(c.replicas) == maxListed {
			break
		}
		r := &in.Replicas[i]
		kept := sentinel.Replica{Priority: r.Priority, ReplOffset: r.ReplOffset}
		kept.Addr, kept.RunID = text(r.Addr), strings.Clone(r.RunID)
		c.replicas = append(c.replicas, candidate{kept, in.Unpromotable(r)})
	}
	if len(m.seen) == keptCandidates {
		m.seen = slices.Delete(m.seen, 0, 1)
	}
	m.seen = append(m.seen, c)
	if in.Flags.Has(sentinel.FlagSDown) && in.LastOKPingReply.Present {
		m.lastReply = at.Add(-in.LastOKPingReply.Value)
	}
}

// seenBy returns the last look of a Sentinel at the replicas before a time, or else the first one
// after it; nil if there is none.
func (m *masterHistory) seenBy(address string, before time.Time) *candidatesOf {
	var after *candidatesOf
	for i := range slices.Backward(m.seen) {
		c := &m.seen[i]
		if c.sentinel != address {
			continue
		}
		if !c.at.After(before) {
			return c
		}
		after = c
	}
	return after
}

// candidates returns the replicas that the leader could choose from, with the rule that decided.
func (f *failover) candidates() []Candidate {
	list := []Candidate{}
	if f.leader != nil && f.looked == nil {
		at := f.leader.steps[sentinel.EventSelectedSlave]
		if at.IsZero() {
			at = f.leader.end
		}
		if c := f.master.seenBy(f.leader.sentinel, at); c != nil && c.master == f.from && c.at.Sub(f.began).Abs() < time.Minute {
			f.looked = c
			f.candidateList = c.judge(f.leader.steps[sentinel.EventSelectedSlave], f.to)
		}
	}
	if f.candidateList != nil {
		return slices.Clone(f.candidateList)
	}
	if f.leader != nil && !f.leader.steps[sentinel.EventSelectedSlave].IsZero() {
		list = append(list, Candidate{Replica: f.to, Chosen: true})
	}
	return list
}

// judge says of each replica why it was chosen, or not.
func (c *candidatesOf) judge(selected time.Time, to string) []Candidate {
	var chosen *candidate
	for i := range c.replicas {
		if c.replicas[i].replica.Addr == to && !selected.IsZero() {
			chosen = &c.replicas[i]
		}
	}
	list := []Candidate{}
	for i := range c.replicas {
		r := &c.replicas[i]
		at := c.at
		entry := Candidate{Replica: r.replica.Addr, Chosen: r == chosen, Reason: r.unfit, At: &at}
		if r.replica.ReplOffset.Present {
			offset := r.replica.ReplOffset.Value
			entry.Offset = &offset
		}
		switch {
		case chosen == nil:
		case r == chosen:
			entry.Reason = whyChosen(c.replicas, chosen)
		case r.unfit == "":
			entry.Reason = sentinel.Preference(&chosen.replica, &r.replica).Against(&r.replica, &chosen.replica)
		}
		list = append(list, entry)
	}
	if chosen == nil && !selected.IsZero() {
		list = append(list, Candidate{Replica: to, Chosen: true})
	}
	slices.SortStableFunc(list, func(a, b Candidate) int {
		switch {
		case a.Chosen == b.Chosen:
			return strings.Compare(a.Replica, b.Replica)
		case a.Chosen:
			return -1
		}
		return 1
	})
	return list
}

// whyChosen names the rules by which the others came after the chosen replica.
func whyChosen(all []candidate, chosen *candidate) string {
	var rules []string
	for i := range all {
		other := &all[i]
		if other == chosen || other.unfit != "" {
			continue
		}
		if rule := sentinel.Preference(&chosen.replica, &other.replica).String(); !slices.Contains(rules, rule) {
			rules = append(rules, rule)
		}
	}
	if len(rules) == 0 {
		return "it was the only one that could be promoted"
	}
	slices.Sort(rules)
	return "it comes first by " + strings.Join(rules, " and ")
}

// nextAttempt returns the earliest time at which a Sentinel tries again after an attempt:
// it waits for twice the failover-timeout from its start.
func (m *masterHistory) nextAttempt(a *attempt) time.Time {
	c := m.seenBy(a.sentinel, a.start)
	if c == nil || !c.failoverTimeout.Present {
		return time.Time{}
	}
	return a.start.Add(2 * c.failoverTimeout.Value)
}

// clock measures how far the clock of a Sentinel is ahead. Its INFO was made between the start of the
// snapshot and its end.
func (h *History) clock(s *sentinel.Snapshot) {
	if s.Info == nil || !s.Info.ServerTime.Present {
		return
	}
	offset := s.Info.ServerTime.Value.Sub(s.Started.Add(s.Duration / 2))
	c := Clock{Sentinel: text(s.Sentinel), OffsetSeconds: offset.Seconds(), ErrorSeconds: (s.Duration / 2).Seconds()}
	if _, known := h.clocks[s.Sentinel]; known || len(h.clocks) < maxSentinels {
		h.clocks[strings.Clone(s.Sentinel)] = c
	}
}

// clocksNow returns the clocks of the Sentinels, sorted.
func (h *History) clocksNow() []Clock {
	clocks := []Clock{}
	for _, address := range slices.Sorted(maps.Keys(h.clocks)) {
		if len(clocks) < maxListed {
			clocks = append(clocks, h.clocks[address])
		}
	}
	return clocks
}

// observeWell notes when the Sentinels were first seen to agree after the last switch, with all replicas
// linked.
func (m *masterHistory) observeWell(snapshots []*sentinel.Snapshot) {
	last := len(m.failovers) - 1
	for last >= 0 && m.failovers[last].happenedAt.IsZero() { // attempts that were given up can come after it
		last--
	}
	if last < 0 || !m.failovers[last].well.IsZero() {
		return
	}
	f := m.failovers[last]
	var at time.Time
	for _, s := range snapshots {
		if !s.Up() {
			continue
		}
		in := s.Master(m.name)
		if in == nil || text(in.Addr) != f.to || in.Flags.Any(sentinel.FlagSDown|sentinel.FlagFailoverInProgress|sentinel.FlagDisconnected) ||
			len(in.Replicas) == 0 || slices.ContainsFunc(in.Replicas, func(r sentinel.Replica) bool { return !r.OK() }) {
			return
		}
		at = s.Started.Add(s.Duration)
	}
	if at.After(f.happenedAt) {
		f.well = at
		f.touch(at)
	}
}
