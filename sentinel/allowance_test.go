package sentinel

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// TestCurbed: a Sentinel that has sent much in vain may send only little, and fails for the same reason. It
// is back with the first snapshot for which little is enough.
func TestCurbed(t *testing.T) {
	t.Parallel()
	const much = 2 << 20
	for _, test := range []struct {
		name, command string
		reply         sentineltest.Script
		reason        Reason
	}{
		{"an endless reply", "SENTINEL MASTERS", endlessReply, ReasonProtocol},
		{"half a reply", "SENTINEL MASTERS", stalled(much), ReasonTimeout},
		{"too many masters", "SENTINEL MASTERS", sentineltest.Raw(manyEntries(maxMasters+1, "master")), ReasonProtocol},
		{"half a reply about a master", "SENTINEL REPLICAS", stalled(much), ReasonTimeout},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 2})
			c := NewClient(Options{Address: fake.Addr(), Budget: NewBudget(4 * much)})
			defer c.Close()
			snapshot := func() (*Snapshot, int) {
				patience := 30 * time.Second
				if test.reason == ReasonTimeout {
					patience = time.Second
				}
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				return c.Snapshot(ctx), c.allowance.largest
			}
			sentineltest.WaitFor(t, "a complete snapshot", func() bool {
				s, _ := snapshot()
				return len(s.Failures) == 0
			})
			fake.Script(test.command, test.reply)
			sentineltest.WaitFor(t, "it to send much in vain", func() bool {
				s, read := snapshot()
				return len(s.Failures) > 0 && read > littleExchange
			})
			for range 2 {
				s, read := snapshot()
				if len(s.Failures) == 0 || read > littleExchange+1 {
					t.Errorf("%d bytes were read, and %v failed", read, s.Failures)
				}
				for _, f := range s.Failures {
					if f.Err.Reason != test.reason {
						t.Error(f.Err)
					}
				}
			}
			fake.Script(test.command, nil)
			sentineltest.WaitFor(t, "it to be back", func() bool {
				s, _ := snapshot()
				return len(s.Failures) == 0 && c.allowance.bytes() == maxExchange
			})
		})
	}
}

// endlessReply has elements without end.
func endlessReply(c *sentineltest.ScriptConn) {
	element := sentineltest.Bulk(strings.Repeat("x", 16<<10))
	for ok := c.Write([]byte("*1000000\r\n")); ok; {
		ok = c.Write(element)
	}
}

// TestAllowance: what a Sentinel has needed before it may send twice, and some minutes later it may send all
// again.
func TestAllowance(t *testing.T) {
	t.Parallel()
	why := &Error{Reason: ReasonProtocol}
	var a allowance
	a.largest = littleExchange
	a.judge(why)
	if a.bytes() != maxExchange {
		t.Error("it has not sent much, and may send only little")
	}
	a.largest = 1 << 20
	a.judge(nil)
	a.judge(why)
	if a.bytes() != 2<<20 || time.Until(a.until) > curbedFor*3/2 || time.Until(a.until) < curbedFor-time.Minute {
		t.Errorf("it may send %d bytes for %s", a.bytes(), time.Until(a.until))
	}
	until := a.until
	a.judge(why)
	if a.until != until {
		t.Error("it never ends, as long as it fails")
	}
	a.until = time.Now().Add(-time.Second)
	if a.bytes() != maxExchange {
		t.Error("its time is over, and it may not send all again")
	}
	a.judge(why)
	a.judge(nil)
	if a.bytes() != maxExchange {
		t.Error("it is well again, and may send only little")
	}
}

// TestLateAllowance: one that was only late is asked for all again soon, and later each time.
func TestLateAllowance(t *testing.T) {
	t.Parallel()
	late := &Error{Reason: ReasonTimeout}
	a := allowance{largest: 1 << 20}
	var longest []time.Duration
	for range 7 {
		a.judge(late)
		if a.bytes() != littleExchange {
			t.Fatal("it has sent much in vain, and may send all")
		}
		longest = append(longest, a.pause)
		a.until = time.Now().Add(-time.Second)
	}
	want := []time.Duration{15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute}
	if !slices.Equal(longest, want) {
		t.Errorf("it may send only little for %v, want %v", longest, want)
	}
	a.judge(nil)
	a.judge(late)
	if a.pause != 15*time.Second {
		t.Errorf("after a complete snapshot it is %s", a.pause)
	}
}
