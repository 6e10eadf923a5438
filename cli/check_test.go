package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
)

// The exit code and the first line are all that a pager has.
func TestCheck(t *testing.T) {
	t.Parallel()
	topology := sentineltest.Run(t, sentineltest.Config{})
	live, nowhere := topology.SentinelAddrs(), []string{sentineltest.FreeAddr(t)}
	ok := "OK mymaster: " + topology.Masters[0].Node.Addr() + " is up, 2 of 2 replicas can be promoted, 1 more Sentinel can fail"
	check := func(what string, status int, first string, addresses []string, words ...string) string {
		t.Helper()
		stdout, stderr, got := output(t, addresses, 2*time.Second, append([]string{"check"}, words...)...)
		line, _, _ := strings.Cut(stdout, "\n")
		if got != status || !strings.HasPrefix(line, first) || stderr != "" {
			t.Errorf("%s: got %d, want %d; first line\n%s, want\n%s; stderr %q", what, got, status, line, first, stderr)
		}
		return stdout
	}

	check("healthy", 0, ok, live)
	check("healthy, one master", 0, ok, live, "mymaster")
	check("unknown master", 3, `UNKNOWN: no Sentinel of the 3 that answered monitors a master named "nosuch"`, live, "nosuch")
	check("dead address", 3, "UNKNOWN: no Sentinel of 1 answered: Sentinel "+nowhere[0]+" did not answer: unreachable: ", nowhere)
	check("dead address, less strict", 3, "UNKNOWN: no Sentinel of 1 answered", nowhere, "--fail-on=critical")
	check("dead address, one master", 3, "UNKNOWN: no Sentinel of 1 answered", nowhere, "mymaster")

	topology.Sentinels[2].Kill()
	text := check("one Sentinel dead", 1, "WARNING", live)
	check("one Sentinel dead, less strict", 0, "WARNING", live, "--fail-on=critical")
	for _, want := range []string{
		"\nwarning sentinel_unreachable\n  Sentinel " + live[2] + " did not answer: unreachable: ",
		"\n  To see more:\n    $ redis-cli -h 127.0.0.1 -p ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	sentineltest.WaitFor(t, "what follows from it to be under it", func() bool {
		stdout, _, _ := output(t, live, 2*time.Second, "check")
		return strings.HasPrefix(stdout, "WARNING mymaster: Sentinel "+live[2]+" did not answer: ") &&
			strings.Contains(stdout, "\n\n    warning mymaster quorum_fragile, which follows from it\n      2 of 3 Sentinels are usable ")
	})
	topology.Sentinels[1].Kill()
	check("two Sentinels dead", 2, "CRITICAL", live)
	check("two Sentinels dead, less strict", 2, "CRITICAL", live, "--fail-on=critical")
	var report health.Report
	if err := json.Unmarshal([]byte(check("as JSON", 2, "{", live, "--output=json")), &report); err != nil {
		t.Fatal(err)
	}
	if report.Status != health.Critical || report.Answered != 1 {
		t.Errorf("as JSON: got %+v", report)
	}
}
