package history

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// Limits on what is read of log files.
const (
	maxLogLine  = 64 << 10 // bytes; Sentinel cuts its own at 1 kB
	maxLogLines = 5_000_000
)

// A LogFile is a log of a Sentinel, which may be compressed by gzip, or of several, if each line says whose it is.
type LogFile struct {
	Name string
	io.Reader
}

var (
	errNoLines = errors.New("no line of a Sentinel's log in it (journalctl: -o cat; what syslog-enabled sends has no times)")
	errMixed   = errors.New("it has the lines of several Sentinels, and nothing before them says whose each is: give each one's log as a file of its own, or with the names as `docker compose logs` and `kubectl logs --prefix` write them")
)

// readLog reads a file: one log, or one for each name before its lines.
func readLog(f LogFile, zone *time.Location) ([]*logOf, error) {
	reader := bufio.NewReaderSize(f.Reader, maxLogLine)
	if magic, _ := reader.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(reader)
		if err != nil {
			return nil, err
		}
		reader = bufio.NewReaderSize(z, maxLogLine)
	}
	var logs []*logOf
	parser, count := newLogParser(zone), 0
	for {
		text, more, err := reader.ReadLine()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) { // a compressed file that is cut off holds what it holds
			break
		}
		if err != nil {
			return nil, err
		}
		line, source, ok := parser.parse(string(text))
		for more && err == nil { // the rest of an overlong line
			_, more, err = reader.ReadLine()
		}
		if !ok {
			continue
		}
		if count++; count > maxLogLines {
			return nil, fmt.Errorf("it has more than %d lines", maxLogLines)
		}
		i := slices.IndexFunc(logs, func(l *logOf) bool { return l.Source == source })
		if i < 0 {
			if i = len(logs); i == maxSentinels {
				return nil, fmt.Errorf("it has the lines of more than %d Sentinels", maxSentinels)
			}
			logs = append(logs, &logOf{Log: Log{Sentinel: source, Source: source, Files: []string{f.Name}}})
		}
		logs[i].add(line)
	}
	if len(logs) == 0 {
		return nil, errNoLines
	}
	if slices.ContainsFunc(logs, (*logOf).mixed) {
		return nil, errMixed
	}
	slices.SortFunc(logs, func(a, b *logOf) int { return strings.Compare(a.Source, b.Source) })
	for _, l := range logs {
		if len(logs) == 1 || l.Source == "" {
			l.Sentinel = filepath.Base(f.Name)
		}
	}
	return logs, nil
}

func (l *logOf) add(line logLine) {
	l.lines = append(l.lines, line)
	l.identify(line.message)
}

// identify looks for what says whose log it is: its id at the start, or its vote for itself, which
// follows its own +try-failover.
func (l *logOf) identify(message string) {
	if id, found := strings.CutPrefix(message, "Sentinel ID is "); found {
		l.id = id
	}
	if _, port, found := strings.Cut(message, "Running mode=sentinel, port="); found {
		l.port = strings.TrimSuffix(port, ".")
	}
	if vote, found := strings.CutPrefix(message, sentinel.EventVoteForLeader+" "); found {
		if l.tried && l.id == "" {
			l.id, _, _ = strings.Cut(vote, " ")
		}
		l.tried = false
	}
	l.tried = l.tried || strings.HasPrefix(message, sentinel.EventTryFailover+" ")
}

// mixed reports whether the lines, in the order of their file, are of several Sentinels: one process hears of an epoch once.
// One that has lost its configuration can do so again when it has started, and later. A vote comes once for each master, which it does not
// name: a leader that fails over two of them asks for both with its latest epoch.
func (l *logOf) mixed() bool {
	type said struct {
		logLine
		process int
	}
	once := make(map[string]said)
	process, latest := 0, time.Time{}
	for i, line := range l.lines {
		if l.banner(i) {
			process++
		}
		if strings.HasPrefix(line.message, sentinel.EventNewEpoch+" ") {
			before, again := once[line.message]
			if again && before.logLine != line && (before.process == process || line.at.Before(latest)) {
				return true
			}
			once[line.message] = said{line, process}
		}
		if line.at.After(latest) {
			latest = line.at
		}
	}
	return false
}
