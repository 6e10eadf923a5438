package e2e_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// maxCopies is how often a password may be in the memory of an exporter at rest.
const maxCopies = 2 // one, and what the garbage collector may leave

// TestPasswordCopies counts the password in the memory of an exporter at rest, which has scraped three Sentinels and
// listens to them: the connections share it, and no buffer keeps it.
func TestPasswordCopies(t *testing.T) {
	t.Parallel()
	// Not as one word, or the test's own binary, which is the exporter, would have it.
	password := strings.Join([]string{"one", "canary", "of", "the", "memory"}, "%")
	d := sentineltest.Run(t, sentineltest.Config{Replicas: sentineltest.None, Password: password})
	file := exportertest.TempFile(t, password+"\n")
	var all []string
	for _, s := range d.Sentinels {
		all = append(all, s.Addr())
	}
	addresses := strings.Join(all, ",")
	named := fmt.Sprintf("modules: {m: {password_file: %s, allowed_targets: [127.0.0.1]}}\ndeployments: {d: {sentinels: [%s], module: m}}\n", file, addresses)
	for _, tc := range []struct {
		name, path string
		args       []string
	}{
		{"of a flag", "/metrics", []string{"--sentinel.address=" + addresses, "--sentinel.password-file=" + file}},
		{"of a module", "/probe?deployment=d", []string{"--config.file=" + exportertest.TempFile(t, named)}},
		{"of a probe", "/probe?module=m&target=" + addresses, []string{"--config.file=" + exportertest.TempFile(t, named)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := exportertest.StartProcess(t, tc.args...)
			sentineltest.WaitFor(t, "all Sentinels and their streams to be up", func() bool {
				a, err := p.Get(tc.path)
				if err != nil {
					return false
				}
				for _, s := range d.Sentinels {
					if !a.Has(fmt.Sprintf("redis_sentinel_up{sentinel=%q} 1", s.Addr())) ||
						strings.Contains(a.Body, "event_stream_up{") && !a.Has(fmt.Sprintf("redis_sentinel_event_stream_up{sentinel=%q} 1", s.Addr())) {
						return false
					}
				}
				return true
			})
			for range 20 {
				p.MustGet(t, tc.path)
			}
			if copies := countInMemory(t, p.PID(), []byte(password)); copies > maxCopies || copies == 0 {
				t.Errorf("the password is in memory %d times", copies)
			}
		})
	}
}

// countInMemory returns how often a text is in what a process can write to.
func countInMemory(t *testing.T, pid int, text []byte) int {
	t.Helper()
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = maps.Close() }()
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = memory.Close() }()
	count, read := 0, 0
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		var begin, end uint64
		var access string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &begin, &end, &access); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(access, "rw") {
			continue
		}
		content := make([]byte, end-begin)
		n, _ := memory.ReadAt(content, int64(begin)) // what is reserved only cannot be read
		read += n
		count += bytes.Count(content[:n], text)
	}
	if err := lines.Err(); err != nil || read < 1<<20 {
		t.Fatalf("only %d bytes could be read: %v", read, err)
	}
	return count
}
