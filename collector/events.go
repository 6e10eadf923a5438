package collector

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/sentinel"
)

// Limits on what the network can make the exporter keep.
const (
	// maxEventMasters is how many masters' events are counted by name; each Sentinel may name an
	// equal part of them.
	maxEventMasters = 4096
	maxNameBytes    = 1024 // Sentinel cuts a payload there, so no real name is longer
	// forgetAfter is how long a master is kept after the last snapshot or event with it.
	forgetAfter = time.Hour
)

// Events counts and keeps the events of one deployment, for the metrics and for /status. What
// they say of failovers it has from the history.
// Do not derive the state of a master from it: events get lost, and a switch ends +odown
// without -odown.
type Events struct {
	logger  *slog.Logger
	history *history.History

	mu        sync.Mutex // guards the fields below
	names     []string   // events that are counted by name
	sorted    []string   // names and otherEvent
	index     map[string]int
	masters   map[string]*eventMaster
	named     map[string]int          // how many of them each Sentinel named first
	counts    map[source][]uint64     // by the index of the event's name, the last one of otherEvent; nil until the first event
	streams   map[string]*streamState // by Sentinel
	switched  map[string]time.Time    // when a master last switched
	durations failoverDurations
	writable  map[string]float64 // seconds for which old masters of a master were masters
	recent    recentUpdates
}

// An eventMaster is a master whose events are counted.
type eventMaster struct {
	name  string    // a copy: the name in an event would keep the whole message in memory
	by    string    // the Sentinel that named it first
	heard time.Time // of the last snapshot or event with it
}

// NewEvents returns an empty Events, which passes on to h what it is told. It logs switches, and streams that break.
func NewEvents(h *history.History, logger *slog.Logger) *Events {
	e := &Events{
		logger:    logger,
		history:   h,
		names:     sentinel.EventNames(),
		index:     make(map[string]int),
		masters:   make(map[string]*eventMaster),
		named:     make(map[string]int),
		counts:    make(map[source][]uint64),
		streams:   make(map[string]*streamState),
		switched:  make(map[string]time.Time),
		durations: newFailoverDurations(),
		writable:  make(map[string]float64),
	}
	e.sorted = slices.Sorted(slices.Values(append(slices.Clone(e.names), otherEvent)))
	for i, name := range e.names {
		e.index[name] = i
	}
	return e
}

// Handle processes an update of a stream. It may be called concurrently, and blocks only
// while another call runs.
func (e *Events) Handle(n *sentinel.StreamUpdate) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if n.Kind != sentinel.StreamFailed {
		e.recent.add(n)
	}
	if n.Kind == sentinel.StreamEnded {
		e.leave(n.Sentinel)
	} else {
		e.stream(n.Sentinel).note(n, e.logger)
	}
	if n.Kind == sentinel.StreamEvent {
		e.count(n)
	}
	e.apply(e.history.Handle(n))
}

// apply takes in what the history has found.
func (e *Events) apply(changes []history.Change) {
	for _, c := range changes {
		if s := c.Switch; s != nil {
			e.logger.Info("Master switched", "master", c.Master, "from", s.From, "to", s.To, "sentinel", s.Sentinel)
		}
		master := e.masters[c.Master]
		switch {
		case master == nil: // it is one too many
		case c.Ended != nil:
			e.durations.ended(master.name, c.Ended)
		case c.Switch != nil:
			if c.Switch.At.After(e.switched[master.name]) {
				e.switched[master.name] = c.Switch.At
			}
		default:
			e.writable[master.name] += c.OldMaster.Seconds()
		}
	}
}

// History returns the history of the same events; nil of a nil Events.
func (e *Events) History() *history.History {
	if e == nil {
		return nil
	}
	return e.history
}

// Observe takes in snapshots of all Sentinels. Those of a page are taken in when it is written.
func (e *Events) Observe(snapshots []*sentinel.Snapshot) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.observe(snapshots)
}

// leave forgets a Sentinel that is no longer asked.
func (e *Events) leave(address string) {
	delete(e.streams, address)
	for s := range e.counts {
		if s.sentinel == address {
			delete(e.counts, s)
		}
	}
}

// count counts an event.
func (e *Events) count(n *sentinel.StreamUpdate) {
	i, known := e.index[n.Event.Name]
	if !known {
		i = len(e.names)
	}
	s := source{n.Sentinel, e.master(n.Sentinel, n.Event.Master, n.Time)}
	if e.counts[s] == nil {
		e.counts[s] = make([]uint64, len(e.names)+1)
	}
	e.counts[s][i]++
}

// master returns the name under which a master is counted: its own, or "" if the Sentinel has
// named too many.
func (e *Events) master(by, name string, now time.Time) string {
	if name == "" || len(name) > maxNameBytes {
		return ""
	}
	m := e.masters[name]
	if m == nil {
		if e.named[by] >= maxEventMasters/max(len(e.streams), 1) {
			return ""
		}
		m = &eventMaster{name: strings.Clone(name), by: by}
		e.masters[m.name] = m
		e.named[by]++
	}
	m.heard = now
	return m.name
}

// expect makes a source known before its first event.
func (e *Events) expect(s source) {
	if _, known := e.counts[s]; !known {
		e.counts[s] = nil
	}
}

func (e *Events) stream(address string) *streamState {
	s := e.streams[address]
	if s == nil {
		s = &streamState{}
		e.streams[address] = s
	}
	return s
}

// Recent returns the last 200 updates, the oldest first: events, and gaps in the streams.
// A nil Events has none.
func (e *Events) Recent() []sentinel.StreamUpdate {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.recent.all()
}

// observe creates the series of all Sentinels and masters in the snapshots, and forgets
// masters that are gone.
func (e *Events) observe(snapshots []*sentinel.Snapshot) {
	var now time.Time
	for _, s := range snapshots {
		e.stream(s.Sentinel)
		e.expect(source{sentinel: s.Sentinel})
		if !s.Up() {
			continue
		}
		now = s.Started
		for i := range s.Masters {
			if name := e.master(s.Sentinel, s.Masters[i].Name, s.Started); name != "" {
				e.expect(source{s.Sentinel, name})
			}
		}
	}
	e.apply(e.history.Observe(snapshots))
	if !now.IsZero() {
		e.forget(now.Add(-forgetAfter))
	}
}

// forget drops the masters last heard of before a time.
func (e *Events) forget(before time.Time) {
	for name, m := range e.masters {
		if !m.heard.Before(before) {
			continue
		}
		delete(e.masters, name)
		if e.named[m.by]--; e.named[m.by] == 0 {
			delete(e.named, m.by)
		}
		delete(e.switched, name)
		delete(e.writable, name)
		e.durations.forget(name)
		for s := range e.counts {
			if s.master == name {
				delete(e.counts, s)
			}
		}
	}
}

// rows returns the current rows of the tables.
func (e *Events) rows(snapshots []*sentinel.Snapshot) *eventRows {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.observe(snapshots)
	r := &eventRows{counts: e.countRows()}
	for address, s := range e.streams {
		r.streams = append(r.streams, streamRow{sentinel: address, up: s.up, losses: s.losses})
	}
	for _, master := range slices.Sorted(maps.Keys(e.masters)) {
		r.failovers = e.durations.appendRows(r.failovers, master)
		r.old = append(r.old, oldMasterRow{master, e.writable[master]})
	}
	for master, at := range e.switched {
		r.switches = append(r.switches, switchRow{master: master, at: at})
	}
	return r
}
