package sentinel

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"redis_sentinel_exporter/internal/sentineltest"
)

// manyEntries is a reply of n entries.
func manyEntries(n int, flags string) []byte {
	b := []byte(fmt.Sprintf("*%d\r\n", n))
	for i := range n {
		b = append(b, "*8\r\n"...)
		for _, word := range []string{"name", "n" + strconv.Itoa(i), "ip", "10.1.1.1", "port", "6379", "flags", flags} {
			b = append(b, sentineltest.Bulk(word)...)
		}
	}
	return b
}

// TestTooMany: a Sentinel that lists more than it may fails as protocol, and the number is
// named.
func TestTooMany(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		command, flags string
		masters        int
		reply          []byte
		fails          Command
		want           string
	}{
		{"SENTINEL MASTERS", "master", 1, manyEntries(maxMasters+1, "master"), CommandMasters, "it has 10001 masters, more than 10000"},
		{"SENTINEL REPLICAS", "slave", 1, manyEntries(maxEntries+1, "slave"), CommandReplicas, "it has 1001 replicas, more than 1000"},
		{"SENTINEL SENTINELS", "sentinel", 1, manyEntries(maxEntries+1, "sentinel"), CommandSentinels, "it has 1001 peers, more than 1000"},
		{"SENTINEL REPLICAS", "slave", 51, manyEntries(maxEntries, "slave"), CommandMasters, "it has over 50000 replicas and peers in all"},
	} {
		t.Run(test.want, func(t *testing.T) {
			t.Parallel()
			fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Masters: test.masters})
			fake.Reply(test.command, test.reply)
			c := NewClient(Options{Address: fake.Addr()})
			defer c.Close()
			s := c.Snapshot(t.Context())
			failed := s.Failed(test.fails)
			if failed == nil || failed.Reason != ReasonProtocol || !strings.Contains(failed.Error(), test.want) {
				t.Errorf("%s failed with %v; want protocol: %s", test.fails, failed, test.want)
			}
		})
	}
}

// stalled is a reply of so many bytes that does not end.
func stalled(bytes int) sentineltest.Script {
	return func(c *sentineltest.ScriptConn) {
		if c.Write([]byte("*2\r\n"+fmt.Sprintf("$%d\r\n", bytes))) && c.Write([]byte(strings.Repeat("x", bytes)+"\r\n")) {
			c.Silence()
		}
	}
}

// TestBudget: Sentinels that fill the budget are broken off, the largest first, and the one
// that says little has its snapshot; what they had is given back.
func TestBudget(t *testing.T) {
	t.Parallel()
	budget := NewBudget(4 << 20)
	client := func(script sentineltest.Script) *Client {
		fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
		if script != nil {
			fake.Script("INFO", script)
		}
		c := NewClient(Options{Address: fake.Addr(), Budget: budget})
		t.Cleanup(c.Close)
		return c
	}
	ctx, cancel := context.WithCancel(t.Context())
	snapshots := make(chan *Snapshot)
	for _, bytes := range []int{1500 << 10, 1600 << 10, 1900 << 10, 3 << 20} {
		c := client(stalled(bytes))
		go func() { snapshots <- c.Snapshot(ctx) }()
	}
	// Two of them fit, the others are told why they do not.
	for range 2 {
		s := <-snapshots
		if e := s.Failed(CommandInfo); e == nil || e.Reason != ReasonProtocol || !strings.Contains(e.Error(), "--sentinel.reply-memory") {
			t.Errorf("it ended with %v", e)
		}
	}
	if s := client(nil).Snapshot(ctx); !s.Up() {
		t.Errorf("the good one: %v", s.Err)
	}
	held := func() int64 {
		budget.mu.Lock()
		defer budget.mu.Unlock()
		return budget.held
	}
	if held() > budget.limit {
		t.Errorf("%d KiB are held", held()>>10)
	}
	cancel()
	<-snapshots
	<-snapshots
	sentineltest.WaitFor(t, "it to be given back", func() bool { return held() < 100<<10 })
}
