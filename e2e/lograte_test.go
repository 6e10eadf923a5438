package e2e_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestLogIsBounded: a Sentinel that publishes without a break, and clients that probe what is
// not there, do not fill the log; what is left out is counted.
func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	const most = 300 // lines of one message: 100, and one for each second of a test on a busy machine
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	e := exportertest.Start(t, "--sentinel.address="+fake.Addr(), "--config.file=/dev/null")
	sentineltest.WaitFor(t, "the subscription", func() bool { return fake.Publish("+x", "") > 0 })
	sentineltest.WaitFor(t, "switches to be left out", func() bool {
		for i := range 200 {
			fake.Publish("+switch-master", fmt.Sprintf("m%d 10.0.0.1 6379 10.0.0.2 6379", i))
			fake.Publish("+slave", fmt.Sprintf("slave 10.0.0.3:6379 10.0.0.3 6379 @ m%d 10.0.0.2 6379", i)) // it has switched
			fake.Publish("+switch-master", fmt.Sprintf("m%d 10.0.0.2 6379 10.0.0.1 6379", i))
			fake.Publish("+slave", fmt.Sprintf("slave 10.0.0.3:6379 10.0.0.3 6379 @ m%d 10.0.0.1 6379", i))
		}
		return strings.Count(e.Stderr.String(), "Master switched") >= 100
	})
	const probes = 400
	for i := range probes {
		if _, err := e.Get(fmt.Sprintf("/probe?target=127.0.0.1:1,127.0.0.2:%d", i+1)); err != nil {
			t.Fatal(err)
		}
	}
	e.End()
	log := e.Stderr.String()
	for message, atLeast := range map[string]int{"Master switched": 0, "Sentinel does not answer": 2 * probes} {
		written, left := strings.Count(log, fmt.Sprintf("msg=%q", message)), 0
		for _, told := range regexp.MustCompile(`msg="Log lines were left out" lines=(\d+) like="`+message+`"`).FindAllStringSubmatch(log, -1) {
			n, err := strconv.Atoi(told[1])
			if err != nil {
				t.Fatal(err)
			}
			left += n
		}
		if written > most || left == 0 || written+left < atLeast {
			t.Errorf("%s: %d lines are written and %d left out:\n%.2000s", message, written, left, log)
		}
		t.Logf("%s: %d lines written, %d left out", message, written, left)
	}
}
