package app

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/cli"
)

// runAlone runs the program where it serves nothing, and nobody is at the terminal.
func runAlone(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	status = Run(ctx, args, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
	if ctx.Err() != nil {
		t.Errorf("%v: it did not end by itself", args)
	}
	return out.String(), errs.String(), status
}

// To a monitoring system the exit code 1 would be a warning.
func TestCheckUsageErrorsAreUnknown(t *testing.T) {
	for _, args := range [][]string{
		{"check", "--output=xml"},
		{"check", "--fail-on=ok"},
		{"check", "a", "b"},
		{"check", "--sentinel.address=nonsense"},
		{"check", "--sentinel.timeout=0s"},
		{"--no-such-flag", "check"},
	} {
		stdout, stderr, status := runAlone(t, args...)
		if status != 3 || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: got %d, stdout %q, stderr %q", args, status, stdout, stderr)
		}
		if option, _, ok := strings.Cut(args[1], "="); ok && !strings.Contains(stderr, option) {
			t.Errorf("%v: the error does not name the flag: %s", args, stderr)
		}
	}
}
