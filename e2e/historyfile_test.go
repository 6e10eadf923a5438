package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// keepHistory starts a scripted Sentinel, and returns it with the command that starts an exporter which keeps the
// records of its failovers in the file at a path.
func keepHistory(t *testing.T) (fake *sentineltest.Fake, path string, command []string) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	fake = sentineltest.RunFake(t, sentineltest.FakeConfig{})
	path = filepath.Join(t.TempDir(), "history")
	return fake, path, []string{binary, "--sentinel.address=" + fake.Addr(), "--history.file=" + path}
}

// publishFailover lets a Sentinel publish one failover of a master.
func publishFailover(fake *sentineltest.Fake, master string, epoch int) {
	const a, b = "10.0.0.1 6379", "10.0.0.2 6379"
	replica := "slave 10.0.0.2:6379 " + b + " @ " + master + " " + a
	for _, e := range [][2]string{
		{"+sdown", "master " + master + " " + a},
		{"+odown", "master " + master + " " + a + " #quorum 1/1"},
		{"+new-epoch", fmt.Sprint(epoch)},
		{"+try-failover", "master " + master + " " + a},
		{"+elected-leader", "master " + master + " " + a},
		{"+selected-slave", replica},
		{"+promoted-slave", replica},
		{"+failover-end", "master " + master + " " + a},
		{"+switch-master", master + " " + a + " " + b},
		{"+slave", "slave 10.0.0.1:6379 " + a + " @ " + master + " " + b},
	} {
		fake.Publish(e[0], e[1])
	}
}

// historyIDs returns the ids that /history has, and fails if one is there twice.
func historyIDs(t *testing.T, e *exportertest.Exporter) map[string]bool {
	t.Helper()
	var list struct{ Failovers []struct{ ID string } }
	if err := json.Unmarshal([]byte(e.MustGet(t, "/history?format=json").Body), &list); err != nil {
		t.Fatal(err)
	}
	ids := make(map[string]bool)
	for _, f := range list.Failovers {
		if ids[f.ID] {
			t.Errorf("the failover %s is there twice", f.ID)
		}
		ids[f.ID] = true
	}
	return ids
}

// savedIDs returns the ids in the whole lines of a file.
func savedIDs(t *testing.T, path string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	ids := make(map[string]bool)
	for line := range strings.Lines(string(text)) {
		var r struct{ ID string }
		if json.Unmarshal([]byte(line), &r) == nil {
			ids[r.ID] = true
		}
	}
	return ids
}

// TestHistoryFileSurvivesKills: an exporter that is killed while it writes, again and again, loses none of the
// records that were in the file, and has each once.
func TestHistoryFileSurvivesKills(t *testing.T) {
	t.Parallel()
	fake, path, command := keepHistory(t)
	epoch := 0
	for range 3 {
		before := len(savedIDs(t, path))
		cmd := exec.Command(command[0], append(command[1:], "--web.listen-address="+sentineltest.FreeAddr(t))...)
		cmd.Env = append(os.Environ(), exportertest.Variable)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		sentineltest.WaitFor(t, "records in the file", func() bool {
			epoch++
			publishFailover(fake, fmt.Sprintf("m%d", epoch%10), epoch)
			return len(savedIDs(t, path)) > before+3
		})
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, `{"id":"torn`...), 0o600); err != nil { // as the kernel may have left it
		t.Fatal(err)
	}
	saved := savedIDs(t, path)
	e := exportertest.Start(t, command[1:]...)
	shown := historyIDs(t, e)
	for id := range saved {
		if !shown[id] {
			t.Errorf("the record %s was in the file and is not shown", id)
		}
	}
	if len(shown) != len(saved) || len(saved) < 10 {
		t.Errorf("%d records in the file, %d are shown", len(saved), len(shown))
	}
	sentineltest.WaitFor(t, "a record of after the restart", func() bool {
		epoch++
		publishFailover(fake, "m0", epoch)
		return len(savedIDs(t, path)) > len(saved)
	})
	if !strings.Contains(e.Stderr.String(), "not whole") || !e.MustGet(t, "/metrics").Has("redis_sentinel_exporter_history_records_lost_total 0") {
		t.Errorf("a line was torn, and no record was lost since the start:\n%s", e.Stderr)
	}
}

// TestHistoryFileOnAFullDisk: records are lost, which is said and counted; the exporter goes on, and has them in memory. When there is
// room again the next ones are written, and none of them cannot be read because of a line that was cut off.
func TestHistoryFileOnAFullDisk(t *testing.T) {
	t.Parallel()
	fake, path, command := keepHistory(t)
	// No file may have more than 4 or 8 kB, until that is changed: the unit is that of the shell.
	cmd := exec.Command("sh", append([]string{"-c", `ulimit -S -f 8; exec "$0" "$@"`}, command...)...)
	cmd.Env = append(os.Environ(), exportertest.Variable)
	p := exportertest.StartCommand(t, cmd)
	const lost = "redis_sentinel_exporter_history_records_lost_total"
	epoch := 0
	sentineltest.WaitFor(t, "lost records", func() bool {
		epoch++
		publishFailover(fake, "m", epoch)
		return p.Value(t, lost) > 3
	})
	if n := strings.Count(p.Stderr.String(), "cannot be written"); n != 1 {
		t.Errorf("said %d times:\n%s", n, p.Stderr)
	}
	saved, shown := savedIDs(t, path), historyIDs(t, &p.Exporter)
	if len(saved) == 0 || len(shown) <= len(saved) {
		t.Errorf("%d records in the file, %d in memory", len(saved), len(shown))
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.HasSuffix(string(text), "\n") {
		t.Errorf("%v; the last line was not cut off: %q", err, text[max(0, len(text)-100):])
	}

	if said, err := exec.Command("prlimit", "--fsize=unlimited:", "--pid", fmt.Sprint(p.PID())).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	publishFailover(fake, "m", epoch+1)
	sentineltest.WaitFor(t, "a record of after that", func() bool { return len(savedIDs(t, path)) > len(saved) })
	sentineltest.WaitFor(t, "it to be said", func() bool { return strings.Contains(p.Stderr.String(), "can be written again") })
	after, torn := savedIDs(t, path), 0
	for id := range saved {
		if !after[id] {
			t.Errorf("the record %s is gone", id)
		}
	}
	if text, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if !json.Valid([]byte(line)) {
			torn++
		}
	}
	if torn != 1 {
		t.Errorf("%d lines cannot be read:\n%s", torn, text)
	}
}

// TestHistoryFileOfTwo: a second exporter with the same file says that it writes nothing, until the first one has ended.
func TestHistoryFileOfTwo(t *testing.T) {
	t.Parallel()
	fake, path, command := keepHistory(t)
	epoch := 0
	until := func(what string, condition func() bool) {
		t.Helper()
		sentineltest.WaitFor(t, what, func() bool {
			epoch++
			publishFailover(fake, "m", epoch)
			return condition()
		})
	}
	first := exportertest.StartProcess(t, command[1:]...)
	until("a record in the file", func() bool { return len(savedIDs(t, path)) > 0 })
	second := exportertest.StartProcess(t, command[1:]...)
	until("lost records of the second", func() bool { return second.Value(t, "redis_sentinel_exporter_history_records_lost_total") > 1 })
	if !strings.Contains(second.Stderr.String(), "another process writes it") {
		t.Errorf("the second one does not say that it does not write:\n%s", second.Stderr)
	}
	first.Kill(t)
	saved := len(savedIDs(t, path))
	until("a record of the second", func() bool { return len(savedIDs(t, path)) > saved })
	sentineltest.WaitFor(t, "it to be said", func() bool { return strings.Contains(second.Stderr.String(), "can be written again") })
	if strings.Contains(first.Stderr.String(), "cannot be written") {
		t.Errorf("the first one says\n%s", first.Stderr)
	}
}
