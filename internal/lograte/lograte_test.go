package lograte

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// logOf returns what is written of the lines that say writes.
func logOf(say func(*slog.Logger)) string {
	var b bytes.Buffer
	h := New(slog.NewTextHandler(&b, nil))
	say(slog.New(h))
	h.Close()
	return b.String()
}

// TestEachSource: lines of one message and source are left out and counted, whatever else is
// in them; those of others are written.
func TestEachSource(t *testing.T) {
	t.Parallel()
	const many = 50 * burst
	for _, test := range []struct {
		name, source string
		say          func(logger *slog.Logger, i int)
	}{
		{"a Sentinel", "sentinel=a:1", func(l *slog.Logger, i int) { l.Info("Said", "sentinel", "a:1", "master", i) }},
		{"a Sentinel of a deployment", "deployment=d sentinel=a:1", func(l *slog.Logger, i int) {
			l.With("deployment", "d").With("sentinel", "a:1", "n", i).Info("Said")
		}},
		{"all clients", "listener=web", func(l *slog.Logger, i int) { l.Info("Said", "listener", "web", "from", i) }},
		{"all probes", "probe", func(l *slog.Logger, i int) { l.With("probe", i).With("sentinel", i).Info("Said", "deployment", i) }},
		{"the server", "", func(l *slog.Logger, i int) { l.Info(fmt.Sprintf("Said 10.0.0.%d: no", i)) }}, //nolint:sloglint // as net/http does
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := logOf(func(logger *slog.Logger) {
				for i := range many {
					test.say(logger, i)
				}
				logger.Info("Said", "sentinel", "other:1")
				logger.Info("Other", "sentinel", "a:1")
			})
			written := strings.Count(text, "msg=Said") + strings.Count(text, `msg="Said `) - 1 // of the other one
			left := many - written
			if written < burst || written > burst+60 { // it may take a while
				t.Errorf("%d lines of %d were written", written, many)
			}
			if !strings.Contains(text, fmt.Sprintf(`msg="Log lines were left out" lines=%d like=Said`, left)) && !strings.Contains(text, fmt.Sprintf(`lines=%d like="Said "`, left)) ||
				!strings.Contains(text, "source="+fmt.Sprintf("%q", test.source)) && !strings.Contains(text, "source="+test.source+"\n") {
				t.Errorf("%d lines of %q were left out: %s", left, test.source, text[strings.LastIndex(text, "msg=Other"):])
			}
			if !strings.Contains(text, "sentinel=other:1") || !strings.Contains(text, "msg=Other") {
				t.Error("what others say is left out")
			}
		})
	}
}

// TestManySources: those of more sources than are kept share one rate.
func TestManySources(t *testing.T) {
	t.Parallel()
	text := logOf(func(logger *slog.Logger) {
		for i := range 3 * mostKept {
			logger.Info("Said", "sentinel", i)
		}
	})
	if written := strings.Count(text, "msg=Said"); written < mostKept || written > mostKept+burst+60 {
		t.Errorf("%d lines were written", written)
	}
	if !strings.Contains(text, "like=any source=any") {
		t.Errorf("the number is not written: %s", text[len(text)-200:])
	}
}
