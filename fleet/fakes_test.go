package fleet

import (
	"errors"
	"log/slog"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// well is the snapshot of a Sentinel that has answered, and monitors nothing.
func well(address string) *sentinel.Snapshot {
	return &sentinel.Snapshot{Sentinel: address, Started: time.Now()}
}

// dead is the snapshot of the Sentinel a, which has not.
func dead(reason sentinel.Reason) *sentinel.Snapshot {
	s := failing("a:26379", reason, sentinel.Commands()...)
	s.Err = s.Failures[0].Err
	return s
}

// failing is the snapshot of a Sentinel that has answered all but some commands.
func failing(address string, reason sentinel.Reason, commands ...sentinel.Command) *sentinel.Snapshot {
	s := well(address)
	for _, c := range commands {
		err := &sentinel.Error{Sentinel: address, Command: c.String(), Reason: reason, Err: errors.New("it " + reason.String())}
		s.Failures = append(s.Failures, sentinel.Failure{Command: c, Err: err})
	}
	return s
}

// newLog returns a logger whose lines have no time.
func newLog() (*slog.Logger, *sentineltest.LockedBuffer) {
	buf := &sentineltest.LockedBuffer{}
	return slog.New(slog.NewTextHandler(buf, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})), buf
}
