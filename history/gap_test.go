package history_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/sentinel"
)

// TestStepsAfterGap: the stream of a leader breaks, the others switch, and when it is up again the leader is in the middle of
// its next failover, whose steps are not those of the one before.
func TestStepsAfterGap(t *testing.T) {
	t.Parallel()
	const a, b = "a:26379", "b:26379"
	h, at := history.New(history.Options{}), time.Now().Add(-time.Minute)
	say := func(address, lines string) {
		for line := range strings.Lines(lines) {
			at = at.Add(100 * time.Millisecond)
			name, payload, _ := strings.Cut(strings.TrimSpace(line), " ")
			h.Handle(&sentinel.StreamUpdate{Sentinel: address, Time: at, Event: sentinel.ParseEvent(name, payload)})
		}
	}
	stream := func(address string, kind sentinel.StreamUpdateKind) {
		at = at.Add(100 * time.Millisecond)
		h.Handle(&sentinel.StreamUpdate{Sentinel: address, Time: at, Since: at, Kind: kind})
	}
	stream(a, sentinel.StreamUp)
	stream(b, sentinel.StreamUp)
	say(a, `+sdown master m 10.0.0.1 1
		+odown master m 10.0.0.1 1 #quorum 2/2
		+new-epoch 8
		+try-failover master m 10.0.0.1 1
		+elected-leader master m 10.0.0.1 1
		+selected-slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.1 1`)
	stream(a, sentinel.StreamLost)
	say(b, `+switch-master m 10.0.0.1 1 10.0.0.2 1
		+slave slave 10.0.0.1:1 10.0.0.1 1 @ m 10.0.0.2 1`)
	stream(a, sentinel.StreamUp)
	say(a, `+promoted-slave slave 10.0.0.3:1 10.0.0.3 1 @ m 10.0.0.2 1
		+failover-state-reconf-slaves master m 10.0.0.2 1
		+failover-end master m 10.0.0.2 1
		+switch-master m 10.0.0.2 1 10.0.0.3 1
		+slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.3 1`)
	say(b, `+switch-master m 10.0.0.2 1 10.0.0.3 1
		+slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.3 1`)
	records := h.Records(history.Query{All: true})
	if len(records) != 2 {
		t.Fatalf("%d records: %+v", len(records), records)
	}
	for i, want := range []struct {
		from, to string
		switched []string
	}{{"10.0.0.2:1", "10.0.0.3:1", []string{a, b}}, {"10.0.0.1:1", "10.0.0.2:1", []string{b}}} {
		r := records[i]
		var switched []string
		for _, s := range r.Switched {
			switched = append(switched, s.Sentinel)
		}
		if r.Leader != a || r.From != want.from || r.To != want.to || r.Outcome != history.OutcomeSwitched || !slices.Equal(switched, want.switched) {
			t.Errorf("record %d: %+v", i, r)
		}
	}
	if !records[0].IsInferred("started") {
		t.Error("the start of the second one was not seen, and that is not said")
	}
	if _, seen := records[1].Seconds(); seen {
		t.Error("the end of the first one was not seen, and it has a duration")
	}
}
