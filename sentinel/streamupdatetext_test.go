package sentinel

import (
	"errors"
	"strings"
	"testing"
)

func TestNoticeText(t *testing.T) {
	t.Parallel()
	gone := &Error{Reason: ReasonTimeout, Err: errors.New("no answer")}
	for want, n := range map[string]StreamUpdate{
		"":           {Kind: StreamEvent, Event: Event{Name: "+tilt"}},
		"subscribed": {Kind: StreamUp},
		"stream lost, events may be missing until it is subscribed again: timeout: no answer": {Kind: StreamLost, Err: gone},
		"cannot subscribe, will try again: timeout: no answer":                                {Kind: StreamFailed, Err: gone},
		"3 events dropped: they came too fast":                                                {Kind: StreamDropped, Dropped: 3},
		"no longer asked: the other Sentinels have forgotten it":                              {Kind: StreamEnded},
	} {
		if got := n.Text(); got != want {
			t.Errorf("kind %d: got %q, want %q", n.Kind, got, want)
		}
	}
}

// TestEventAbout reads payloads as Sentinels publish them.
func TestEventAbout(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, payload, want string }{
		{"+switch-master", "m 10.0.0.1 6379 10.0.0.2 6379", "10.0.0.1:6379 -> 10.0.0.2:6379"},
		{"+odown", "master m 10.0.0.1 6379 #quorum 2/2", "10.0.0.1:6379|#quorum 2/2"},
		{"+sdown", "slave 10.0.0.2:6379 10.0.0.2 6379 @ m 10.0.0.1 6379", "slave 10.0.0.2:6379"},
		{"+sdown", "sentinel cafe 10.0.0.3 26379 @ m 10.0.0.1 6379", "sentinel 10.0.0.3:26379 cafe"},
		{"+new-epoch", "7", "7"},
		{"+tilt", "#tilt mode entered", "#tilt mode entered"},
	} {
		e := ParseEvent(tc.name, tc.payload)
		if got := strings.Join(e.About(), "|"); got != tc.want {
			t.Errorf("%s %s: got %q, want %q", tc.name, tc.payload, got, tc.want)
		}
	}
}
