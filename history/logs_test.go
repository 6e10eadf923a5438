package history_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/internal/sentineltest"
)

// readLogs reads logs, given by their names.
func readLogs(t *testing.T, files ...history.LogFile) ([]history.Record, []history.Log) {
	t.Helper()
	records, logs, err := history.ReadLogs(files, time.Local)
	check(t, err)
	return records, logs
}

func file(name, text string) history.LogFile {
	return history.LogFile{Name: name, Reader: strings.NewReader(text)}
}

// later returns a log as a clock that is ahead writes it.
func later(text string, by time.Duration) string {
	const layout = "02 Jan 2006 15:04:05.000"
	return regexp.MustCompile(`\d\d \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3}`).ReplaceAllStringFunc(text, func(s string) string {
		at, err := time.Parse(layout, s)
		if err != nil {
			return s
		}
		return at.Add(by).Format(layout)
	})
}

// TestLogsAgree: live and from the logs there are the same records; also where a log is in two files, one of
// them compressed, and a clock is an hour and a half ahead. A log without the failovers gives a gap in each.
func TestLogsAgree(t *testing.T) {
	t.Parallel()
	r := run(t, sentineltest.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	_, err := r.Failover(ctx, master)
	check(t, err)
	r.ended(1)
	check(t, r.WaitSettled(ctx))
	old := r.master()
	old.Kill()
	_, err = r.WaitFailover(ctx, master, old.Addr())
	check(t, err)
	r.ended(2)
	check(t, old.Restart(ctx))
	check(t, r.WaitSettled(ctx))
	live := r.records()
	texts := make([]string, len(r.Sentinels))
	for i, s := range r.Sentinels {
		texts[i], err = s.Log()
		check(t, err)
	}
	whole, logs := readLogs(t, file("a.log", texts[0]), file("b.log", texts[1]), file("c.log", texts[2]))
	for i, l := range logs {
		if l.Sentinel != r.Sentinels[i].Addr() || l.OffsetSeconds == nil || math.Abs(*l.OffsetSeconds) > 0.05+l.ErrorSeconds {
			t.Errorf("the log of %s is %+v", r.Sentinels[i].Addr(), l)
		}
	}
	r.sameRecords(live, whole)

	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	half := strings.Index(texts[1], "+try-failover")
	if half < 0 {
		half = strings.Index(texts[1], "+switch-master")
	}
	half = strings.LastIndex(texts[1][:half], "\n") + 1
	_, err = z.Write([]byte(texts[1][:half]))
	check(t, err)
	check(t, z.Close())
	const ahead = 90 * time.Minute
	rotated, logs := readLogs(t, file("x/a.log", texts[0]), file("x/b.log", texts[1][half:]),
		history.LogFile{Name: "x/b.log.1.gz", Reader: &packed}, file("x/c.log", later(texts[2], ahead)))
	if len(logs) != 3 || len(logs[1].Files) != 2 || logs[2].OffsetSeconds == nil || math.Abs(*logs[2].OffsetSeconds-ahead.Seconds()) > 0.05+logs[2].ErrorSeconds {
		t.Errorf("the logs are %+v", logs)
	}
	r.sameRecords(live, rotated)

	var quiet []string // the third log lacks both failovers
	for line := range strings.Lines(texts[2]) {
		if !strings.Contains(line, "+switch-master") && len(quiet) < 20 {
			quiet = append(quiet, line)
		}
	}
	partly, _ := readLogs(t, file("a.log", texts[0]), file("b.log", texts[1]), file("c.log", strings.Join(quiet, "")))
	for _, f := range partly {
		if !slices.ContainsFunc(f.Gaps, func(g history.Gap) bool { return g.Sentinel == r.Sentinels[2].Addr() }) {
			t.Errorf("a log says nothing of the failover, and the gaps are %+v", f.Gaps)
		}
	}
}

// sameRecords compares what both can know. A Sentinel logs an event, writes its configuration to the disk, and only
// then sends the event: so much later than in the log it is heard.
func (r *rig) sameRecords(live, logs []history.Record) {
	t := r.t
	t.Helper()
	if len(live) != len(logs) {
		t.Fatalf("live %d records, from the logs %d", len(live), len(logs))
	}
	for i := range live {
		a, b := &live[i], &logs[i]
		near := func(what string, x, y time.Time) {
			t.Helper()
			clock := clockOf(b, b.Leader)
			if off, slow := x.Sub(y).Abs(), r.slowness(b.Leader, y.Add(-clock), x); off > *prompt+clock+slow {
				t.Errorf("%s: live %s, from the logs %s: %s apart; the clocks are %s off at most, and the Sentinel answered in %s", what, x, y, off, clock, slow)
			}
		}
		said := func(r *history.Record) string {
			names := []string{string(r.Trigger), string(r.Outcome), r.Leader, r.From, r.To, phaseNames(r), fmt.Sprint(*r.Epoch, len(r.Switched), len(r.Gaps), len(r.Votes))}
			return strings.Join(names, " ")
		}
		if said(a) != said(b) {
			t.Fatalf("live %s\nlogs %s", said(a), said(b))
		}
		near("the start", a.Started, b.Started)
		near("the end", *a.Ended, *b.Ended)
		for j := range a.Phases {
			near(a.Phases[j].Name, a.Phases[j].Started, b.Phases[j].Started)
		}
	}
}

// clockOf returns how far off the clock of a Sentinel's log may have been taken.
func clockOf(r *history.Record, sentinel string) time.Duration {
	for _, c := range r.Clocks {
		if c.Sentinel == sentinel {
			return time.Duration(c.ErrorSeconds * float64(time.Second))
		}
	}
	return 0
}

// TestLogFormats: the formats of Valkey's logs, with all its formats of a time, give the records that
// the usual one gives.
func TestLogFormats(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.Local)
	messages := []string{
		"+sdown master m 10.0.0.1 1", "+odown master m 10.0.0.1 1 #quorum 2/2", "+new-epoch 7", "+try-failover master m 10.0.0.1 1",
		"+vote-for-leader abc 7", "+elected-leader master m 10.0.0.1 1", "+selected-slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.1 1",
		"+promoted-slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.1 1", "+failover-end master m 10.0.0.1 1", "+switch-master m 10.0.0.1 1 10.0.0.2 1",
	}
	times := map[string]func(time.Time) string{
		"legacy":       func(at time.Time) string { return at.Format("02 Jan 2006 15:04:05.000") },
		"iso8601":      func(at time.Time) string { return at.Format("2006-01-02T15:04:05.000-07:00") },
		"milliseconds": func(at time.Time) string { return fmt.Sprint(at.UnixMilli()) },
	}
	formats := map[string]string{
		"legacy": "12:X %s # %s\n", "Docker's": `{"log":"12:X %s # %s\n","stream":"stdout"}` + "\n", "a container's": "stdout F 12:X %s # %s\n",
		"logfmt": "pid=12 role=sentinel timestamp=\"%s\" level=warning message=\"%s\"\n",
		"json":   `{"pid":12,"role":"sentinel","timestamp":"%s","level":"warning","message":"%s"}` + "\n",
	}
	for format, layout := range formats {
		for name, write := range times {
			var text strings.Builder
			for i, m := range messages {
				fmt.Fprintf(&text, layout, write(at.Add(time.Duration(i)*time.Second)), m)
			}
			records, logs := readLogs(t, file("sentinel.log", "not a line of a log\n"+text.String()))
			if len(records) != 1 || len(logs) != 1 {
				t.Fatalf("%s %s: %d records, %d logs", format, name, len(records), len(logs))
			}
			f := records[0]
			if f.Trigger != history.TriggerDown || f.Outcome != history.OutcomeSwitched || f.Leader != "sentinel.log" || f.To != "10.0.0.2:1" ||
				!f.Started.Equal(at.Add(3*time.Second)) || f.Ended == nil || !f.Ended.Equal(at.Add(9*time.Second)) || phaseNames(&f) != "detection agreement "+allPhases {
				t.Errorf("%s %s: %+v", format, name, f)
			}
		}
	}
}

// TestRealLogfmt: the logs of a Sentinel of Valkey 9.1 with log-format logfmt, that had SENTINEL FAILOVER, each with another
// log-timestamp-format, all have that failover.
func TestRealLogfmt(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]struct{ started, to string }{
		"legacy":       {"11:13:47.004", "127.0.0.1:23111"},
		"iso8601":      {"11:13:47.128", "127.0.0.1:23121"},
		"milliseconds": {"11:13:47.864", "127.0.0.1:23131"},
	} {
		name := filepath.Join("testdata", "formats", "valkey-9.1-logfmt-"+format+".log")
		text := readText(t, name)
		records, logs, err := history.ReadLogs([]history.LogFile{file(name, text)}, time.UTC)
		check(t, err)
		if len(records) != 1 || len(logs) != 1 {
			t.Fatalf("%s: %+v", format, records)
		}
		r := records[0]
		if r.Trigger != history.TriggerCommand || r.Outcome != history.OutcomeSwitched || r.To != want.to || r.Started.UTC().Format("15:04:05.000") != want.started ||
			phaseNames(&r) != allPhases || len(r.Gaps) != 0 || logs[0].LocalTimes != (format == "legacy") {
			t.Errorf("%s: %+v", format, r)
		}
	}
}

// TestOneFileOfSeveral: the lines of several Sentinels in one file give the records that their own files give, where each line says
// whose it is, and an error where none does.
func TestOneFileOfSeveral(t *testing.T) {
	t.Parallel()
	var apart []history.LogFile
	lines := make([][]string, 3)
	for i := range lines {
		text := readText(t, filepath.Join("testdata", "runs", fmt.Sprintf("redis-7.0-21-%d.log.gz", i)))
		apart = append(apart, file(fmt.Sprint(i, ".log"), text))
		lines[i] = slices.Collect(strings.Lines(text))
	}
	stamp := regexp.MustCompile(`^\d+:X (\d+ \w+ \d+ [\d:.]+) `)
	at := func(line string) time.Time {
		m := stamp.FindStringSubmatch(line)
		if m == nil {
			return time.Time{}
		}
		at, err := time.ParseInLocation("2 Jan 2006 15:04:05.000", m[1], time.Local)
		check(t, err)
		return at
	}
	together := func(prefix func(i int, at time.Time) string) string {
		var text strings.Builder
		for next := make([]int, 3); ; {
			first := -1
			for i := range next {
				if next[i] < len(lines[i]) && (first < 0 || at(lines[i][next[i]]).Before(at(lines[first][next[first]]))) {
					first = i
				}
			}
			if first < 0 {
				return text.String()
			}
			line := lines[first][next[first]]
			text.WriteString(prefix(first, at(line)) + line)
			next[first]++
		}
	}
	said := func(records []history.Record) string {
		var text strings.Builder
		for _, r := range records {
			fmt.Fprintln(&text, r.Started.UTC(), r.Outcome, r.Leader, r.From, r.To, phaseNames(&r), len(r.Switched), len(r.Gaps), len(r.Votes))
		}
		return text.String()
	}
	want, _ := readLogs(t, apart...)
	const iso = "2006-01-02T15:04:05.000000-0700"
	for name, prefix := range map[string]func(i int, at time.Time) string{
		"docker compose logs":         func(i int, _ time.Time) string { return fmt.Sprintf("app-sentinel-%-6d | ", i) },
		"docker compose logs, colour": func(i int, _ time.Time) string { return fmt.Sprintf("\x1b[3%dmsentinel_%d  |\x1b[0m ", i+1, i) },
		"docker compose logs -t": func(i int, at time.Time) string {
			return fmt.Sprintf("app-sentinel-%d  | %s ", i, at.UTC().Format(time.RFC3339Nano))
		},
		"kubectl logs --prefix": func(i int, _ time.Time) string { return fmt.Sprintf("[pod/sentinel-%d/sentinel] ", i) },
		"journalctl": func(i int, at time.Time) string {
			return fmt.Sprintf("%s host-%d redis-sentinel[%d]: ", at.Format(time.Stamp), i, 700+i)
		},
		"journalctl -o short-iso-prec": func(i int, at time.Time) string {
			return fmt.Sprintf("%s host-%d redis-sentinel[7]: ", at.Format(iso), i)
		},
	} {
		records, logs := readLogs(t, file("all.log", together(prefix)))
		if len(logs) != 3 || logs[0].Source == "" || logs[0].Sentinel == logs[0].Source {
			t.Errorf("%s: the logs are %+v", name, logs)
		}
		if got := said(records); got != said(want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, said(want))
		}
	}
	none := func(int, time.Time) string { return "" }
	for name, text := range map[string]string{
		"no names":       together(none),
		"one host":       together(func(int, time.Time) string { return "Nov 22 03:04:05 host redis-sentinel[7]: " }),
		"one by another": strings.Join(slices.Concat(lines...), ""),
	} {
		if _, _, err := history.ReadLogs([]history.LogFile{file("all.log", text)}, time.Local); err == nil || !strings.Contains(err.Error(), "all.log: it has the lines of several Sentinels") {
			t.Errorf("%s: got the error %v", name, err)
		}
	}
}

// TestTwoMastersAtOnce: a Sentinel votes for the leader of two masters in one epoch, as those of Redis 7.0 did when both had died.
func TestTwoMastersAtOnce(t *testing.T) {
	t.Parallel()
	text := logAfter(0, "+new-epoch 7", "+vote-for-leader a 7", "+new-epoch 8", "+vote-for-leader a 8", "+vote-for-leader b 8", "+vote-for-leader b 8", "+switch-master m 10.0.0.1 1 10.0.0.2 1", "+switch-master n 10.0.0.3 1 10.0.0.4 1")
	if _, logs := readLogs(t, file("voter.log", text)); len(logs) != 1 {
		t.Errorf("got %+v", logs)
	}
}

// TestNameOfSource: the name before a line is shown, so that it can steer no terminal and is not long.
func TestNameOfSource(t *testing.T) {
	t.Parallel()
	text := logAfter(0, "+new-epoch 7")
	for _, prefix := range []string{"a\x1b]0;title\a | ", strings.Repeat("a", 5000) + " | "} {
		_, logs := readLogs(t, file("all.log", prefix+text))
		if s := logs[0].Source; s == "" || len(s) > 1000 || strings.ContainsAny(s, "\x1b\a") {
			t.Errorf("got %q", s)
		}
	}
}

// TestJournal: what journalctl puts before a line is passed over. Where a line is not there as it is, the error says what to ask for.
func TestJournal(t *testing.T) {
	t.Parallel()
	text := logAfter(0, "+new-epoch 7", "+try-failover master m 10.0.0.1 1", "-failover-abort-not-elected master m 10.0.0.1 1")
	for _, prefix := range []string{"", "Jan 02 03:04:05 host redis-sentinel[12]: ", "2026-01-02T03:04:05+0100 host redis-sentinel[12]: ", "Fri 2026-01-02 03:04:05 CET host redis-sentinel[12]: "} {
		records, _ := readLogs(t, file("journal", prefix+strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+prefix)))
		if len(records) != 1 || records[0].Outcome != history.OutcomeAborted {
			t.Errorf("%s: %+v", prefix, records)
		}
	}
	_, _, err := history.ReadLogs([]history.LogFile{file("journal", `{"MESSAGE":"12:X 02 Jan 2026 03:04:05.000 # +new-epoch 7"}`)}, time.Local)
	if err == nil || !strings.Contains(err.Error(), "-o cat") {
		t.Errorf("as JSON: %v", err)
	}
}

// TestZones: times without a zone are of the given one, but where what is before a line says when it was written. In the hour that comes
// twice the lines keep their order, and nothing takes a negative time.
func TestZones(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	check(t, err)
	attempt := func(wall string, ended string) string {
		return "1:X " + wall + " # +new-epoch 7\n1:X " + wall + " # +try-failover master m 10.0.0.1 1\n1:X " + ended + " # -failover-abort-not-elected master m 10.0.0.1 1\n" +
			"1:X " + ended + " # Next failover delay: I will not start a failover before Sun Jul  5 03:10:11 2026\n"
	}
	summer := attempt("05 Jul 2026 03:04:05.000", "05 Jul 2026 03:04:15.000")
	stamped := func(stamp string) string {
		return stamp + strings.ReplaceAll(strings.TrimSpace(summer), "\n", "\n"+stamp)
	}
	early := func(stamp string) string { return stamp + " stdout F 1:X 05 Jul 2026 03:04:02.000 # +new-epoch 6\n" }
	for what, want := range map[string]struct {
		text, started string
		local         bool
	}{
		"none":                             {summer, "2026-07-05T01:04:05Z", true},
		"a container's":                    {stamped("2026-07-05T03:04:06.123456789Z stdout F "), "2026-07-05T03:04:05Z", false},
		"Docker's":                         {`{"log":"` + strings.ReplaceAll(strings.TrimSpace(summer), "\n", "\\n\",\"time\":\"2026-07-05T07:04:04.9Z\"}\n{\"log\":\"") + "\\n\",\"time\":\"2026-07-05T07:04:15Z\"}", "2026-07-05T07:04:05Z", false},
		"an older journal":                 {stamped("2026-07-05T03:04:06+0530 host redis-sentinel[1]: "), "2026-07-04T21:34:05Z", false},
		"one that was late":                {stamped("2026-07-05T01:11:30Z stdout F "), "2026-07-05T01:04:05Z", true},
		"by a quarter of an hour":          {stamped("2026-07-05T01:18:30Z stdout F "), "2026-07-05T01:04:05Z", true},
		"Nepal's":                          {stamped("2026-07-04T21:19:06Z stdout F "), "2026-07-04T21:19:05Z", false},
		"late, where others were not":      {early("2026-07-05T03:04:03Z") + stamped("2026-07-05T03:21:30Z stdout F "), "2026-07-05T03:04:05Z", false},
		"as late as another zone, in Baku": {early("2026-07-04T23:04:03Z") + stamped("2026-07-04T23:34:06Z stdout F "), "2026-07-04T23:04:05Z", false},
		"the end of summer, an hour":       {early("2026-07-05T01:04:02Z") + stamped("2026-07-05T02:04:06Z stdout F "), "2026-07-05T02:04:05Z", false},
		"the end of summer, half an hour":  {early("2026-07-04T16:04:02Z") + stamped("2026-07-04T16:34:06Z stdout F "), "2026-07-04T16:34:05Z", false},
		"the end of winter":                {"2026-07-05T00:59:58Z stdout F 1:X 05 Jul 2026 01:59:58.000 # +new-epoch 6\n" + stamped("2026-07-05T01:04:06Z stdout F "), "2026-07-05T01:04:05Z", false},
	} {
		records, logs, err := history.ReadLogs([]history.LogFile{file("a.log", want.text)}, berlin)
		if err != nil || len(records) != 1 || len(logs) != 1 {
			t.Fatalf("%s: %v: %+v", what, err, records)
		}
		r := records[0]
		if got := r.Started.UTC().Format(time.RFC3339); got != want.started || logs[0].LocalTimes != want.local || r.NextAttempt == nil || r.NextAttempt.Sub(r.Started) != 6*time.Minute+6*time.Second {
			t.Errorf("%s: started %s, next %v, and local is %v; want %+v", what, got, r.NextAttempt, logs[0].LocalTimes, want)
		}
	}

	// From 02:59:59 the clock goes back to 02:00:00.
	twice, _, err := history.ReadLogs([]history.LogFile{file("a.log", attempt("25 Oct 2026 02:59:58.000", "25 Oct 2026 02:00:08.000")+
		strings.ReplaceAll(attempt("25 Oct 2026 02:59:58.500", "25 Oct 2026 03:00:02.500"), "epoch 7", "epoch 8"))}, berlin)
	check(t, err)
	var got []string
	for _, r := range twice {
		took, _ := r.Seconds()
		got = append(got, fmt.Sprint(*r.Epoch, r.Started.UTC().Format(" 15:04:05.0 "), took))
	}
	if want := []string{"8 01:59:58.5 4", "7 00:59:58.0 10"}; !slices.Equal(got, want) {
		t.Errorf("in the hour that comes twice: %q, want %q", got, want)
	}
}

// TestCopies: lines that two files of one Sentinel have are replayed once, also where only one of them has times that tell the zone.
func TestCopies(t *testing.T) {
	t.Parallel()
	const id = "0123456789abcdef0123456789abcdef01234567"
	plain := logAfter(0, "Sentinel ID is "+id, "+new-epoch 7", "+try-failover master m 10.0.0.1 1", "-failover-abort-not-elected master m 10.0.0.1 1")
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var stamped strings.Builder // of a container in UTC
	for line := range strings.Lines(plain) {
		stamped.WriteString(at.Format(time.RFC3339Nano) + " stdout F " + line)
	}
	tokyo := time.FixedZone("", 9*60*60)
	for what, files := range map[string][]history.LogFile{
		"stamped first":  {file("kept.log", stamped.String()), file("copy.log", plain)},
		"stamped last":   {file("copy.log", plain), file("kept.log", stamped.String())},
		"the same twice": {file("kept.log", stamped.String()), file("copy.log", stamped.String())},
	} {
		records, logs, err := history.ReadLogs(files, tokyo)
		if err != nil || len(records) != 1 || len(logs) != 1 {
			t.Errorf("%s: %v, %d records, %d logs", what, err, len(records), len(logs))
			continue
		}
		if want := at.Add(200 * time.Millisecond); !records[0].Started.Equal(want) || logs[0].LocalTimes {
			t.Errorf("%s: it started at %s, want %s, and local is %v", what, records[0].Started, want, logs[0].LocalTimes)
		}
	}
}

// logAfter returns the lines of a log, a tenth of a second apart, that begins some time after another one.
func logAfter(after time.Duration, messages ...string) string {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local).Add(after)
	var text strings.Builder
	for i, m := range messages {
		fmt.Fprintf(&text, "12:X %s # %s\n", at.Add(time.Duration(i)*100*time.Millisecond).Format("02 Jan 2006 15:04:05.000"), m)
	}
	return text.String()
}

// TestLeaderIsGone: a leader that dies in its failover leaves it open until another one is elected. What others try
// meanwhile is not a part of it.
func TestLeaderIsGone(t *testing.T) {
	t.Parallel()
	try := func(epoch string) []string {
		return []string{"+new-epoch " + epoch, "+try-failover master m 10.0.0.1 1", "+vote-for-leader b " + epoch, "-failover-abort-not-elected master m 10.0.0.1 1"}
	}
	records, _ := readLogs(t,
		file("dies.log", logAfter(0, "+sdown master m 10.0.0.1 1", "+odown master m 10.0.0.1 1 #quorum 2/2", "+new-epoch 7",
			"+try-failover master m 10.0.0.1 1", "+vote-for-leader a 7", "+elected-leader master m 10.0.0.1 1", "+failover-state-select-slave master m 10.0.0.1 1")),
		file("alone.log", logAfter(0, "+sdown master m 10.0.0.1 1", "+odown master m 10.0.0.1 1 #quorum 2/2", "+new-epoch 7", "+vote-for-leader a 7")+
			logAfter(6*time.Second, try("8")...)+logAfter(12*time.Second, try("9")...)+
			logAfter(18*time.Second, "+new-epoch 10", "+try-failover master m 10.0.0.1 1", "+vote-for-leader b 10", "+elected-leader master m 10.0.0.1 1")))
	if len(records) != 4 {
		t.Fatalf("%d records: %+v", len(records), records)
	}
	for i, want := range []struct {
		leader  string
		epoch   int64
		outcome history.Outcome
		reason  string
	}{
		{"alone.log", 10, "", "did not answer"},
		{"", 9, history.OutcomeAborted, "no majority"},
		{"", 8, history.OutcomeAborted, "no majority"},
		{"dies.log", 7, history.OutcomeAborted, "nothing more was heard of it, and alone.log was elected"},
	} {
		f := records[i]
		if f.Leader != want.leader || f.Epoch == nil || *f.Epoch != want.epoch || f.Outcome != want.outcome || !strings.Contains(f.Reason, want.reason) {
			t.Errorf("record %d is %+v, want %+v", i, f, want)
		}
	}
}

// TestTwoLeadersAfterOne: two Sentinels that are told to fail over at once lead one failover, in one epoch, also if a leader
// before them died in its own, which both of them seem to join until they are elected.
func TestTwoLeadersAfterOne(t *testing.T) {
	t.Parallel()
	lead := func(id, epoch string) []string {
		return []string{"Executing user requested FAILOVER of 'm'", "+new-epoch " + epoch, "+try-failover master m 10.0.0.1 1", "+vote-for-leader " + id + " " + epoch, "+elected-leader master m 10.0.0.1 1",
			"+failover-state-select-slave master m 10.0.0.1 1", "+selected-slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.1 1"}
	}
	records, _ := readLogs(t,
		file("dies.log", logAfter(0, lead("a", "7")...)),
		file("first.log", logAfter(6*time.Second, append(lead("b", "8"), "+failover-state-send-slaveof-noone slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.1 1",
			"+promoted-slave slave 10.0.0.2:1 10.0.0.2 1 @ m 10.0.0.1 1", "+failover-end master m 10.0.0.1 1", "+switch-master m 10.0.0.1 1 10.0.0.2 1")...)),
		file("second.log", logAfter(6*time.Second+30*time.Millisecond, lead("c", "8")...)+logAfter(7*time.Second+30*time.Millisecond, "+config-update-from sentinel b 10.0.0.9 1 @ m 10.0.0.1 1", "+switch-master m 10.0.0.1 1 10.0.0.2 1")))
	if len(records) != 2 {
		t.Fatalf("%d records: %+v", len(records), records)
	}
	if f := records[0]; f.Leader != "first.log" || f.Epoch == nil || *f.Epoch != 8 || f.Outcome != history.OutcomeSwitched || !strings.Contains(f.Reason, "second.log led it as well") || len(f.Switched) != 2 {
		t.Errorf("the failover of the two is %+v", f)
	}
	if f := records[1]; f.Leader != "dies.log" || f.Outcome != history.OutcomeAborted {
		t.Errorf("the one before is %+v", f)
	}
}

// TestDownInLogs: a log says which replicas could not be chosen as they were down, in the failover and in one that was given up for it; not those
// that were back, or were down before a switch or a restart.
func TestDownInLogs(t *testing.T) {
	t.Parallel()
	replica := func(event, host string) string {
		return event + " slave " + host + ":1 " + host + " 1 @ m 10.0.0.1 1"
	}
	lead := []string{"+new-epoch 7", "+try-failover master m 10.0.0.1 1", "+elected-leader master m 10.0.0.1 1", "+failover-state-select-slave master m 10.0.0.1 1"}
	down := []string{"+monitor master m 10.0.0.1 1 quorum 1", replica("+sdown", "10.0.0.3"), replica("+sdown", "10.0.0.4"), replica("-sdown", "10.0.0.4"), "+sdown slave 10.0.0.5:1 10.0.0.5 1 @ other 10.0.0.9 1"}
	start := []string{"oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo", "Configuration loaded", "Running mode=sentinel, port=26379."}
	for what, c := range map[string]struct {
		lines []string
		want  string
	}{
		"chosen":         {slices.Concat(down, lead, []string{replica("+selected-slave", "10.0.0.2")}), "10.0.0.2:1 chosen; 10.0.0.3:1 it is down 100ms"},
		"none chosen":    {slices.Concat(down, lead, []string{"-failover-abort-no-good-slave master m 10.0.0.1 1"}), "10.0.0.3:1 it is down 100ms"},
		"restart":        {slices.Concat(down, start, lead, []string{replica("+selected-slave", "10.0.0.2")}), "10.0.0.2:1 chosen"},
		"switch":         {slices.Concat(down, []string{"+switch-master m 10.0.0.9 1 10.0.0.1 1"}, lead, []string{replica("+selected-slave", "10.0.0.2")}), "10.0.0.2:1 chosen"},
		"begun before":   {slices.Concat(down, lead[2:], []string{replica("+selected-slave", "10.0.0.2")}), "10.0.0.2:1 chosen; 10.0.0.3:1 it is down 100ms"},
		"chosen at last": {slices.Concat(down, lead, []string{replica("+selected-slave", "10.0.0.3")}), "10.0.0.3:1 chosen"},
	} {
		records, logs := readLogs(t, file("a.log", logAfter(0, c.lines...)))
		var got []string
		for _, candidate := range records[0].Candidates {
			words := candidate.Replica
			if candidate.Chosen {
				words += " chosen"
			} else {
				words += fmt.Sprint(" ", candidate.Reason, " ", candidate.At.Sub(logs[0].From))
			}
			got = append(got, words)
		}
		if said := strings.Join(got, "; "); said != c.want || strings.Contains(said, "down") != records[0].IsInferred("candidates") {
			t.Errorf("%s: %q, want %q, inferred: %q", what, said, c.want, records[0].Inferred)
		}
	}
}

// TestDownReplicaAgrees: of a replica that was down the logs say what the snapshots do.
func TestDownReplicaAgrees(t *testing.T) {
	t.Parallel()
	r := run(t, sentineltest.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	down := r.Masters[0].Replicas[0]
	down.Kill()
	sentineltest.WaitFor(t, "all Sentinels to hold the replica to be down", func() bool {
		return !slices.ContainsFunc(r.Sentinels, func(s *sentineltest.Sentinel) bool {
			text, err := s.Log()
			return err != nil || !strings.Contains(text, "+sdown slave "+down.Addr())
		})
	})
	to, err := r.Failover(ctx, master)
	check(t, err)
	live := r.ended(1)
	var files []history.LogFile
	for i, s := range r.Sentinels {
		text, err := s.Log()
		check(t, err)
		files = append(files, file(fmt.Sprint(i, ".log"), text))
	}
	records, _ := readLogs(t, files...)
	said := func(f *history.Record) string {
		var words []string
		for _, c := range f.Candidates {
			if !c.Chosen {
				words = append(words, c.Replica+" "+c.Reason)
			} else {
				words = append(words, c.Replica+" chosen")
			}
		}
		return strings.Join(words, "; ")
	}
	if want := to + " chosen; " + down.Addr() + " it is down"; said(live) != want || said(&records[0]) != want || !records[0].IsInferred("candidates") {
		t.Errorf("live %q, from the logs %q, want %q", said(live), said(&records[0]), want)
	}
}

// TestRestartInContainer: each process of a Sentinel has the same id there, and what it was doing ends with the last line before it
// was started again, with a warning or without one.
func TestRestartInContainer(t *testing.T) {
	t.Parallel()
	start := []string{"oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo", "Configuration loaded", "Running mode=sentinel, port=26379."}
	for before, warnings := range map[time.Duration][]string{
		200 * time.Millisecond: nil,
		400 * time.Millisecond: {"WARNING Memory overcommit must be enabled! Without it, a background save or replication may fail.", "WARNING Your system is configured to use the 'xen' clocksource."},
	} {
		records, _ := readLogs(t, file("one.log", logAfter(0, "+monitor master m 10.0.0.1 1 quorum 1")+
			logAfter(time.Hour, "+new-epoch 7", "+try-failover master m 10.0.0.1 1", "+elected-leader master m 10.0.0.1 1")+
			logAfter(2*time.Hour, append(warnings, start...)...)))
		if len(records) != 1 || records[0].Outcome != history.OutcomeAborted || !strings.Contains(records[0].Reason, "started again") {
			t.Fatalf("%+v", records)
		}
		down := time.Hour - 200*time.Millisecond + before
		if g := records[0].Gaps; len(g) != 1 || g[0].From.Sub(records[0].Started) != 100*time.Millisecond || g[0].To == nil || g[0].To.Sub(g[0].From) != down {
			t.Errorf("it was down for %s, the attempt began at %s, and the gaps are %+v", down, records[0].Started, g)
		}
	}
}

// TestNoLog: a file without a line of a Sentinel is an error that names it.
func TestNoLog(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "empty.log")
	check(t, os.WriteFile(name, nil, 0o600))
	if _, _, err := history.ReadLogs([]history.LogFile{file(name, "")}, time.Local); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("got the error %v", err)
	}
}
