package fleet

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"redis_sentinel_exporter/sentinel"
)

// A failureLog logs that a Sentinel fails only when it starts to fail, fails in another way
// or answers again. Logged at each scrape, one dead Sentinel would fill the log.
type failureLog struct {
	logger *slog.Logger

	mu   sync.Mutex
	said map[string][]commandFailures // the failures logged last, by Sentinel
	ids  map[string]string            // the id of the Sentinel that answered last, by the address asked
}

// commandFailures are all commands that failed for the same reason.
type commandFailures struct {
	reason   sentinel.Reason
	commands []string
	err      error // of the first command
}

func newFailureLog(logger *slog.Logger) *failureLog {
	return &failureLog{logger: logger, said: make(map[string][]commandFailures), ids: make(map[string]string)}
}

// note logs what has changed since the last time.
func (l *failureLog) note(snapshots []*sentinel.Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range snapshots {
		l.noteID(s)
		now, before := failuresOf(s), l.said[s.Sentinel]
		if slices.EqualFunc(now, before, commandFailures.alike) {
			continue
		}
		l.say(s, now)
		for i := range now {
			now[i].err = nil // which can have parts of a reply
		}
		l.said[s.Sentinel] = now
	}
	// Forget the Sentinels that are no longer asked.
	gone := func(address string) bool {
		return !slices.ContainsFunc(snapshots, func(s *sentinel.Snapshot) bool { return s.Sentinel == address })
	}
	maps.DeleteFunc(l.said, func(address string, _ []commandFailures) bool { return gone(address) })
	maps.DeleteFunc(l.ids, func(address, _ string) bool { return gone(address) })
}

// noteID logs that another Sentinel than before answers at an address, such as that of a load
// balancer or a Kubernetes Service.
func (l *failureLog) noteID(s *sentinel.Snapshot) {
	if s.ID == "" {
		return
	}
	before := l.ids[s.Sentinel]
	if before == s.ID {
		return
	}
	if before != "" {
		l.logger.Info("Another Sentinel answers at this address", "sentinel", s.Sentinel, "id", s.ID, "id_before", before)
	}
	l.ids[s.Sentinel] = strings.Clone(s.ID) // without the reply
}

func (l *failureLog) say(s *sentinel.Snapshot, failures []commandFailures) {
	if len(failures) == 0 {
		l.logger.Info("Sentinel answers again", "sentinel", s.Sentinel)
		return
	}
	for _, f := range failures {
		log := l.logger.With("sentinel", s.Sentinel, "command", strings.Join(f.commands, ","),
			"reason", f.reason.String(), "err", f.err)
		if s.Up() {
			log.Warn("Sentinel does not answer some commands")
		} else {
			log.Warn("Sentinel does not answer")
		}
	}
}

// alike ignores the error texts: they can differ for the same fault, by a port or a time.
func (f commandFailures) alike(g commandFailures) bool {
	return f.reason == g.reason && slices.Equal(f.commands, g.commands)
}

// failuresOf groups what failed in a snapshot by reason.
func failuresOf(s *sentinel.Snapshot) []commandFailures {
	var failures []commandFailures
	for _, f := range s.Failures {
		i := slices.IndexFunc(failures, func(g commandFailures) bool { return g.reason == f.Err.Reason })
		if i < 0 {
			i = len(failures)
			// The reason, the command and the Sentinel have keys of their own.
			failures = append(failures, commandFailures{reason: f.Err.Reason, err: f.Err.Err})
		}
		failures[i].commands = append(failures[i].commands, f.Command.String())
	}
	return failures
}
