package history_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/sentinel"
)

// A script is what two Sentinels say, one after the other.
type script struct {
	h  *history.History
	at time.Time
}

const sentinelA, sentinelB = "a:26379", "b:26379"

// newScript has both streams up.
func newScript() *script {
	s := &script{history.New(history.Options{}), time.Now().Add(-time.Minute)}
	s.stream(sentinelA, sentinel.StreamUp)
	s.stream(sentinelB, sentinel.StreamUp)
	return s
}

// say has a Sentinel publish events, each a line.
func (s *script) say(address, lines string) {
	for line := range strings.Lines(lines) {
		s.at = s.at.Add(100 * time.Millisecond)
		name, payload, _ := strings.Cut(strings.TrimSpace(line), " ")
		s.h.Handle(&sentinel.StreamUpdate{Sentinel: address, Time: s.at, Event: sentinel.ParseEvent(name, payload)})
	}
}

func (s *script) stream(address string, kind sentinel.StreamUpdateKind) {
	s.at = s.at.Add(100 * time.Millisecond)
	s.h.Handle(&sentinel.StreamUpdate{Sentinel: address, Time: s.at, Since: s.at, Kind: kind})
}

// TestStepsAfterGap: the stream of a leader breaks, the others switch, and when it is up again the leader is in the middle of
// its next failover, whose steps are not those of the one before.
func TestStepsAfterGap(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.say(sentinelA, `+sdown master m 10.0.0.1 1
		+odown master m 10.0.0.1 1 #quorum 2/2
		+new-epoch 8
		+try-failover master m 10.0.0.1 1
		+elected-leader master m 10.0.0.1 1
		+selected-slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.1 1`)
	s.stream(sentinelA, sentinel.StreamLost)
	s.say(sentinelB, `+switch-master m 10.0.0.1 1 10.0.0.2 1
		+slave slave 10.0.0.1:1 10.0.0.1 1 @ m 10.0.0.2 1`)
	s.stream(sentinelA, sentinel.StreamUp)
	s.say(sentinelA, `+promoted-slave slave 10.0.0.3:1 10.0.0.3 1 @ m 10.0.0.2 1
		+failover-state-reconf-slaves master m 10.0.0.2 1
		+failover-end master m 10.0.0.2 1
		+switch-master m 10.0.0.2 1 10.0.0.3 1
		+slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.3 1`)
	s.say(sentinelB, `+switch-master m 10.0.0.2 1 10.0.0.3 1
		+slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.3 1`)
	records := s.h.Records(history.Query{All: true})
	if len(records) != 2 {
		t.Fatalf("%d records: %+v", len(records), records)
	}
	for i, want := range []struct {
		from, to string
		switched []string
	}{{"10.0.0.2:1", "10.0.0.3:1", []string{sentinelA, sentinelB}}, {"10.0.0.1:1", "10.0.0.2:1", []string{sentinelB}}} {
		r := records[i]
		var switched []string
		for _, told := range r.Switched {
			switched = append(switched, told.Sentinel)
		}
		if r.Leader != sentinelA || r.From != want.from || r.To != want.to || r.Outcome != history.OutcomeSwitched || !slices.Equal(switched, want.switched) {
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

// TestLastStepAfterGap: of a failover only the end is heard of its leader, after another Sentinel has switched: it is one failover.
func TestLastStepAfterGap(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.stream(sentinelA, sentinel.StreamLost)
	s.say(sentinelB, `+switch-master m 10.0.0.1 1 10.0.0.2 1
		+slave slave 10.0.0.1:1 10.0.0.1 1 @ m 10.0.0.2 1`)
	s.stream(sentinelA, sentinel.StreamUp)
	s.say(sentinelA, `+failover-end master m 10.0.0.1 1
		+switch-master m 10.0.0.1 1 10.0.0.2 1
		+slave slave 10.0.0.1:1 10.0.0.1 1 @ m 10.0.0.2 1`)
	records := s.h.Records(history.Query{All: true})
	if len(records) != 1 {
		t.Fatalf("%d records: %+v", len(records), records)
	}
	if r := records[0]; r.Leader != sentinelA || r.From != "10.0.0.1:1" || r.To != "10.0.0.2:1" || r.Outcome != history.OutcomeSwitched || len(r.Switched) != 2 || !r.IsInferred("started") {
		t.Errorf("%+v", r)
	}
}

// TestSwitchBackAfterGap: a Sentinel whose switch was missed goes back to that node later, of which nothing else is heard: it is
// a failover of its own.
func TestSwitchBackAfterGap(t *testing.T) {
	t.Parallel()
	s := newScript()
	s.stream(sentinelB, sentinel.StreamLost)
	s.say(sentinelA, `+switch-master m 10.0.0.1 1 10.0.0.2 1
		+slave slave 10.0.0.1:1 10.0.0.1 1 @ m 10.0.0.2 1`)
	s.stream(sentinelB, sentinel.StreamUp)
	for _, address := range []string{sentinelA, sentinelB} {
		s.say(address, `+switch-master m 10.0.0.2 1 10.0.0.3 1
			+slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.3 1`)
	}
	s.say(sentinelB, `+switch-master m 10.0.0.3 1 10.0.0.2 1
		+slave slave 10.0.0.3:1 10.0.0.3 1 @ m 10.0.0.2 1`)
	records := s.h.Records(history.Query{All: true})
	if len(records) != 3 {
		t.Fatalf("%d records: %+v", len(records), records)
	}
	for i, want := range []int{1, 2, 1} {
		if len(records[i].Switched) != want {
			t.Errorf("record %d has %d switches, want %d: %+v", i, len(records[i].Switched), want, records[i])
		}
	}
}
