package collector

import (
	"log/slog"

	"redis_sentinel_exporter/sentinel"
)

// A streamState is the state of the event stream of one Sentinel.
type streamState struct {
	up     bool
	losses uint64
	said   sentinel.Optional[sentinel.Reason] // why it is down, as last logged
}

// note processes an update and logs it, unless the stream is down for the reason that was
// logged last: a stream that cannot be opened is tried again every few seconds.
func (s *streamState) note(n *sentinel.StreamUpdate, logger *slog.Logger) {
	switch n.Kind {
	case sentinel.StreamUp:
		s.up = true
		if s.said.Present {
			logger.Info("Event stream is back", "sentinel", n.Sentinel)
		}
		s.said = sentinel.Optional[sentinel.Reason]{}
	case sentinel.StreamDropped:
		s.losses++
		logger.Warn("Events dropped: they came faster than they could be counted", "sentinel", n.Sentinel, "events", n.Dropped)
	case sentinel.StreamLost:
		s.up = false
		s.losses++
		s.say(n, logger, "Event stream lost: events may be missing until it is back")
	case sentinel.StreamFailed:
		s.up = false
		s.say(n, logger, "Event stream cannot be opened")
	}
}

func (s *streamState) say(n *sentinel.StreamUpdate, logger *slog.Logger, text string) {
	if s.said == sentinel.Some(n.Err.Reason) {
		return
	}
	s.said = sentinel.Some(n.Err.Reason)
	logger.Warn(text, "sentinel", n.Sentinel, "reason", n.Err.Reason.String(), "err", n.Err.Err) //nolint:sloglint // one of two texts
}
