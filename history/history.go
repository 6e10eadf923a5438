package history

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"redis_sentinel_exporter/internal/printable"
	"redis_sentinel_exporter/sentinel"
)

// Limits on what the network can make a History keep.
const (
	maxMasters   = 4096 // that something happens to at one time; an equal part for each Sentinel
	maxSentinels = 256
	maxText      = 256 // bytes of a name or an address in a record
	maxListed    = 64  // entries of each list in a record
	maxVotes     = 256 // of all masters, the last ones
	maxGaps      = 64  // of each Sentinel, the last ones
	// votesFor is how long votes are kept for failovers that begin about that time.
	votesFor = 5 * time.Minute
	// keptFailovers is how many failovers of a master can still change.
	keptFailovers = 8
	// quietAfter is how long after its last event a failover is taken for complete: the news of
	// a broken stream takes up to 10 s. What comes later changes it again.
	quietAfter = 15 * time.Second
	// lateReport is how long a +switch-master can belong to an earlier failover: a Sentinel
	// that was cut off hears of it only when it is back.
	lateReport = 15 * time.Minute
	// forgetAfter is how long after the last event of a master its failovers stay open.
	forgetAfter = 30 * time.Minute
)

// DefaultMaxBytes is what a History keeps unless it is told otherwise.
const DefaultMaxBytes = 4 << 20

// Options are the settings of a History. Its zero value is a good one.
type Options struct {
	// Deployment is its name in the records.
	Deployment string
	// MaxBytes bounds the records that are kept, as JSON; DefaultMaxBytes if it is 0. The oldest go first.
	MaxBytes int
	// Save, if set, is called with each record that has an outcome, as one line of JSON, and again
	// if it changes later. It must not call the History, nor change the line.
	Save func(line []byte)
	// Saved are the records of before.
	Saved Saved
}

// A Change is what has become certain with an update or a snapshot. One of the fields is set.
type Change struct {
	Master string
	// Ended is a failover whose start and end were seen.
	Ended *Ended
	// Switch is a switch that has happened: a Sentinel has the master at the new address.
	Switch *Switch
	// OldMaster is how long a node beside the master took writes as one, which is over now.
	OldMaster time.Duration
}

// An Ended is a failover with its duration.
type Ended struct {
	Outcome Outcome
	Seconds float64
}

// A Switch is a switch of a master. At is when a Sentinel first published it.
type Switch struct {
	From, To, Sentinel string
	At                 time.Time
}

// A History has the failovers of one deployment. Its methods may be called concurrently.
type History struct {
	options Options

	mu      sync.Mutex // guards the fields below
	masters map[string]*masterHistory
	named   map[string]int     // how many of them each Sentinel has named
	streams map[string]*stream // by Sentinel
	ids     map[string]string  // the addresses of the Sentinels, by their ids
	votes   []vote             // the newest last
	clocks  map[string]Clock   // by Sentinel
	store   store              // of the records that are complete
	changes []Change           // of the current call
	decided []*failover        // that have got an outcome in the current call
	now     time.Time          // of the last update or snapshot
	count   int                // of the failovers
	settled time.Time          // when it was last looked which failovers are complete
	wanted  chan struct{}
}

// A stream is what is known of the event stream of a Sentinel.
type stream struct {
	epoch sentinel.Number // if its last event was +new-epoch
	heard sentinel.Number // the last one of which it has published that, since the stream is up
	up    bool
	since time.Time // when it was last up again, or broke
	known bool      // a snapshot since it is up has said which masters are down
	gaps  []Gap     // the newest last
	// trusted: nothing of the Sentinel tells where it has the master but +switch-master.
	trusted bool
	ended   bool // the Sentinel is asked no longer, or this is the end of its log
}

type vote struct {
	sentinel, id string
	epoch        int64
	at           time.Time
}

// New returns an empty History.
func New(o Options) *History {
	o.MaxBytes = cmp.Or(o.MaxBytes, DefaultMaxBytes)
	before := o.Saved.store
	before.limit, o.Saved = o.MaxBytes, Saved{}
	return &History{
		options: o,
		masters: make(map[string]*masterHistory),
		named:   make(map[string]int),
		streams: make(map[string]*stream),
		ids:     make(map[string]string),
		clocks:  make(map[string]Clock),
		store:   before,
		wanted:  make(chan struct{}, 1),
	}
}

// Handle takes in an update of a stream, and returns what has become certain by it.
func (h *History) Handle(n *sentinel.StreamUpdate) []Change {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begin(n.Time)
	s := h.stream(n.Sentinel)
	if s == nil {
		return nil
	}
	switch n.Kind {
	case sentinel.StreamEvent:
		h.event(s, n)
	case sentinel.StreamUp:
		s.up, s.since, s.known, s.ended = true, n.Time, false, false
		s.closeGap(n.Time)
		h.ask()
	case sentinel.StreamLost, sentinel.StreamDropped, sentinel.StreamEnded:
		h.gap(s, n)
	case sentinel.StreamFailed:
		s.openGap(n.Sentinel, n.Time)
	}
	h.settle()
	return h.changes
}

// Wanted has a value when a snapshot of now, given to Observe, would tell more of what has begun
// than a later one: which replicas could be promoted, or which masters are down.
func (h *History) Wanted() <-chan struct{} { return h.wanted }

func (h *History) ask() {
	select {
	case h.wanted <- struct{}{}:
	default:
	}
}

// begin starts a call at a time.
func (h *History) begin(at time.Time) {
	h.changes, h.decided = nil, nil
	if at.After(h.now) {
		h.now = at
	}
}

// stream returns what is known of a Sentinel; nil if there are too many.
func (h *History) stream(address string) *stream {
	s := h.streams[address]
	if s == nil && len(h.streams) < maxSentinels {
		s = &stream{}
		h.streams[address] = s
	}
	return s
}

// gap takes in that events of a Sentinel may be missing.
func (h *History) gap(s *stream, n *sentinel.StreamUpdate) {
	since := n.Since
	if since.IsZero() {
		since = n.Time
	}
	s.openGap(n.Sentinel, since)
	s.epoch, s.heard, s.known = sentinel.Number{}, sentinel.Number{}, false
	switch n.Kind {
	case sentinel.StreamDropped:
		s.closeGap(n.Time)
	case sentinel.StreamEnded:
		s.up, s.since, s.ended = false, n.Time, true
	default:
		s.up, s.since = false, n.Time
	}
	for _, m := range h.masters {
		m.cut(n.Sentinel)
	}
}

// deaf reports whether something that a Sentinel has published since a time may be missing.
func (h *History) deaf(address string, since time.Time) bool {
	s := h.streams[address]
	if s == nil || !s.up {
		return true
	}
	last := len(s.gaps) - 1
	return last >= 0 && (s.gaps[last].To == nil || s.gaps[last].To.After(since))
}

func (s *stream) openGap(address string, from time.Time) {
	if n := len(s.gaps); n > 0 && s.gaps[n-1].To == nil {
		return
	}
	if len(s.gaps) == maxGaps {
		s.gaps = slices.Delete(s.gaps, 0, 1)
	}
	s.gaps = append(s.gaps, Gap{Sentinel: text(address), From: from})
}

func (s *stream) closeGap(to time.Time) {
	if n := len(s.gaps); n > 0 && s.gaps[n-1].To == nil {
		s.gaps[n-1].To = &to
	}
}

// event takes in one event.
func (h *History) event(s *stream, n *sentinel.StreamUpdate) {
	epoch := s.epoch
	s.epoch = sentinel.Number{}
	e := &n.Event
	switch e.Name {
	case sentinel.EventNewEpoch:
		s.epoch, s.heard = e.Epoch, e.Epoch
		return
	case sentinel.EventVoteForLeader:
		h.vote(n)
		return
	}
	if e.Kind == "sentinel" && e.Node != "" && h.ids[text(e.Node)] == "" { // the address by which it is asked is better
		h.knows(e.Node, e.Address)
	}
	m := h.master(n.Sentinel, e.Master, begins(e))
	if m == nil {
		return
	}
	m.heard = n.Time
	m.event(n, epoch)
}

// vote keeps a vote until the failover that it is about is known.
func (h *History) vote(n *sentinel.StreamUpdate) {
	id, _, _ := strings.Cut(n.Event.Details, " ")
	if !n.Event.Epoch.Present {
		return
	}
	if len(h.votes) == maxVotes {
		h.votes = slices.Delete(h.votes, 0, 1)
	}
	h.votes = append(h.votes, vote{sentinel: n.Sentinel, id: text(id), epoch: n.Event.Epoch.Value, at: n.Time})
}

// knows takes in the address of the Sentinel with an id.
func (h *History) knows(id, address string) {
	if _, known := h.ids[id]; known || len(h.ids) < maxSentinels {
		h.ids[text(id)] = text(address)
	}
}

// begins reports whether an event can be the first of a failover, or of a time in which an
// old master takes writes.
func begins(e *sentinel.Event) bool {
	switch e.Name {
	case sentinel.EventSDown, sentinel.EventODown:
		return e.Kind == sentinel.RoleMaster
	case sentinel.EventTryFailover, sentinel.EventElectedLeader, sentinel.EventSelectSlave, sentinel.EventSelectedSlave,
		sentinel.EventSendSlaveOfNoOne, sentinel.EventWaitPromotion, sentinel.EventPromotedSlave, sentinel.EventReconfSlaves,
		sentinel.EventFailoverEnd, sentinel.EventSwitchMaster, sentinel.EventRoleWrong:
		return true
	}
	return false
}

// master returns what is known of a master. It is nil if nothing is, unless something begins that this Sentinel
// tells of, and if that has named too many.
func (h *History) master(by, name string, begins bool) *masterHistory {
	m := h.masters[name]
	if m != nil || !begins || name == "" || len(name) > maxName || h.named[by] >= maxMasters/max(len(h.streams), 1) {
		return m
	}
	m = newMasterHistory(h, strings.Clone(name))
	m.by = strings.Clone(by)
	h.masters[m.name] = m
	h.named[m.by]++
	return m
}

// forget removes a master.
func (h *History) forget(m *masterHistory) {
	delete(h.masters, m.name)
	if h.named[m.by]--; h.named[m.by] == 0 {
		delete(h.named, m.by)
	}
}

// maxName is where Sentinel cuts a payload, so that no real name is longer.
const maxName = 1024

// text returns what a Sentinel has chosen, for a record: a copy, short enough, and fit to be shown.
func text(s string) string { return printable.Clip(strings.Clone(s), maxText) }

// Name is how the records name a master.
func Name(master string) string { return text(master) }

// settle stores the failovers that have got an outcome, at once since the exporter may be killed, and again those
// that have changed since and are complete. It forgets the masters that have been quiet for long.
func (h *History) settle() {
	if h.now.Sub(h.settled) >= time.Second {
		h.settled = h.now
		h.tidy()
	}
	for _, f := range h.decided {
		if f.changed {
			f.keep()
		}
	}
}

// tidy looks at what time alone has changed.
func (h *History) tidy() {
	if old := slices.IndexFunc(h.votes, func(v vote) bool { return h.now.Sub(v.at) < votesFor }); old != 0 {
		h.votes = slices.Clone(h.votes[max(old, 0):])
		if old < 0 {
			h.votes = nil
		}
	}
	for _, m := range h.masters {
		m.settle(h.now)
		if h.now.Sub(m.heard) > forgetAfter && len(m.down) == 0 && len(m.old) == 0 || h.now.Sub(m.heard) > 24*time.Hour {
			m.leave()
			h.forget(m)
		}
	}
}

// Close stores what has not been stored yet. A failover that is under way stays without an end.
func (h *History) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.masters {
		for _, f := range m.failovers {
			if f.outcome == "" && f.ended.IsZero() {
				f.endUnseen = true
				f.touch(f.touched)
			}
			if f.changed {
				f.keep()
			}
		}
	}
}

// Inherit takes over the records that another History of the same deployment has stored by now, as those of before: at first, and
// when that is closed.
func (h *History) Inherit(before *History) {
	before.mu.Lock()
	lines := slices.Clone(before.store.lines)
	before.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, line := range lines {
		h.store.put(line)
	}
}

// A Query selects records.
type Query struct {
	Master string
	All    bool      // of all masters: Master is not looked at, and may be empty
	Since  time.Time // no record that began before
	Limit  int       // at most so many; 0 for all
}

// Records returns the records that a query selects, the newest first. A failover that is
// under way has no outcome yet.
func (h *History) Records(q Query) []Record {
	h.mu.Lock()
	defer h.mu.Unlock()
	var records []Record
	name := text(q.Master)
	wanted := func(master string, started time.Time) bool {
		return (q.All || master == name) && !started.Before(q.Since)
	}
	open := h.open()
	for _, r := range open {
		if wanted(r.Master, r.Started) {
			records = append(records, r)
		}
	}
	var lines []storedLine
	for _, line := range slices.Backward(h.store.lines) {
		if _, fresher := open[line.id]; !fresher && wanted(line.master, line.started) {
			lines = append(lines, line)
		}
	}
	slices.SortStableFunc(lines, func(a, b storedLine) int { return b.started.Compare(a.started) })
	if q.Limit > 0 && len(lines) > q.Limit {
		lines = lines[:q.Limit]
	}
	for _, line := range lines {
		if r, ok := line.record(); ok {
			records = append(records, r)
		}
	}
	slices.SortStableFunc(records, func(a, b Record) int { return b.Started.Compare(a.Started) })
	if q.Limit > 0 && len(records) > q.Limit {
		records = records[:q.Limit]
	}
	return records
}

// open returns the records of the failovers that can still change, by id.
func (h *History) open() map[string]Record {
	open := make(map[string]Record)
	for _, m := range h.masters {
		for _, f := range m.failovers {
			open[f.id] = f.record()
		}
	}
	return open
}

// Last returns the last failover of each master, by its name.
func (h *History) Last() map[string]Record {
	h.mu.Lock()
	defer h.mu.Unlock()
	open, lines := h.open(), make(map[string]storedLine)
	for _, line := range h.store.lines {
		if _, fresher := open[line.id]; !fresher && !line.started.Before(lines[line.master].started) {
			lines[line.master] = line
		}
	}
	last := make(map[string]Record)
	for master, line := range lines {
		if r, ok := line.record(); ok {
			last[master] = r
		}
	}
	for _, r := range open {
		if !r.Started.Before(last[r.Master].Started) {
			last[r.Master] = r
		}
	}
	return last
}

// sentinelName returns the address of the Sentinel with an id, or the id.
func (h *History) sentinelName(id string) string {
	return cmp.Or(h.ids[id], id)
}

// listened counts the Sentinels that are listened to.
func (h *History) listened() int {
	n := 0
	for s := range maps.Values(h.streams) {
		if !s.ended {
			n++
		}
	}
	return n
}
