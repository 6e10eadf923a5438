package health_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest/faults"
)

// A shell runs command lines, with redis-cli and the exporter in its PATH.
type shell struct{ path string }

func newShell(t *testing.T) *shell {
	t.Helper()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", filepath.Join(dir, "redis_sentinel_exporter"), "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if cli := os.Getenv("REDIS_CLI"); cli != "" {
		found, err := exec.LookPath(cli)
		if err == nil {
			found, err = filepath.Abs(found)
		}
		if err == nil {
			err = os.Symlink(found, filepath.Join(dir, "redis-cli"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return &shell{dir + ":" + os.Getenv("PATH")}
}

// run runs one line. redis-cli exits with 0 after an error reply, and prints it.
func (s *shell) run(ctx context.Context, t *testing.T, line, password string) {
	t.Helper()
	c := exec.CommandContext(ctx, "sh", "-c", line)
	c.Env = append(os.Environ(), "PATH="+s.path)
	if password != "" {
		c.Env = append(c.Env, "REDISCLI_AUTH="+password)
	}
	out, err := c.CombinedOutput()
	t.Logf("$ %s\n%s", line, out)
	if err != nil || regexp.MustCompile(`(?m)^(ERR|NOAUTH|NOPERM|\(error\))`).Match(out) {
		t.Errorf("%s: %v\n%s", line, err, out)
	}
}

// filledIn is a command as a reader enters it: with what the hint says to fill in, and
// with a yes for what asks first.
func filledIn(t *testing.T, check, line, password string) string {
	t.Helper()
	blanks := map[string][2]string{ // by check: what to fill in, and with what
		"master_answers_errors": {"auth-pass PASSWORD", "auth-pass " + password},
		"shared_node":           {"remove NAME", "remove " + faults.OtherName},
	}
	if blank, found := blanks[check]; found {
		if !strings.Contains(line, blank[0]) {
			t.Errorf("%s: %q is not in %s", check, blank[0], line)
		}
		line = strings.Replace(line, blank[0], blank[1], 1)
	}
	if strings.HasPrefix(line, "redis_sentinel_exporter ") {
		line += " --yes"
	}
	return line
}

// settled is longer than a check waits for the Sentinels after a RESET or MONITOR.
const settled = time.Minute

// followHints runs the commands of all findings as they are printed, from the top, and
// waits until the findings that have some are gone.
func (s *shell) followHints(ctx context.Context, t *testing.T, d *deployment.Deployment, r *health.Report, g faults.Group) {
	t.Helper()
	var lines, checks []string
	for _, f := range r.All() {
		for _, line := range f.Commands {
			if line = filledIn(t, f.Check, line, g.Config.MasterPassword); !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
			checks = append(checks, f.Check)
		}
	}
	for _, line := range lines {
		s.run(ctx, t, line, g.Config.MasterPassword)
	}
	if len(lines) == 0 || t.Failed() {
		return
	}
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		left := assessLater(ctx, d, askFor, g.Aged, settled)
		still := func(f health.Finding) bool { return slices.Contains(checks, f.Check) }
		if !slices.ContainsFunc(left.All(), still) {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("after\n%s\nthere are still\n%s", strings.Join(lines, "\n"), messages(&left))
			return
		}
	}
}
