package collector

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/sentinel"
)

// A tape is a sequence of notices, written as "seconds Sentinel event [details]":
// of an event about a master the details are its name, "m" when there are none;
// of a switch they are name and new address, of +new-epoch the number.
type tape string

func (text tape) play(e *Events) {
	for line := range strings.Lines(strings.TrimSpace(string(text))) {
		words := strings.Fields(line)
		seconds, _ := time.ParseDuration(words[0] + "s")
		n := &sentinel.StreamUpdate{Sentinel: words[1], Time: time.Unix(1_700_000_000, 0).Add(seconds)}
		failure := &sentinel.Error{Sentinel: words[1], Reason: sentinel.ReasonUnreachable, Err: errors.New("gone")}
		details := append(words[3:], "m")
		switch n.Event.Name = words[2]; words[2] {
		case "UP":
			n.Kind, n.Event.Name = sentinel.StreamUp, ""
		case "LOST":
			n.Kind, n.Event.Name, n.Err = sentinel.StreamLost, "", failure
		case "FAILED":
			n.Kind, n.Event.Name, n.Err = sentinel.StreamFailed, "", failure
		case "ENDED":
			n.Kind, n.Event.Name = sentinel.StreamEnded, ""
		case "DROPPED":
			n.Kind, n.Event.Name, n.Dropped = sentinel.StreamDropped, "", 7
		case sentinel.EventNewEpoch:
			var epoch int64
			_, _ = fmt.Sscan(details[0], &epoch)
			n.Event.Epoch = sentinel.Some(epoch)
		case sentinel.EventSwitchMaster:
			n.Event.Master, n.Event.NewAddress = details[0], details[1]
		case sentinel.EventRoleRight, sentinel.EventRoleWrong, sentinel.EventConvertToReplica:
			n.Event.Master, n.Event.Kind, n.Event.Address = "m", sentinel.RoleReplica, details[0]
			n.Event.Details = map[string]string{"-role-change": "new reported role is master", "+role-change": "new reported role is slave"}[words[2]]
		case sentinel.EventTilt:
		default:
			if n.Event.Master = details[0]; details[0] == "undone" {
				n.Event.Master = "m"
			}
		}
		e.Handle(n)
		if done := switchDone(n); done != nil && words[len(words)-1] != "undone" {
			e.Handle(done)
		}
	}
}

// switchDone is what a Sentinel publishes when it has made a switch, of each replica: the new
// address of its master. On a tape it follows by itself unless the switch is called undone.
func switchDone(n *sentinel.StreamUpdate) *sentinel.StreamUpdate {
	done := *n
	done.Event = sentinel.Event{Name: "+slave", Master: n.Event.Master, Kind: sentinel.RoleReplica, MasterAddress: "x:9"}
	switch n.Event.Name {
	case sentinel.EventSwitchMaster:
		done.Event.MasterAddress = n.Event.NewAddress
	case sentinel.EventFailoverEnd:
	default:
		return nil
	}
	return &done
}

// heard returns an Events that has heard the tape, and its log.
func heard(text tape) (*Events, *strings.Builder) {
	var b strings.Builder
	e := NewEvents(history.New(history.Options{}), slog.New(slog.NewTextHandler(&b, nil)))
	text.play(e)
	return e, &b
}

// TestDurations: of each failover there is one duration or, where a part of it
// was not seen, none; whatever comes between, twice, or from several Sentinels.
func TestDurations(t *testing.T) {
	t.Parallel()
	const crash tape = `
0 a +new-epoch 5
0 a +try-failover
1 a +elected-leader
3 a +failover-end
3 a +switch-master m x:2`
	tests := []struct {
		name  string
		tape  tape
		ended float64 // their sum; none when 0
		abort float64
	}{
		{"one", crash, 3, 0},
		{"two, one after the other", crash + `
100 a +new-epoch 6
100 a +try-failover
101 a +elected-leader
107 a +failover-end`, 3 + 7, 0},
		{"the same epochs again after all Sentinels were made anew", crash + tape(strings.NewReplacer("\n0 ", "\n100 ", "\n1 ", "\n101 ", "\n3 ", "\n103 ").Replace(string(crash))), 6, 0},
		{"a Sentinel that is asked under two addresses", `
0 a +new-epoch 5
0 b +new-epoch 5
0 a +try-failover
0 b +try-failover
1 a +elected-leader
1 b +elected-leader
3 a +failover-end
3 b +failover-end`, 3, 0},
		{"no good replica", `
0 a +new-epoch 5
0 a +try-failover
1 a +elected-leader
2 a -failover-abort-no-good-slave`, 0, 2},
		{"the promotion fails", `
0 a +new-epoch 5
0 a +try-failover
1 a +elected-leader
20 a -failover-abort-slave-timeout`, 0, 20},
		{"an election that another Sentinel wins", `
0 a +new-epoch 5
0 a +try-failover
0.1 b +new-epoch 6
0.1 b +try-failover
1 b +elected-leader
3 b +failover-end
10 a -failover-abort-not-elected`, 2.9, 0},
		{"and that ends before the winner does", `
0 a +new-epoch 5
0 a +try-failover
0.1 b +new-epoch 6
0.1 b +try-failover
1 b +elected-leader
10 a -failover-abort-not-elected
30.1 b +failover-end`, 30, 0},
		{"an election that nobody wins", `
0 a +new-epoch 5
0 b +new-epoch 5
0 a +try-failover
0 b +try-failover
10 a -failover-abort-not-elected
11 b -failover-abort-not-elected`, 0, 10},
		{"and the one after it, which is won", `
0 a +new-epoch 5
0 a +try-failover
10 a -failover-abort-not-elected
30 b +new-epoch 6
30 b +try-failover
31 b +elected-leader
34 b +failover-end`, 4, 10},
		{"the leader dies", `
0 a +new-epoch 5
0 a +try-failover
1 a +elected-leader
2 a LOST
30 b +new-epoch 6
30 b +try-failover
31 b +elected-leader
34 b +failover-end`, 4, 0},
		{"the stream is lost in between", `
0 a +new-epoch 5
0 a +try-failover
1 a +elected-leader
2 a LOST
2.5 a UP
3 a +failover-end`, 0, 0},
		{"events are dropped in between", `
0 a +try-failover
2 a DROPPED
3 a +failover-end`, 0, 0},
		{"the stream of another Sentinel is lost", `
0 a +new-epoch 5
0 a +try-failover
1 a +elected-leader
2 b LOST
3 a +failover-end`, 3, 0},
		{"its start was not seen", `
1 a +elected-leader
3 a +failover-end`, 0, 0},
		{"its end was not seen: the next counts from its own start", `
0 a +try-failover
50 a +try-failover
51 a +elected-leader
54 a +failover-end`, 4, 0},
		{"another Sentinel's configuration ends it without a word", `
0 a +try-failover
2 a +switch-master m x:2
9 a +failover-end`, 0, 0},
		{"RESET ends it without a word", `
0 a +try-failover
2 a +reset-master
9 a +failover-end`, 0, 0},
		{"an end twice", crash + `
4 a +failover-end`, 3, 0},
		{"of other masters at the same time", `
0 a +new-epoch 5
0 a +try-failover
1 a +new-epoch 6
1 a +try-failover other
2 b +try-failover third
2 a +elected-leader
2 a +elected-leader other
2 b FAILED
3 a +failover-end
9 a -failover-abort-slave-timeout other`, 3, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e, _ := heard(test.tape)
			got := map[string]float64{}
			for _, row := range e.rows(nil).failovers {
				if row.master == "m" {
					got[row.result] = row.durations.GetSampleSum()
				}
			}
			want := map[string]float64{resultEnded: test.ended, resultAborted: test.abort}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSwitchIsOne however many Sentinels report it, and some of them late; who reports
// it when it is long over reports another one.
func TestSwitchIsOne(t *testing.T) {
	t.Parallel()
	e, log := heard(`
0 a +switch-master m x:2
1 b +switch-master m x:2
50 a +switch-master m x:1
51 b +switch-master m x:1
52 c +switch-master m x:2
53 c +switch-master m x:1
90 a +switch-master m x:2
91 a +switch-master n y:1
100 a +switch-master n y:2
200 a +switch-master n y:1
1001 b +switch-master n y:2`)
	if n := strings.Count(log.String(), "Master switched"); n != 7 {
		t.Errorf("seven switches are logged in %d lines:\n%s", n, log)
	}
	got := map[string]int64{}
	for _, row := range e.rows(nil).switches {
		got[row.master] = row.at.Unix() - 1_700_000_000
	}
	if diff := cmp.Diff(map[string]int64{"m": 90, "n": 1001}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSwitchUndone: a Sentinel that does not get a switch done publishes it twelve times a
// second, and the others once; it has happened when one has the master there. The failover ends
// then, too.
func TestSwitchUndone(t *testing.T) {
	t.Parallel()
	var repeated strings.Builder
	for i := range 12 * 60 {
		fmt.Fprintf(&repeated, "%.3f a +switch-master m x:2 undone\n", 1+float64(i)/12)
	}
	undone := "0 a +try-failover\n0.1 a +elected-leader\n0.9 b +switch-master m x:2 undone\n1 a +failover-end undone\n" + tape(repeated.String())
	e, log := heard(undone)
	ended := func(e *Events) uint64 {
		rows := e.rows(nil).failovers
		return rows[slices.IndexFunc(rows, func(r failoverRow) bool { return r.result == resultEnded })].durations.GetSampleCount()
	}
	if rows := e.rows(nil).switches; log.Len() > 0 || len(rows) > 0 || ended(e) != 0 {
		t.Errorf("what has not happened is counted: %+v, %d failovers\n%s", rows, ended(e), log)
	}
	elsewhere := []*sentinel.Snapshot{{Sentinel: "b", Masters: []sentinel.Master{{Instance: sentinel.Instance{Name: "m", Addr: "x:1"}}}}}
	if rows := e.rows(elsewhere).switches; log.Len() > 0 || len(rows) > 0 {
		t.Errorf("it is counted though the Sentinel has the master where it was: %+v", rows)
	}
	tape("70 a +switch-master m x:2\n80 b +switch-master m x:1").play(e)
	if n := strings.Count(log.String(), "Master switched"); n != 2 {
		t.Errorf("two switches are logged in %d lines:\n%s", n, log)
	}
	if rows := e.rows(nil).switches; len(rows) != 1 || rows[0].at.Unix() != 1_700_000_080 || ended(e) != 1 {
		t.Errorf("the last switch is %+v, and there were %d failovers", rows, ended(e))
	}
	e, log = heard(undone)
	elsewhere[0].Masters[0].Addr = "x:2"
	if rows := e.rows(elsewhere).switches; len(rows) != 1 || !strings.Contains(log.String(), "Master switched") {
		t.Errorf("a Sentinel that has switched while we did not hear it: %+v\n%s", rows, log)
	}
}

// TestStreamsShow: the state, the losses, and one line in the log for each change.
func TestStreamsShow(t *testing.T) {
	t.Parallel()
	e, log := heard(`
0 a UP
1 a LOST
2 a FAILED
3 a FAILED
4 a UP
5 a DROPPED
0 b FAILED
1 b FAILED`)
	got := map[string]streamRow{}
	for _, row := range e.rows([]*sentinel.Snapshot{{Sentinel: "c"}}).streams {
		got[row.sentinel] = row
	}
	want := map[string]streamRow{"a": {"a", true, 2}, "b": {"b", false, 0}, "c": {"c", false, 0}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(streamRow{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var texts []string
	for line := range strings.Lines(log.String()) {
		_, line, _ = strings.Cut(line, "level=")
		texts = append(texts, strings.TrimSpace(line))
	}
	wantTexts := []string{
		`WARN msg="Event stream lost: events may be missing until it is back" sentinel=a reason=unreachable err=gone`,
		`INFO msg="Event stream is back" sentinel=a`,
		`WARN msg="Events dropped: they came faster than they could be counted" sentinel=a events=7`,
		`WARN msg="Event stream cannot be opened" sentinel=b reason=unreachable err=gone`,
	}
	if diff := cmp.Diff(wantTexts, texts); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// TestSeriesAreBounded, whatever the network sends.
func TestSeriesAreBounded(t *testing.T) {
	t.Parallel()
	e, _ := heard("")
	handle := func(event, master string) {
		e.Handle(&sentinel.StreamUpdate{Sentinel: "a", Time: time.Unix(1_700_000_000, 0), Event: sentinel.Event{Name: event, Master: master}})
	}
	for i := range 3 * maxEventMasters {
		handle(sentinel.EventODown, fmt.Sprint("m", i))
		handle(fmt.Sprint("+new", i), "")
	}
	handle(sentinel.EventODown, strings.Repeat("x", maxNameBytes+1))
	got := map[string]uint64{}
	rows := e.rows(nil)
	for _, row := range rows.counts {
		if row.master == "" {
			got[row.event] += row.count
		}
	}
	want := map[string]uint64{"+odown": 2*maxEventMasters + 1, "other": 3 * maxEventMasters}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("without a name (-want +got):\n%s", diff)
	}
	if n := len(rows.failovers); n != 2*maxEventMasters {
		t.Errorf("%d histograms", n)
	}
}

// TestShareOfNames: a Sentinel that names ever new masters leaves the others their part of the names.
func TestShareOfNames(t *testing.T) {
	t.Parallel()
	e, _ := heard("")
	e.Observe([]*sentinel.Snapshot{{Sentinel: "a"}, {Sentinel: "b"}})
	at := time.Unix(1_700_000_000, 0)
	for i := range 3 * maxEventMasters {
		e.Handle(&sentinel.StreamUpdate{Sentinel: "a", Time: at, Event: sentinel.Event{Name: sentinel.EventODown, Master: fmt.Sprint("x", i)}})
	}
	for i := range maxEventMasters / 2 {
		e.Handle(&sentinel.StreamUpdate{Sentinel: "b", Time: at, Event: sentinel.Event{Name: sentinel.EventODown, Master: fmt.Sprint("m", i)}})
	}
	named := make(map[string]int)
	for _, row := range e.rows(nil).counts {
		if row.master != "" && row.event == sentinel.EventODown {
			named[row.sentinel]++
		}
	}
	if diff := cmp.Diff(map[string]int{"a": maxEventMasters / 2, "b": maxEventMasters / 2}, named); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestGoneMastersAreForgotten after an hour, but not while no Sentinel answers.
func TestGoneMastersAreForgotten(t *testing.T) {
	t.Parallel()
	e, _ := heard("0 a +switch-master gone x:1\n0 a +switch-master m x:1\n0 a +try-failover gone\n3 a +failover-end gone")
	masters := func(after time.Duration, up bool) []string {
		s := &sentinel.Snapshot{Sentinel: "a", Started: time.Unix(1_700_000_000, 0).Add(after)}
		s.Masters = []sentinel.Master{{Instance: sentinel.Instance{Name: "m"}}}
		if !up {
			s.Masters, s.Err = nil, &sentinel.Error{Err: errors.New("gone")}
		}
		rows := e.rows([]*sentinel.Snapshot{s})
		var names []string
		for _, row := range rows.failovers {
			names = append(names, row.master)
		}
		for _, row := range rows.switches {
			names = append(names, row.master)
		}
		for _, row := range rows.counts {
			names = append(names, row.master)
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	for _, step := range []struct {
		after time.Duration
		up    bool
		want  []string
	}{
		{59 * time.Minute, true, []string{"gone", "m"}},
		{5 * time.Hour, false, []string{"gone", "m"}},
		{5 * time.Hour, true, []string{"m"}},
		{50 * time.Hour, true, []string{"m"}},
	} {
		if diff := cmp.Diff(step.want, masters(step.after, step.up)); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", step.after, diff)
		}
	}
}

// TestGoneSentinelsAreForgotten, with all that was counted of them.
func TestGoneSentinelsAreForgotten(t *testing.T) {
	t.Parallel()
	e, _ := heard(`
0 a UP
0 b UP
1 a +sdown
1 b +sdown
2 a +new-epoch 7
2 b +try-failover
3 a ENDED
3 b ENDED
4 a UP
5 a +failover-end`)
	rows := e.rows(nil)
	for _, row := range rows.counts {
		if row.sentinel != "a" || row.event == "+sdown" && row.count > 0 {
			t.Errorf("%+v is still there", row)
		}
	}
	if len(rows.streams) != 1 {
		t.Errorf("streams %v are left", rows.streams)
	}
}

// TestRecent: the last notices in their order, as many as are kept.
func TestRecent(t *testing.T) {
	t.Parallel()
	var none *Events
	e, _ := heard("")
	if got := append(none.Recent(), e.Recent()...); len(got) != 0 {
		t.Errorf("nothing has happened, but %v", got)
	}
	for i := range maxRecent + 17 {
		tape(fmt.Sprintf("%d a +sdown m%d\n0 a FAILED", i, i)).play(e)
		got := e.Recent()
		if want := min(i+1, maxRecent); len(got) != want {
			t.Fatalf("after %d events: %d are kept", i+1, len(got))
		}
		if first, last := got[0].Event.Master, got[len(got)-1].Event.Master; first != fmt.Sprint("m", i+1-len(got)) || last != fmt.Sprint("m", i) {
			t.Errorf("after %d events: those about %s to %s are kept", i+1, first, last)
		}
	}
}

// TestEventFamilies: the text of all metrics, with names that are no UTF-8.
func TestEventFamilies(t *testing.T) {
	t.Parallel()
	e, _ := heard("0 a UP\n0 a +tilt\n1.5 a +switch-master \xff x:1\n2 a +new-thing \xff\n3 a +try-failover \xff\n4 a +elected-leader \xff\n5 a +failover-end \xff")
	out := text(t, New(Options{Events: true}).WithEvents(e), nil)
	if diff := asPrometheusWrites(t, out); diff != "" {
		t.Errorf("(-Prometheus +written):\n%s", diff)
	}
	for _, want := range []string{
		"redis_sentinel_event_stream_up{sentinel=\"a\"} 1\n",
		"redis_sentinel_event_stream_losses_total{sentinel=\"a\"} 0\n",
		"redis_sentinel_events_total{event=\"+tilt\",master_name=\"\",sentinel=\"a\"} 1\n",
		"redis_sentinel_events_total{event=\"other\",master_name=\"\\\\xff\",sentinel=\"a\"} 1\n",
		"redis_sentinel_events_total{event=\"-failover-abort-not-elected\",master_name=\"\\\\xff\",sentinel=\"a\"} 0\n",
		"redis_sentinel_last_switch_timestamp_seconds{master_name=\"\\\\xff\"} 1700000001.5\n",
		"redis_sentinel_failover_duration_seconds_bucket{master_name=\"\\\\xff\",result=\"ended\",le=\"1\"} 0\n",
		"redis_sentinel_failover_duration_seconds_bucket{master_name=\"\\\\xff\",result=\"ended\",le=\"2\"} 1\n",
		"redis_sentinel_failover_duration_seconds_sum{master_name=\"\\\\xff\",result=\"ended\"} 2\n",
		"\nredis_sentinel_failover_duration_seconds_bucket{master_name=\"\\\\xff\",result=\"aborted\",le=\"+Inf\"} 0\n",
		"redis_sentinel_failover_duration_seconds_count{master_name=\"\\\\xff\",result=\"aborted\"} 0\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
}

// TestOldMasters: what a node takes as a master beside the master is counted once, when it is
// over, and only where all of it was seen.
func TestOldMasters(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		tape tape
		want float64
	}{
		{"it comes back, for three Sentinels", "0 a -role-change x:1\n1 b -role-change x:1\n10 a +convert-to-slave x:1\n10.2 b +convert-to-slave x:1\n20 a +role-change x:1", 10},
		{"two, one after the other", "0 a -role-change x:1\n10 a +convert-to-slave x:1\n50 a -role-change x:2\n62 a +role-change x:2", 22},
		{"it is still one", "0 a -role-change x:1", 0},
		{"one that is promoted", "0 a -role-change x:2\n1 a +switch-master m x:2\n2 a +role-change x:2", 0},
		{"and the old one, which was there", "0 a -role-change x:2\n1 a +switch-master m x:2\n2 a -role-change x:1\n12 a +convert-to-slave x:1", 10},
		{"a gap", "0 a -role-change x:1\n1 a LOST\n2 a UP\n10 a +convert-to-slave x:1", 0},
		{"a gap of another stream", "0 a -role-change x:1\n1 b LOST\n10 a +convert-to-slave x:1", 10},
		{"a Sentinel that is asked no longer", "0 a -role-change x:1\n1 a ENDED\n10 b +convert-to-slave x:1", 0},
	} {
		e, _ := heard(test.tape)
		rows := e.rows(nil).old
		if len(rows) != 1 || rows[0] != (oldMasterRow{"m", test.want}) {
			t.Errorf("%s: %+v, want %v s", test.name, rows, test.want)
		}
	}
}
