package history_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// failOver lets a History hear of one failover of a master from three Sentinels, and returns when it was quiet again.
func failOver(h *history.History, name string, at time.Time) time.Time {
	const a, b = "10.0.0.1:6379", "10.0.0.2:6379"
	say := func(s string, e sentinel.Event) {
		at = at.Add(10 * time.Millisecond)
		if e.Name != sentinel.EventNewEpoch && e.Name != sentinel.EventVoteForLeader {
			e.Master, e.MasterAddress = name, a
		}
		h.Handle(&sentinel.StreamUpdate{Sentinel: s, Time: at, Event: e})
	}
	sentinels, epoch := []string{"s1:26379", "s2:26379", "s3:26379"}, at.Unix()
	for _, s := range sentinels {
		say(s, sentinel.Event{Name: sentinel.EventSDown, Kind: sentinel.RoleMaster})
	}
	leader := sentinels[0]
	say(leader, sentinel.Event{Name: sentinel.EventODown, Kind: sentinel.RoleMaster, Details: "#quorum 2/2"})
	say(leader, sentinel.Event{Name: sentinel.EventNewEpoch, Epoch: sentinel.Some(epoch)})
	say(leader, sentinel.Event{Name: sentinel.EventTryFailover, Kind: sentinel.RoleMaster})
	for _, s := range sentinels {
		say(s, sentinel.Event{Name: sentinel.EventVoteForLeader, Details: fmt.Sprint(strings.Repeat("a", 40), " ", epoch), Epoch: sentinel.Some(epoch)})
	}
	say(leader, sentinel.Event{Name: sentinel.EventElectedLeader, Kind: sentinel.RoleMaster})
	for _, event := range []string{sentinel.EventSelectedSlave, sentinel.EventPromotedSlave} {
		say(leader, sentinel.Event{Name: event, Kind: sentinel.RoleReplica, Address: b})
	}
	for _, step := range []string{sentinel.EventReconfSent, sentinel.EventReconfInProgress, sentinel.EventReconfDone} {
		say(leader, sentinel.Event{Name: step, Kind: sentinel.RoleReplica, Address: "10.0.0.3:6379"})
	}
	say(leader, sentinel.Event{Name: sentinel.EventFailoverEnd, Kind: sentinel.RoleMaster})
	for _, s := range sentinels {
		say(s, sentinel.Event{Name: sentinel.EventSwitchMaster, Kind: sentinel.RoleMaster, NewAddress: b})
		at = at.Add(time.Millisecond)
		h.Handle(&sentinel.StreamUpdate{Sentinel: s, Time: at, Event: sentinel.Event{Name: "+slave", Kind: sentinel.RoleReplica, Master: name, Address: a, MasterAddress: b}})
	}
	return at.Add(time.Minute)
}

// A kept is a history file with the log of who keeps it.
type kept struct {
	path    string
	options history.FileOptions
	log     sentineltest.LockedBuffer
}

func newKept(t *testing.T) *kept {
	t.Helper()
	return &kept{path: filepath.Join(t.TempDir(), "history"), options: history.FileOptions{MaxBytes: 1 << 20, MaxAge: 24 * time.Hour}}
}

func (k *kept) open(t *testing.T) *history.File {
	t.Helper()
	f := history.OpenFile(k.path, k.options, slog.New(slog.NewTextHandler(&k.log, nil)))
	t.Cleanup(f.Close)
	return f
}

// restarted returns the records of a deployment as the next process has them.
func (k *kept) restarted(t *testing.T, deployment string) []history.Record {
	t.Helper()
	f := k.open(t)
	defer f.Close()
	return history.New(history.Options{Deployment: deployment, Saved: f.Load(1 << 20)[deployment]}).Records(history.Query{All: true})
}

// follow returns a History that keeps its records in the file.
func follow(f *history.File, deployment string) *history.History {
	return history.New(history.Options{Deployment: deployment, Save: f.Save, Saved: f.Load(1 << 20)[deployment]})
}

func (k *kept) lines(t *testing.T) []string {
	t.Helper()
	file, err := os.Open(k.path)
	check(t, err)
	defer func() { _ = file.Close() }()
	var lines []string
	for s := bufio.NewScanner(file); s.Scan(); {
		lines = append(lines, s.Text())
	}
	return lines
}

// TestFileSurvivesARestart: the records come back as they were, each to its deployment, and once, though a record
// that has changed is in the file twice; also when they go on being written.
func TestFileSurvivesARestart(t *testing.T) {
	t.Parallel()
	k := newKept(t)
	f := k.open(t)
	orders, other := follow(f, "orders"), follow(f, "")
	at := time.Now().Add(-time.Hour).UTC()
	failOver(orders, "a", failOver(orders, "a", at))
	failOver(other, "b", at)
	orders.Close()
	other.Close()
	f.Close()
	all := history.Query{All: true}
	if lines, records := len(k.lines(t)), len(orders.Records(all))+len(other.Records(all)); lines <= records || records != 3 {
		t.Errorf("%d lines of %d records: no record was kept early, and again when it had changed", lines, records)
	}
	for name, live := range map[string]*history.History{"orders": orders, "": other} {
		if diff := cmp.Diff(live.Records(all), k.restarted(t, name)); diff != "" {
			t.Errorf("deployment %q (-before +after the restart):\n%s", name, diff)
		}
	}
	g := k.open(t)
	next := follow(g, "orders")
	failOver(next, "a", time.Now().Add(-10*time.Minute))
	next.Close()
	g.Close()
	if records := k.restarted(t, "orders"); len(records) != 3 || records[0].ID == records[1].ID || next.Last()["a"].ID != records[0].ID {
		t.Errorf("after another failover: %+v", records)
	}
	if lines := len(k.lines(t)); lines != 4 {
		t.Errorf("%d lines of 4 records after a restart", lines)
	}
	if k.log.String() != "" || f.Lost() != 0 {
		t.Errorf("%d lost:\n%s", f.Lost(), &k.log)
	}
}

// TestFileOfTwo: of two that keep the same file only the first one writes it, also after it has made room, which the other one says; that
// one goes on when the first has ended.
func TestFileOfTwo(t *testing.T) {
	t.Parallel()
	k := newKept(t)
	k.options.MaxBytes = history.MinFileBytes
	f := k.open(t)
	first := follow(f, "")
	size := func() int64 {
		info, err := os.Stat(k.path)
		if err != nil {
			return 0
		}
		return info.Size()
	}
	at := failOver(first, "first", time.Now().Add(-20*time.Hour))
	sentineltest.WaitFor(t, "a record in the file", func() bool { return size() > 0 })
	other := &kept{path: k.path, options: k.options}
	g := other.open(t)
	second := follow(g, "")
	for range 40 {
		before, lost := size(), g.Lost()
		at = failOver(first, "first", at)
		failOver(second, "second", at)
		sentineltest.WaitFor(t, "a record of the first, and a lost one of the second", func() bool { return size() != before && g.Lost() > lost })
	}
	if !strings.Contains(other.log.String(), "another process writes it") || k.log.String() != "" || f.Lost() != 0 {
		t.Errorf("the first one lost %d and says:\n%s\nthe other one says:\n%s", f.Lost(), &k.log, &other.log)
	}
	first.Close()
	f.Close()
	lines := k.lines(t)
	for _, line := range lines {
		if !json.Valid([]byte(line)) || strings.Contains(line, `"second"`) {
			t.Errorf("in the file of the first: %s", line)
		}
	}
	for again := false; !again; { // a process that another test starts has the lock of the first for a moment
		lost := g.Lost()
		at = failOver(second, "second", at)
		sentineltest.WaitFor(t, "a record of the second to be written, or lost", func() bool {
			again = strings.Contains(other.log.String(), "can be written again")
			return again || g.Lost() > lost
		})
	}
	second.Close()
	g.Close()
	if after := k.lines(t); len(after) <= len(lines) || !slices.Equal(after[:len(lines)], lines) || !strings.Contains(after[len(after)-1], `"second"`) {
		t.Errorf("%d lines, %d when only the second one wrote:\n%s", len(lines), len(after), &other.log)
	}
}

// TestEndNotSeen: a failover in which the exporter stops has no outcome in the file, and is no longer under way.
func TestEndNotSeen(t *testing.T) {
	t.Parallel()
	k := newKept(t)
	f := k.open(t)
	h := follow(f, "")
	h.Handle(&sentinel.StreamUpdate{Sentinel: "s1:1", Time: time.Now(), Event: sentinel.Event{Name: sentinel.EventTryFailover, Kind: sentinel.RoleMaster, Master: "m", MasterAddress: "a:1"}})
	if now := h.Records(history.Query{All: true}); len(now) != 1 || !strings.HasPrefix(now[0].Headline(), "under way") {
		t.Fatalf("%+v", now)
	}
	h.Close()
	f.Close()
	after := k.restarted(t, "")
	if len(after) != 1 || after[0].Outcome != "" || after[0].Ended != nil || !strings.HasPrefix(after[0].Headline(), "its end was not seen") {
		t.Errorf("%+v", after)
	}
}

// TestTornLine: a line that was cut off loses its record, says so, and no other record.
func TestTornLine(t *testing.T) {
	t.Parallel()
	k := newKept(t)
	for i := range 3 {
		f := k.open(t)
		h := follow(f, "")
		failOver(h, "m", time.Now().Add(time.Duration(i-5)*time.Minute))
		h.Close()
		f.Close()
		text, err := os.ReadFile(k.path)
		check(t, err)
		if i == 1 { // the second one is cut off in all its lines
			text = text[:strings.Index(string(text), "\n"+k.lines(t)[1][:20])+30]
			check(t, os.WriteFile(k.path, text, 0o600))
		}
	}
	if records := k.restarted(t, ""); len(records) != 2 {
		t.Errorf("%d records, of three one was torn:\n%s", len(records), strings.Join(k.lines(t), "\n"))
	}
	if !strings.Contains(k.log.String(), "are not whole") {
		t.Errorf("it is not said:\n%s", &k.log)
	}
	k.restarted(t, "")
	for _, line := range k.lines(t) {
		if !json.Valid([]byte(line)) {
			t.Errorf("the torn line is still there: %s", line)
		}
	}
}

// TestTornWhileOpen: what is written after a line that was cut off begins a line of its own.
func TestTornWhileOpen(t *testing.T) {
	t.Parallel()
	k := newKept(t)
	f := k.open(t)
	h := follow(f, "")
	at := failOver(h, "m", time.Now().Add(-5*time.Minute))
	sentineltest.WaitFor(t, "a record in the file", func() bool {
		info, err := os.Stat(k.path)
		return err == nil && info.Size() > 0
	})
	const torn = `{"id":"torn`
	check(t, os.WriteFile(k.path+".torn", []byte(torn), 0o600))
	check(t, os.Rename(k.path+".torn", k.path))
	failOver(h, "m", at)
	h.Close()
	f.Close()
	for _, line := range k.lines(t) {
		if line != torn && !json.Valid([]byte(line)) {
			t.Errorf("the torn line goes on with a record: %s", line)
		}
	}
}

// TestOldRecordsGo, by their age.
func TestOldRecordsGo(t *testing.T) {
	t.Parallel()
	k := newKept(t)
	k.options.MaxAge = 48 * time.Hour
	f := k.open(t)
	h := follow(f, "")
	failOver(h, "old", time.Now().Add(-30*time.Hour))
	failOver(h, "new", time.Now().Add(-time.Hour))
	h.Close()
	f.Close()
	k.options.MaxAge = 24 * time.Hour
	if records := k.restarted(t, ""); len(records) != 1 || records[0].Master != "new" {
		t.Errorf("%+v", records)
	}
	text, err := os.ReadFile(k.path)
	check(t, err)
	if strings.Contains(string(text), `"old"`) {
		t.Error("it is still in the file")
	}
}

// TestUnwritableFile: it is said once that records are lost, they are counted and stay in memory, and when the file can be
// written again the next ones are in it.
func TestUnwritableFile(t *testing.T) {
	t.Parallel()
	k := newKept(t)
	dir := filepath.Dir(k.path)
	k.path = filepath.Join(dir, "state", "history")
	f := k.open(t)
	h := follow(f, "")
	at := time.Now().Add(-time.Hour)
	for range 3 {
		lost := f.Lost()
		at = failOver(h, "m", at)
		sentineltest.WaitFor(t, "a lost record", func() bool { return f.Lost() > lost })
	}
	if got := len(h.Records(history.Query{All: true})); got != 3 {
		t.Errorf("%d records in memory", got)
	}
	if n := strings.Count(k.log.String(), "cannot be written"); n != 1 {
		t.Errorf("said %d times:\n%s", n, &k.log)
	}
	check(t, os.Mkdir(filepath.Dir(k.path), 0o700))
	failOver(h, "m", at)
	h.Close()
	f.Close()
	if records := k.restarted(t, ""); len(records) == 0 || !strings.Contains(k.log.String(), "can be written again") {
		t.Errorf("%+v\n%s", records, &k.log)
	}
}

// TestForeignFile: what is no file of records is left as it is.
func TestForeignFile(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(path string) error{
		"another file": func(path string) error { return os.WriteFile(path, []byte("root:x:0:0\n"), 0o600) },
		"a pipe":       func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a directory":  func(path string) error { return os.Mkdir(path, 0o700) },
		"a full disk":  func(path string) error { return os.Symlink("/dev/full", path) },
	} {
		k := newKept(t)
		check(t, prepare(k.path))
		f := k.open(t)
		h := follow(f, "")
		failOver(h, "m", time.Now())
		h.Close()
		f.Close()
		if f.Lost() == 0 || !strings.Contains(k.log.String(), "cannot be written") {
			t.Errorf("%s: %d lost\n%s", name, f.Lost(), &k.log)
		}
		if name != "another file" {
			continue
		}
		if text, err := os.ReadFile(k.path); err != nil || string(text) != "root:x:0:0\n" {
			t.Errorf("%v, it is %q now", err, text)
		}
	}
}

var storm = flag.Int("history.storm", 500, "failovers that TestStorm has")

// TestStorm: after many failovers, and restarts between them, the history and its file hold the newest, and no more
// than they may.
func TestStorm(t *testing.T) {
	t.Parallel()
	k := newKept(t)
	k.options = history.FileOptions{MaxBytes: 1 << 20, MaxAge: 30 * 24 * time.Hour}
	const masters, memory = 20, 256 << 10
	const mostRecords = memory/1000 + masters*8 // the 8 last of each master can still change
	at := time.Now().Add(-time.Duration(*storm) * 6 * time.Second)
	var lost uint64
	var newest string
	var size int64
	for done := 0; done < *storm; {
		f := k.open(t)
		h := history.New(history.Options{MaxBytes: memory, Save: f.Save, Saved: f.Load(memory)[""]})
		for range 100 {
			failOver(h, fmt.Sprintf("m%d", done%masters), at)
			at = at.Add(6 * time.Second)
			done++
		}
		h.Close()
		records := h.Records(history.Query{All: true})
		if len(records) < 100 || len(records) > mostRecords {
			t.Errorf("%d records after %d failovers", len(records), done)
		}
		newest = records[0].ID
		f.Close()
		lost += f.Lost()
		info, err := os.Stat(k.path)
		check(t, err)
		if size = max(size, info.Size()); size > k.options.MaxBytes {
			t.Fatalf("the file has %d bytes after %d failovers", size, done)
		}
	}
	after := k.restarted(t, "")
	if len(after) == 0 || after[0].ID != newest {
		t.Fatalf("%d records after a restart, the newest is not there", len(after))
	}
	ids := make(map[string]bool)
	for _, r := range after {
		if ids[r.ID] {
			t.Errorf("the record %s is there twice", r.ID)
		}
		ids[r.ID] = true
	}
	t.Logf("after %d failovers: %d records in the file, which had %d bytes at most; %d records were not written", *storm, len(after), size, lost)
}
