package history

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// A Log is what the log files of one Sentinel are.
type Log struct {
	Sentinel string   `json:"sentinel"` // its address where another log names it, or the name of the file, or Source
	Files    []string `json:"files"`
	Source   string   `json:"source,omitempty"` // the name before its lines, in a file that has such names
	// LocalTimes: some have no zone, and were taken for those of the given one.
	LocalTimes bool `json:"local_times"`
	// OffsetSeconds is how far its clock is ahead of that of the first log, by ErrorSeconds more
	// or less; null if the two have no event in common.
	OffsetSeconds *float64  `json:"offset_seconds"`
	ErrorSeconds  float64   `json:"error_seconds"`
	From          time.Time `json:"from"`
	To            time.Time `json:"to"`
}

// A logOf is the log of one Sentinel.
type logOf struct {
	Log
	id      string
	port    string
	tried   bool // its last vote was before its last +try-failover
	lines   []logLine
	trusted bool          // it has no notices: +switch-master has to do
	offset  time.Duration // of its clock
	compare bool          // the offset is known

	down map[string]map[string]time.Time // by master: the replicas that it holds to be down where it is replayed, and since when
}

// ReadLogs returns the records that the Sentinels' own log files hold, the newest first, and whose logs
// these are. Times are brought to the clock of the first log; those that have no zone are of the given one.
func ReadLogs(files []LogFile, zone *time.Location) ([]Record, []Log, error) {
	logs, err := readLogs(files, zone)
	if err != nil {
		return nil, nil, err
	}
	name(logs)
	compareClocks(logs)
	h := New(Options{MaxBytes: 1 << 30})
	h.replay(logs)
	h.Close()
	records := h.Records(Query{All: true})
	var described []Log
	for _, l := range logs {
		described = append(described, l.Log)
	}
	for i := range records {
		finish(&records[i], logs)
	}
	return records, described, nil
}

// readLogs reads the files. Those of one Sentinel become one log.
func readLogs(files []LogFile, zone *time.Location) ([]*logOf, error) {
	var logs []*logOf
	for _, f := range files {
		read, err := readLog(f, zone)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		for _, l := range read {
			if i := slices.IndexFunc(logs, func(m *logOf) bool { return m.same(l) }); i >= 0 {
				logs[i].merge(l)
			} else {
				logs = append(logs, l)
			}
		}
	}
	for _, l := range logs {
		slices.SortStableFunc(l.lines, func(a, b logLine) int { return a.at.Compare(b.at) })
		l.From, l.To = l.lines[0].at, l.lines[len(l.lines)-1].at
		l.LocalTimes = slices.ContainsFunc(l.lines, func(line logLine) bool { return line.local })
		l.trusted = !slices.ContainsFunc(l.lines, func(line logLine) bool { return line.notice })
	}
	return logs, nil
}

// same reports whether two logs are of one Sentinel: by its id or, where one of them has none, by the names
// of a rotated file and of who wrote the lines.
func (l *logOf) same(other *logOf) bool {
	if l.id != "" && other.id != "" {
		return l.id == other.id
	}
	return l.Source == other.Source && slices.ContainsFunc(l.Files, func(f string) bool { return stem(f) == stem(other.Files[0]) })
}

// stem returns the name of a log without what rotation adds to it.
func stem(file string) string {
	return regexp.MustCompile(`([-.](\d{1,3}|\d{8}(-?\d+)?|\d{4}-\d\d-\d\d\S*))?(\.gz)?$`).ReplaceAllString(file, "")
}

// merge adds the lines of another file of the same Sentinel. A line that both have is one.
func (l *logOf) merge(other *logOf) {
	l.Files = append(l.Files, other.Files...)
	if l.id == "" {
		l.id = other.id
	}
	if l.port == "" {
		l.port = other.port
	}
	have := make(map[logLine][]int) // the places of those that are alike
	for i, line := range l.lines {
		have[line.asWritten()] = append(have[line.asWritten()], i)
	}
	var added []logLine
	for _, line := range other.lines {
		if places := have[line.asWritten()]; len(places) > 0 {
			if l.lines[places[0]].local { // the other one may know the zone
				l.lines[places[0]] = line
			}
			have[line.asWritten()] = places[1:]
			continue
		}
		added = append(added, line)
	}
	if other.lines[0].at.Before(l.lines[0].at) { // of lines of the same millisecond the earlier file's come first
		l.lines = append(added, l.lines...)
	} else {
		l.lines = append(l.lines, added...)
	}
}

// name gives each log the address of its Sentinel, where another log has it.
func name(logs []*logOf) {
	addresses := make(map[string]string)
	for _, l := range logs {
		for _, line := range l.lines {
			if e, is := eventIn(line.message); is && e.Kind == "sentinel" && e.Name == "+sentinel" {
				addresses[e.Node] = e.Address
			}
		}
	}
	used := make(map[string]bool)
	for _, l := range logs {
		if address := addresses[l.id]; address != "" && !used[address] {
			l.Sentinel = address
		}
		for n := 2; used[l.Sentinel]; n++ {
			l.Sentinel = fmt.Sprintf("%s (%d)", filepath.Base(l.Files[0]), n)
		}
		used[l.Sentinel] = true
	}
}

// eventIn returns the event of a message; false if it is none.
func eventIn(message string) (sentinel.Event, bool) {
	name, payload, _ := strings.Cut(message, " ")
	if len(name) < 2 || name[0] != '+' && name[0] != '-' || name[1] < 'a' || name[1] > 'z' {
		return sentinel.Event{}, false
	}
	return sentinel.ParseEvent(name, payload), true
}

// replay lets the History take in the logs as if it had heard the events.
func (h *History) replay(logs []*logOf) {
	next := make([]int, len(logs))
	began := make([]bool, len(logs))
	for {
		first := -1
		for i, l := range logs {
			if next[i] < len(l.lines) && (first < 0 || l.time(next[i]).Before(logs[first].time(next[first]))) {
				first = i
			}
		}
		if first < 0 {
			return
		}
		if !began[first] {
			for i, l := range logs { // all are listened to
				h.Handle(&sentinel.StreamUpdate{Sentinel: l.Sentinel, Time: logs[first].time(next[first]), Kind: sentinel.StreamUp})
				if s := h.stream(l.Sentinel); s != nil {
					s.trusted = l.trusted
				}
				if l.id != "" {
					h.knows(l.id, l.Sentinel)
				}
				began[i] = true
			}
		}
		l := logs[first]
		h.replayLine(l, next[first])
		next[first]++
		if i := next[first]; i == len(l.lines) || l.begins(i) { // nothing more comes of this process
			if s := h.stream(l.Sentinel); s != nil {
				s.ended = true
			}
			for _, m := range h.masters {
				m.cut(l.Sentinel)
			}
		}
	}
}

// time is when a line was written, by the clock of the first log.
func (l *logOf) time(i int) time.Time { return l.lines[i].at.Add(-l.offset) }

// replayLine lets the History take in one line.
func (h *History) replayLine(l *logOf, i int) {
	message, at := l.lines[i].message, l.time(i)
	if e, is := eventIn(message); is {
		l.noteReplica(&e, at)
		a := h.attemptOf(l.Sentinel, e.Master)
		h.Handle(&sentinel.StreamUpdate{Sentinel: l.Sentinel, Time: at, Event: e})
		if a == nil {
			a = h.attemptOf(l.Sentinel, e.Master) // its start is not in the log
		}
		if (e.Name == sentinel.EventSelectedSlave || e.Name == sentinel.EventAbortNoGoodSlave) && a != nil && a.failover.leader == a {
			a.failover.candidateList = l.candidates(&e)
		}
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if master, found := strings.CutPrefix(message, "Executing user requested FAILOVER of '"); found {
		if m := h.master(l.Sentinel, strings.TrimSuffix(master, "'"), true); m != nil {
			m.heard = at
			m.requested[l.Sentinel] = at
		}
	}
	if when, found := strings.CutPrefix(message, "Next failover delay: I will not start a failover before "); found {
		if next, err := time.Parse(time.ANSIC, when); err == nil {
			h.delayed(l.Sentinel, next.Add(-l.lines[i].zone-l.offset))
		}
	}
	if strings.Contains(message, "Running mode=sentinel") {
		h.restarted(l, i)
	}
}

// attemptOf returns what a Sentinel tries for a master; nil if it tries nothing.
func (h *History) attemptOf(address, master string) *attempt {
	if m := h.masters[master]; m != nil {
		return m.open[address]
	}
	return nil
}

// noteReplica takes in that a Sentinel holds a replica to be down, or no longer.
func (l *logOf) noteReplica(e *sentinel.Event, at time.Time) {
	switch e.Name {
	case sentinel.EventSDown:
		if e.Kind != sentinel.RoleReplica || len(l.down[e.Master]) == maxListed {
			return
		}
		if l.down == nil {
			l.down = make(map[string]map[string]time.Time)
		}
		if l.down[e.Master] == nil {
			l.down[e.Master] = make(map[string]time.Time)
		}
		l.down[e.Master][e.Address] = at
	case sentinel.EventSDownEnd:
		if e.Kind == sentinel.RoleReplica {
			delete(l.down[e.Master], e.Address)
		}
	case sentinel.EventSwitchMaster, sentinel.EventResetMaster, sentinel.EventMonitor: // it begins anew with all of them
		delete(l.down, e.Master)
	}
}

// candidates returns the replica that an event of the leader names, if it was chosen, and those that could not be, as they were down. Which others
// there were a log does not say.
func (l *logOf) candidates(e *sentinel.Event) []Candidate {
	list := []Candidate{}
	if e.Name == sentinel.EventSelectedSlave {
		list = append(list, Candidate{Replica: text(e.Address), Chosen: true})
	}
	for _, address := range slices.Sorted(maps.Keys(l.down[e.Master])) {
		at := l.down[e.Master][address]
		if address != e.Address {
			list = append(list, Candidate{Replica: text(address), Reason: sentinel.IsDown, At: &at})
		}
	}
	return list
}

// restarted takes in that a Sentinel has started: what it was doing is over, and it holds nothing to be down.
func (h *History) restarted(l *logOf, i int) {
	l.down = nil
	s := h.stream(l.Sentinel)
	if s == nil {
		return
	}
	if i > 0 {
		h.gap(s, &sentinel.StreamUpdate{Sentinel: l.Sentinel, Kind: sentinel.StreamLost, Time: l.time(i), Since: l.lastBefore(i)})
		s.closeGap(l.time(i))
	}
	s.up, s.known, s.ended = true, true, false
	for _, m := range h.masters {
		for _, a := range []*attempt{m.open[l.Sentinel], m.ending[l.Sentinel]} {
			if a != nil {
				m.unfinished(a, l.time(i), restartedMeanwhile)
			}
		}
	}
}

// lastBefore is when the process before the one that has just started with a line wrote its last one.
func (l *logOf) lastBefore(i int) time.Time {
	const banner = 32 // lines at most that a process writes until it says that it runs
	for j := i; j > max(0, i-banner); j-- {
		if l.begins(j) {
			return l.time(j - 1)
		}
	}
	return l.time(i - 1)
}

// begins reports whether a line is the first one of another process, which in a container has the same id.
func (l *logOf) begins(i int) bool {
	another := l.lines[i].pid != l.lines[i-1].pid || l.banner(i) || l.warnsFirst(i)
	return another && !l.warnsFirst(i-1)
}

func (l *logOf) banner(i int) bool { return strings.HasPrefix(l.lines[i].message, "oO0OoO0OoO0Oo ") }

// warnsFirst reports whether a line is one of the warnings about the system that Redis 7.2 and later, and Valkey, write before the banner.
func (l *logOf) warnsFirst(i int) bool {
	const soon = time.Second
	first := i
	for i < len(l.lines)-1 && strings.HasPrefix(l.lines[i].message, "WARNING ") && l.lines[i+1].at.Sub(l.lines[i].at) <= soon {
		i++
	}
	return i > first && l.banner(i)
}

// delayed takes in when a Sentinel says that it tries again.
func (h *History) delayed(address string, next time.Time) {
	for _, m := range h.masters {
		for _, f := range slices.Backward(m.failovers) {
			if a := f.main(); a != nil && a.sentinel == address && f.outcome == OutcomeAborted && next.After(a.start) {
				f.next, f.nextTold = next, true
				break
			}
		}
	}
}

// finish adds to a record what only all logs together tell: the clocks, and the logs that say nothing of
// it.
func finish(r *Record, logs []*logOf) {
	r.Sentinels = len(logs)
	from, to := r.Started, r.Started
	if r.FirstSign != nil && r.FirstSign.At.Before(from) {
		from = r.FirstSign.At
	}
	for _, at := range r.Switched {
		if at.At.After(to) {
			to = at.At
		}
	}
	if r.Ended != nil && r.Ended.After(to) {
		to = *r.Ended
	}
	r.Clocks = []Clock{}
	for _, l := range logs {
		if l.OffsetSeconds != nil {
			r.Clocks = append(r.Clocks, Clock{Sentinel: l.Sentinel, OffsetSeconds: *l.OffsetSeconds, ErrorSeconds: l.ErrorSeconds})
		}
		if gap := l.silence(from, to); gap != nil && len(r.Gaps) < maxListed && !slices.ContainsFunc(r.Gaps, func(g Gap) bool { return g.Sentinel == gap.Sentinel }) {
			r.Gaps = append(r.Gaps, *gap)
		}
	}
}

// silence returns the time around a failover of which the log has no line; nil if it has one. A
// Sentinel that runs has always something to say of a failover, if only that it has heard of it.
func (l *logOf) silence(from, to time.Time) *Gap {
	const soon = 5 * time.Second
	gap := &Gap{Sentinel: l.Sentinel, From: time.Time{}}
	for i := range l.lines {
		switch at := l.time(i); {
		case at.Before(from):
			gap.From = at
		case at.After(to.Add(soon)):
			gap.To = &at
			return gap
		default:
			return nil
		}
	}
	return gap
}
