package app

import (
	"os"
	"path/filepath"
	"testing"

	"redis_sentinel_exporter/health"
)

// The exit code after an error is that of the command which the arguments name, and
// not that of a word which is a value, an argument or another command's.
func TestExitCodeAfterAnError(t *testing.T) {
	t.Parallel()
	inFile := filepath.Join(t.TempDir(), "arguments")
	if err := os.WriteFile(inFile, []byte("check\n--bogus\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ofCheck := int(health.Unknown)
	for _, tc := range []struct {
		want int
		args []string
	}{
		{ofCheck, []string{"check", "--bogus"}},
		{ofCheck, []string{"check", "a", "b"}},
		{ofCheck, []string{"check", "--output=xml"}},
		{ofCheck, []string{"check", "--output"}},
		{ofCheck, []string{"check", "--sentinel.timeout=soon"}},
		{ofCheck, []string{"check", "--sentinel.address=nonsense"}},
		{ofCheck, []string{"check", "watch", "--bogus"}},
		{ofCheck, []string{"--sentinel.timeout=soon", "check"}},
		{ofCheck, []string{"--sentinel.username", "check", "check", "--bogus"}},
		{ofCheck, []string{"--bogus", "check"}},
		{ofCheck, []string{"--bogus=value", "check"}},
		{ofCheck, []string{"--bogus", "value", "check"}},
		{ofCheck, []string{"--sentinel.username", "--bogus", "check"}},
		{ofCheck, []string{"--sentinel.tls", "-x", "--sentinel.username", "watch", "check"}},
		{ofCheck, []string{"@" + inFile}},

		{1, []string{"--sentinel.username", "check"}}, // serve: a password is missing
		{1, []string{"--sentinel.username", "check", "--bogus"}},
		{1, []string{"--bogus", "--sentinel.username", "check"}},
		{1, []string{"--sentinel.username=check", "--bogus"}},
		{1, []string{"--sentinel.address", "check"}},
		{1, []string{"--sentinel.username", "check", "watch", "--bogus"}},
		{1, []string{"--sentinel.username", "check", "serve", "--bogus"}},
		{1, []string{"serve", "check"}},
		{1, []string{"watch", "check", "--bogus"}},
		{1, []string{"discover", "check"}},
		{1, []string{"discover", "master", "check", "--bogus"}},
		{1, []string{"discover", "--output", "check", "master", "m", "--bogus"}},
		{1, []string{"config", "check", "--bogus"}},
		{1, []string{"config", "--bogus", "check"}},
		{1, []string{"failover", "check", "--bogus"}},
		{1, []string{"--bogus"}},
		{1, []string{"nonsense"}},
		{1, []string{"--sentinel.username"}},
	} {
		stdout, stderr, status := runAlone(t, tc.args...)
		if status != tc.want || stderr == "" || stdout != "" {
			t.Errorf("%q: got the exit code %d, want %d; printed %q and on stderr %q", tc.args, status, tc.want, stdout, stderr)
		}
	}
}
