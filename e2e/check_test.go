package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
)

// The exit code and the first line are all that a pager has.
func TestCheck(t *testing.T) {
	topology := sentineltest.Run(t, sentineltest.Config{})
	addresses := topology.SentinelAddrs()
	live := "--sentinel.address=" + strings.Join(addresses, ",")
	master := topology.Masters[0].Node.Addr()
	nowhere := sentineltest.FreeAddr(t)
	ok := "OK mymaster: " + master + " is up, 2 of 2 replicas can be promoted, 1 more Sentinel can fail"
	check := func(name string, status int, first string, args ...string) string {
		t.Helper()
		stdout, stderr, got := output(t, append(args, "--sentinel.timeout=2s")...)
		line, _, _ := strings.Cut(stdout, "\n")
		if got != status || !strings.HasPrefix(line, first) || stderr != "" {
			t.Errorf("%s: got %d, want %d; first line\n%s, want\n%s; stderr %q", name, got, status, line, first, stderr)
		}
		return stdout
	}

	check("healthy", 0, ok, "check", live)
	check("healthy, one master", 0, ok, "check", "mymaster", live)
	check("unknown master", 3, `UNKNOWN: no Sentinel of the 3 that answered monitors a master named "nosuch"`, "check", "nosuch", live)
	check("dead address", 3, "UNKNOWN: no Sentinel of 1 answered: Sentinel "+nowhere+" did not answer: unreachable: ", "check", "--sentinel.address="+nowhere)
	check("dead address, less strict", 3, "UNKNOWN: no Sentinel of 1 answered", "check", "--fail-on=critical", "--sentinel.address="+nowhere)
	check("dead address, one master", 3, "UNKNOWN: no Sentinel of 1 answered", "check", "mymaster", "--sentinel.address="+nowhere)

	topology.Sentinels[2].Kill()
	text := check("one Sentinel dead", 1, "WARNING", "check", live)
	check("one Sentinel dead, less strict", 0, "WARNING", "check", "--fail-on=critical", live)
	for _, want := range []string{
		"\nwarning sentinel_unreachable\n  Sentinel " + addresses[2] + " did not answer: unreachable: ",
		"\n    $ redis-cli -h 127.0.0.1 -p ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	topology.Sentinels[1].Kill()
	check("two Sentinels dead", 2, "CRITICAL", "check", live)
	check("two Sentinels dead, less strict", 2, "CRITICAL", "check", "--fail-on=critical", live)
	var report health.Report
	if err := json.Unmarshal([]byte(check("as JSON", 2, "{", "check", "--output=json", live)), &report); err != nil {
		t.Fatal(err)
	}
	if report.Status != health.Critical || report.Answered != 1 {
		t.Errorf("as JSON: got %+v", report)
	}
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
		stdout, stderr, status := output(t, args...)
		if status != 3 || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: got %d, stdout %q, stderr %q", args, status, stdout, stderr)
		}
		if option, _, ok := strings.Cut(args[1], "="); ok && !strings.Contains(stderr, option) {
			t.Errorf("%v: the error does not name the flag: %s", args, stderr)
		}
	}
}
