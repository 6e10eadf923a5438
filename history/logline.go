package history

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A logLine is one line of a Sentinel's log.
type logLine struct {
	at      time.Time
	pid     int
	notice  bool // it is not a warning, so that the log has what is said at that level
	message string
}

// A logParser reads the lines of the log formats that there are: that of Redis, which is Valkey's by
// default, and Valkey's logfmt and JSON, each with any of Valkey's formats of a time. What another
// program has put before a line, such as a time of its own, is passed over.
type logParser struct {
	legacy, logfmt *regexp.Regexp
	zone           *time.Location // of times that have none
}

func newLogParser() logParser {
	return logParser{
		legacy: regexp.MustCompile(`(?:^|\s)(\d+):X (\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d{3}|\d{4}-\d\d-\d\dT[\d:.]+[-+Z][\d:]*|\d{13}) ([.*#-]) (.*)$`),
		logfmt: regexp.MustCompile(`pid=(\d+) role=sentinel timestamp="([^"]*)" level=(\w+) message="(.*)"\s*$`),
		zone:   time.Local,
	}
}

// parse reads a line; false if it is none of a Sentinel.
func (p *logParser) parse(text string) (logLine, bool) {
	if strings.HasPrefix(text, `{"log":`) { // a file of Docker's driver json-file
		var docker struct{ Log string }
		if json.Unmarshal([]byte(text), &docker) != nil {
			return logLine{}, false
		}
		text = strings.TrimRight(docker.Log, "\r\n")
	}
	if m := p.legacy.FindStringSubmatch(text); m != nil {
		return p.line(m[1], m[2], m[3] != "#", m[4])
	}
	if m := p.logfmt.FindStringSubmatch(text); m != nil {
		return p.line(m[1], m[2], m[3] != "warning", m[4])
	}
	i := strings.Index(text, `{"pid":`)
	if i < 0 {
		return logLine{}, false
	}
	var j struct {
		PID                             int
		Role, Timestamp, Level, Message string
	}
	if json.Unmarshal([]byte(text[i:]), &j) != nil || j.Role != "sentinel" {
		return logLine{}, false
	}
	return p.line(strconv.Itoa(j.PID), j.Timestamp, j.Level != "warning", j.Message)
}

func (p *logParser) line(pid, at string, notice bool, message string) (logLine, bool) {
	l := logLine{notice: notice, message: strings.TrimRight(message, "\r")}
	var err error
	if l.pid, err = strconv.Atoi(pid); err != nil {
		return l, false
	}
	l.at, err = p.time(at)
	return l, err == nil
}

func (p *logParser) time(text string) (time.Time, error) {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(ms), nil
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at, nil
	}
	return time.ParseInLocation("2 Jan 2006 15:04:05.000", text, p.zone)
}
