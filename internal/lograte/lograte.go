// Package lograte keeps a stranger from filling the log: what is said of one source, such as a
// Sentinel, in the same words is written only so often, and how much was left out is written, too.
package lograte

import (
	"context"
	"log/slog"
	"maps"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// burst lines of a message and source are written at once, then one in each interval.
	burst    = 100
	interval = time.Second
	// tellAfter is how long lines are left out until their number is written.
	tellAfter = 10 * time.Second
	// mostKept bounds the messages and sources that are told apart; all others are one.
	mostKept = 4096
	// forgetAfter is how long a message and source are kept after the last line.
	forgetAfter = time.Minute
)

// isSource reports whether an attribute names the source of a line. There are only as many of
// them as the operator has given or Sentinels are asked; of the addresses of clients there is no end.
func isSource(key string) bool { return key == "sentinel" || key == "deployment" || key == "listener" }

// probeKey is that of what a probe is about. Whoever asks has chosen it, so all probes are one source.
const probeKey = "probe"

// A Handler passes records on, but of one message and source no more than the rate. It is safe
// for concurrent use.
type Handler struct {
	next   slog.Handler
	source string // from WithAttrs
	probe  bool
	shared *shared
}

// shared is what all handlers have together that were made of one.
type shared struct {
	out slog.Handler // without attributes, for the numbers

	mu      sync.Mutex // guards the fields below, and the lines in kept
	kept    map[string]*lines
	cleaned time.Time // when it was last looked for what can be forgotten
	closed  bool
}

// lines are those of one message and source.
type lines struct {
	limiter rate.Limiter
	message string
	source  string
	last    time.Time
	left    int         // out, since their number was last written
	timer   *time.Timer // writes it
}

// New returns a Handler that writes to next. The caller must close it.
func New(next slog.Handler) *Handler {
	return &Handler{next: next, shared: &shared{out: next, kept: make(map[string]*lines)}}
}

// Close writes the numbers of lines that were left out.
func (h *Handler) Close() {
	h.shared.mu.Lock()
	h.shared.closed = true
	var told []*lines
	for _, l := range h.shared.kept {
		if l.left > 0 {
			l.timer.Stop()
			told = append(told, l)
		}
	}
	h.shared.mu.Unlock()
	for _, l := range told {
		h.shared.tell(l)
	}
}

// Enabled implements slog.Handler.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.next = h.next.WithAttrs(attrs)
	for _, a := range attrs {
		with.note(a)
	}
	return &with
}

// WithGroup implements slog.Handler.
func (h *Handler) WithGroup(name string) slog.Handler {
	with := *h
	with.next = h.next.WithGroup(name)
	return &with
}

// note takes in the source that an attribute names.
func (h *Handler) note(a slog.Attr) {
	switch {
	case a.Key == probeKey:
		h.probe, h.source = true, " "+probeKey
	case isSource(a.Key) && !h.probe:
		h.source += " " + a.Key + "=" + a.Value.String()
	}
}

// Handle implements slog.Handler.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	about := *h
	r.Attrs(func(a slog.Attr) bool {
		about.note(a)
		return true
	})
	if !h.shared.take(words(r.Message), strings.TrimSpace(about.source)) {
		return nil
	}
	return h.next.Handle(ctx, r)
}

// words returns a message without what varies in those of net/http, which have addresses.
func words(message string) string {
	if i := strings.IndexAny(message, `0123456789"[`); i >= 0 {
		return message[:i]
	}
	return message
}

// take reports whether a line may be written.
func (s *shared) take(message, source string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	l := s.lines(message, source, now)
	l.last = now
	if l.limiter.Allow() {
		return true
	}
	if l.left++; l.left == 1 && !s.closed {
		l.timer = time.AfterFunc(tellAfter, func() { s.tell(l) })
	}
	return false
}

// lines returns those of a message and source. The caller has the lock.
func (s *shared) lines(message, source string, now time.Time) *lines {
	key := message + "\x00" + source
	if l := s.kept[key]; l != nil {
		return l
	}
	if len(s.kept) >= mostKept && now.Sub(s.cleaned) > time.Second {
		s.cleaned = now
		maps.DeleteFunc(s.kept, func(_ string, l *lines) bool { return l.left == 0 && now.Sub(l.last) > forgetAfter })
	}
	if len(s.kept) >= mostKept {
		key, message, source = "", "any", "any"
		if l := s.kept[key]; l != nil {
			return l
		}
	}
	l := &lines{limiter: *rate.NewLimiter(rate.Every(interval), burst), message: strings.Clone(message), source: strings.Clone(source)}
	s.kept[key] = l
	return l
}

// tell writes how many lines were left out.
func (s *shared) tell(l *lines) {
	s.mu.Lock()
	left := l.left
	l.left = 0
	s.mu.Unlock()
	if left == 0 {
		return
	}
	var here [1]uintptr
	runtime.Callers(1, here[:])
	r := slog.NewRecord(time.Now(), slog.LevelWarn, "Log lines were left out", here[0])
	r.AddAttrs(slog.Int("lines", left), slog.String("like", l.message), slog.String("source", l.source))
	_ = s.out.Handle(context.Background(), r) // as with any line, nothing can be done about an error
}
