package history

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A logLine is one line of a Sentinel's log.
type logLine struct {
	at      time.Time
	pid     int
	notice  bool          // it is not a warning, so that the log has what is said at that level
	local   bool          // its time has no zone, and was taken for a local one
	zone    time.Duration // how far its clock on the wall is ahead of UTC
	message string
}

// asWritten is the line as the Sentinel wrote it, for comparison: another copy of it may have no time before it that tells the zone.
func (l logLine) asWritten() logLine {
	l.at, l.zone, l.local = l.at.Add(l.zone), 0, false
	return l
}

// A logParser reads the lines of a file in the log formats that there are: that of Redis, which is Valkey's by
// default, and Valkey's logfmt and JSON, each with any of Valkey's formats of a time. Of what another
// program has put before a line it takes the name of who wrote it, and the time that has a zone.
type logParser struct {
	legacy, logfmt, colour, source *regexp.Regexp
	zone                           *time.Location           // of times that have none
	last                           map[string]time.Time     // by source: the last one of these
	told                           map[string]time.Duration // by source: the zone that what is before its lines told last
}

func newLogParser(zone *time.Location) logParser {
	return logParser{
		legacy: regexp.MustCompile(`(?:^|\s)(\d+):X (\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d{3}|\d{4}-\d\d-\d\dT[\d:.]+[-+Z][\d:]*|\d{13}) ([.*#-]) (.*)$`),
		logfmt: regexp.MustCompile(`pid=(\d+) role=sentinel timestamp="([^"]*)" level=(\w+) message="(.*)"\s*$`),
		colour: regexp.MustCompile("\x1b\\[[0-9;]*m"),
		// docker compose logs; kubectl logs --prefix; host and program of syslog and journalctl
		source: regexp.MustCompile(`^(\S+)\s+\|(?:\s|$)|^\[(pod/[^\]\s]+)\](?:\s|$)|(?:^|\s)(\S+ [^\s\[:]+)\[\d+\]:\s*$`),
		zone:   zone, last: make(map[string]time.Time), told: make(map[string]time.Duration),
	}
}

// A wrapper is what another program says of a line.
type wrapper struct {
	source string
	at     time.Time // zero if it does not say that
}

// wrapped reads what is before a line. stamp is what else says when it was written.
func (p *logParser) wrapped(before, stamp string) (w wrapper) {
	before = p.colour.ReplaceAllString(before, "")
	if m := p.source.FindStringSubmatch(before); m != nil {
		w.source = text(cmp.Or(m[1], m[2], m[3]))
	}
	for _, word := range append(strings.Fields(before), stamp) {
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05-0700"} { // the second one is that of older journalctl
			if at, err := time.Parse(layout, word); err == nil {
				w.at = at
			}
		}
	}
	return w
}

// parse reads a line, and the name before it of who wrote it; false if it is none of a Sentinel.
func (p *logParser) parse(text string) (line logLine, source string, ok bool) {
	stamp := ""
	if strings.HasPrefix(text, `{"log":`) { // a file of Docker's driver json-file
		var docker struct{ Log, Time string }
		if json.Unmarshal([]byte(text), &docker) != nil {
			return line, "", false
		}
		text, stamp = strings.TrimRight(docker.Log, "\r\n"), docker.Time
	}
	if m := p.legacy.FindStringSubmatchIndex(text); m != nil {
		w, field := p.wrapped(text[:m[2]], stamp), fields(text, m)
		line, ok = p.line(w, field[1], field[2], field[3] != "#", field[4])
		return line, w.source, ok
	}
	if m := p.logfmt.FindStringSubmatchIndex(text); m != nil {
		w, field := p.wrapped(text[:m[0]], stamp), fields(text, m)
		line, ok = p.line(w, field[1], field[2], field[3] != "warning", field[4])
		return line, w.source, ok
	}
	i := strings.Index(text, `{"pid":`)
	if i < 0 {
		return line, "", false
	}
	var j struct {
		PID                             int
		Role, Timestamp, Level, Message string
	}
	if json.Unmarshal([]byte(text[i:]), &j) != nil || j.Role != "sentinel" {
		return line, "", false
	}
	w := p.wrapped(text[:i], stamp)
	line, ok = p.line(w, strconv.Itoa(j.PID), j.Timestamp, j.Level != "warning", j.Message)
	return line, w.source, ok
}

// fields returns what the groups of an expression have matched.
func fields(text string, match []int) []string {
	var all []string
	for i := 0; i < len(match); i += 2 {
		all = append(all, text[match[i]:match[i+1]])
	}
	return all
}

func (p *logParser) line(w wrapper, pid, at string, notice bool, message string) (logLine, bool) {
	l := logLine{notice: notice, message: strings.TrimRight(message, "\r")}
	var err error
	if l.pid, err = strconv.Atoi(pid); err != nil {
		return l, false
	}
	l.at, l.local, err = p.time(w, at)
	_, ahead := l.at.Zone()
	l.at, l.zone = l.at.UTC(), time.Duration(ahead)*time.Second
	return l, err == nil
}

// time reads the time of a line, and reports whether it was taken for a local one.
func (p *logParser) time(w wrapper, text string) (at time.Time, local bool, err error) {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(ms).In(p.zone), false, nil
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at, false, nil
	}
	wall, err := time.Parse("2 Jan 2006 15:04:05.000", text)
	if err != nil {
		return wall, false, err
	}
	if zone, known := p.toldZone(w, wall); known {
		return wall.Add(-zone).In(time.FixedZone("", int(zone.Seconds()))), false, nil
	}
	return p.localTime(w.source, wall), true, nil
}

// toldZone returns how far the clock on the wall was ahead of UTC when a line was written, by the time that another program has put
// before it. That can come late, as from a journal that was busy, and never early: then the zone is the one that the same source
// had before. It is false if no line of it has told one yet.
func (p *logParser) toldZone(w wrapper, wall time.Time) (time.Duration, bool) {
	const back = time.Hour // when summer ends
	before, known := p.told[w.source]
	zone, is := w.zone(wall)
	onLordHowe := zone == 10*time.Hour+30*time.Minute && before == 11*time.Hour // where summer is half an hour
	late := known && zone < before && before-zone < back && !onLordHowe
	switch {
	case is && !late:
		p.told[w.source] = zone
		return zone, true
	case w.at.IsZero():
		return 0, false
	}
	return before, known
}

// zone returns the zone that the time before a line tells; false if there is none, or it came too late to tell.
func (w *wrapper) zone(wall time.Time) (time.Duration, bool) {
	const (
		step = 15 * time.Minute
		late = 5 * time.Minute
	)
	ahead := wall.Sub(w.at)
	zone := ahead.Round(step)
	return zone, !w.at.IsZero() && isZone(zone) && (ahead-zone).Abs() <= late
}

// isZone reports whether a clock anywhere is so far ahead of UTC. Only few are not by whole hours.
func isZone(ahead time.Duration) bool {
	if ahead%time.Hour == 0 {
		return ahead >= -12*time.Hour && ahead <= 14*time.Hour
	}
	return slices.Contains([]string{
		"-9h30m0s", "-3h30m0s", "-2h30m0s", "3h30m0s", "4h30m0s", "5h30m0s", "5h45m0s", "6h30m0s", "8h45m0s", "9h30m0s", "10h30m0s", "12h45m0s", "13h45m0s",
	}, ahead.String())
}

// localTime returns the time that a local clock on the wall has meant. In the hour that comes twice when the clocks go back it is
// the second time if the source has written later lines in the first one.
func (p *logParser) localTime(source string, wall time.Time) time.Time {
	const step = time.Second // of a clock that is set
	at, second := Twice(time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), p.zone))
	if at.Before(p.last[source].Add(-step)) {
		at = second
	}
	p.last[source] = at
	return at
}

// Twice returns the times at which a clock on the wall shows what it does at one, in that one's zone: two in the hour that comes twice when the
// clocks go back, and otherwise the same one.
func Twice(at time.Time) (first, second time.Time) {
	_, zone := at.Zone()
	start, end := at.ZoneBounds()
	if !start.IsZero() {
		_, before := start.Add(-time.Second).Zone()
		if back := time.Duration(before-zone) * time.Second; at.Sub(start) < back {
			return at.Add(-back), at
		}
	}
	if !end.IsZero() {
		_, after := end.Zone()
		if back := time.Duration(zone-after) * time.Second; end.Sub(at) <= back {
			return at, at.Add(back)
		}
	}
	return at, at
}
