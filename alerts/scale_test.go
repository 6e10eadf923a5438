//go:build e2e

package alerts_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"
)

// factor is by how much the tests against real servers shorten every duration in
// the files of alerts/ and deploy/: for, keep_firing_for, ranges, intervals and
// waits alike. Nothing else of the files is changed but addresses. Redis Sentinel
// itself runs with timers of some hundred milliseconds (sentineltest), which are
// not shortened any further. Some are fixed: it makes an old master a replica within
// 11 s.
const factor = 20

// scaled shortens the durations in a file, but for one that waits for what Sentinel's fixed times take.
func scaled(text string) string {
	waitsForSentinel := regexp.MustCompile(`(alert: RedisSentinelReplicaRoleMismatch\n(?s:.*?)\n +for: )2m`)
	text = waitsForSentinel.ReplaceAllString(text, "${1}5m") // for 15 s
	setting := regexp.MustCompile(`(?m)(^ *(?:for|keep_firing_for|[a-z]+_interval|group_wait): |\[|:|offset )(\d+[smh])(\]|\)|$)?`)
	return setting.ReplaceAllStringFunc(text, func(s string) string {
		part := setting.FindStringSubmatch(s)
		d, err := time.ParseDuration(part[2])
		if err != nil {
			panic(err) // the expression takes no other
		}
		return fmt.Sprintf("%s%dms%s", part[1], (d / factor).Milliseconds(), part[3])
	})
}

func TestScaled(t *testing.T) {
	t.Parallel()
	got := scaled("- alert: RedisSentinelReplicaRoleMismatch\n  expr: x\n  for: 2m\n- alert: Other\n  for: 2m\n  for: 5m\n  expr: max_over_time(x[1h]) > sum_over_time((y offset 20s)[1h:20s])\n  group_wait: 30s\n  name: 5m long\n")
	want := "- alert: RedisSentinelReplicaRoleMismatch\n  expr: x\n  for: 15000ms\n- alert: Other\n  for: 6000ms\n  for: 15000ms\n  expr: max_over_time(x[180000ms]) > sum_over_time((y offset 1000ms)[180000ms:1000ms])\n  group_wait: 1500ms\n  name: 5m long\n"
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
