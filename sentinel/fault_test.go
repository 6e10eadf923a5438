package sentinel_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// grace is how much longer than its context a call may take here. It is 100 ms
// on an idle machine; what does not end with its context takes for ever.
const grace = 5 * time.Second

// TestFaults: whatever a Sentinel does, its snapshot is there in time and says
// why it is not what it should be.
func TestFaults(t *testing.T) {
	t.Parallel()
	healthyMasters := "*0\r\n"
	tests := []struct {
		name    string
		command string
		script  sentineltest.Script
		reason  sentinel.Reason
		up      bool
	}{
		{"silence at the first command", "INFO", sentineltest.Silent(nil), sentinel.ReasonTimeout, false},
		{"silence after MASTERS", "SENTINEL CKQUORUM", sentineltest.Silent(nil), sentinel.ReasonTimeout, true},
		{"half a reply", "SENTINEL MASTERS", sentineltest.Silent([]byte("*1\r\n*40\r\n$4\r\nname\r\n$8\r\nmym")), sentinel.ReasonTimeout, false},
		{"a byte a second", "SENTINEL MASTERS", sentineltest.Trickle([]byte(healthyMasters), time.Second), sentinel.ReasonTimeout, false},
		{"closed at the first command", "INFO", sentineltest.Closed(nil), sentinel.ReasonUnreachable, false},
		{"reset in the middle of a reply", "SENTINEL MASTERS", sentineltest.ResetAfter([]byte("*1\r\n*40\r\n")), sentinel.ReasonUnreachable, false},
		{"closed after MASTERS", "SENTINEL REPLICAS", sentineltest.Closed(nil), sentinel.ReasonUnreachable, true},
		{"an endless array", "SENTINEL MASTERS", sentineltest.Endless([]byte("*1000000\r\n"), []byte("$4\r\nname\r\n")), sentinel.ReasonTimeout, false},
		{"claims 10^9 bytes", "INFO", sentineltest.Raw([]byte("$1000000000\r\n")), sentinel.ReasonProtocol, false},
		{"claims 10^9 elements", "SENTINEL MASTERS", sentineltest.Raw([]byte("*1000000000\r\n")), sentinel.ReasonProtocol, false},
		{"nested without end", "SENTINEL MASTERS", sentineltest.Raw([]byte(strings.Repeat("*1\r\n", 1<<20))), sentinel.ReasonProtocol, false},
		{"speaks HTTP", "INFO", sentineltest.Closed([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")), sentinel.ReasonProtocol, false},
		{"nonsense after MASTERS", "SENTINEL CKQUORUM", sentineltest.Raw([]byte("?\r\n")), sentinel.ReasonProtocol, false},
		{"MASTERS is no list", "SENTINEL MASTERS", sentineltest.Raw([]byte("+OK\r\n")), sentinel.ReasonProtocol, false},
		{"MASTERS has half a row", "SENTINEL MASTERS", sentineltest.Raw([]byte("*1\r\n*1\r\n$4\r\nname\r\n")), sentinel.ReasonProtocol, false},
		{"INFO is a number", "INFO", sentineltest.Raw([]byte(":1\r\n")), sentinel.ReasonProtocol, true},
		{"REPLICAS is no list", "SENTINEL REPLICAS", sentineltest.Raw([]byte("+OK\r\n")), sentinel.ReasonProtocol, true},
		{"CKQUORUM says something new", "SENTINEL CKQUORUM", sentineltest.Raw([]byte("+FINE\r\n")), sentinel.ReasonProtocol, true},
		{"LOADING", "SENTINEL MASTERS", sentineltest.Raw([]byte("-LOADING Redis is loading the dataset in memory\r\n")), sentinel.ReasonOther, false},
		{"too many clients", "INFO", sentineltest.Closed([]byte("-ERR max number of clients reached\r\n")), sentinel.ReasonOther, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Masters: 3, Replicas: 2, Peers: 2})
			fake.Script(test.command, test.script)
			c := newClient(t, sentinel.Options{Address: fake.Addr()})
			deadline := 20 * time.Second // which only a busy machine needs
			if test.reason == sentinel.ReasonTimeout {
				deadline = time.Second // which passes
			}
			for round := range 2 { // on a new connection, and where there was one
				start := time.Now()
				s := c.Snapshot(within(t, deadline))
				if took := time.Since(start); took > deadline+grace {
					t.Errorf("round %d took %v", round, took)
				}
				if s.Up() != test.up || s.Up() != (len(s.Masters) == 3) {
					t.Errorf("round %d: up is %v with %d masters, error %v", round, s.Up(), len(s.Masters), s.Err)
				}
				if len(s.Failures) == 0 {
					t.Errorf("round %d: no failure", round)
				}
				for _, f := range s.Failures {
					if f.Err.Reason != test.reason {
						t.Errorf("round %d: %s failed for %s: %v", round, f.Command, f.Err.Reason, f.Err)
					}
				}
			}
			fake.Script(test.command, nil)
			if s := c.Snapshot(within(t, 5*time.Second)); !s.Up() || len(s.Failures) != 0 {
				t.Errorf("after repair: up %v, failures %v", s.Up(), s.Failures)
			}
		})
	}
}

// TestAuthIsNotAnswered: what is no answer to AUTH is none of a Sentinel, and what follows it is not read.
func TestAuthIsNotAnswered(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	c := newClient(t, sentinel.Options{Address: fake.Addr(), Password: password("sesame")})
	for answer, reason := range map[string]sentinel.Reason{
		"$2\r\nhi\r\n": sentinel.ReasonProtocol, "*1\r\n+OK\r\n": sentinel.ReasonProtocol,
		"-WRONGPASS sesame is wrong\r\n": sentinel.ReasonAuth, "-ERR invalid password\r\n": sentinel.ReasonAuth,
	} {
		fake.Script("AUTH", sentineltest.Raw([]byte(answer)))
		s := c.Snapshot(within(t, 10*time.Second))
		if f := s.Failed(sentinel.CommandInfo); s.Up() || f == nil || f.Reason != reason || strings.Contains(f.Error(), "sesame") {
			t.Errorf("%q: up %v, %v", answer, s.Up(), f)
		}
	}
	fake.Script("AUTH", nil)
	if s := c.Snapshot(within(t, 10*time.Second)); !s.Up() || len(s.Failures) > 0 {
		t.Errorf("after repair: up %v, failures %v", s.Up(), s.Failures)
	}
}

// TestMemoryStaysBounded under a reply that never ends.
func TestMemoryStaysBounded(t *testing.T) {
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	element := sentineltest.Bulk(strings.Repeat("x", 1<<20))
	fake.Script("SENTINEL MASTERS", sentineltest.Endless([]byte("*1000000\r\n"), element))
	c := newClient(t, sentinel.Options{Address: fake.Addr()})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 3 {
		if s := c.Snapshot(within(t, 20*time.Second)); s.Failed(sentinel.CommandMasters).Reason != sentinel.ReasonProtocol {
			t.Errorf("got %v", s.Err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 16<<20 {
		t.Errorf("%d MiB are kept", kept>>20)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 3*8*64<<20 {
		t.Errorf("%d MiB were used", used>>20)
	}
}

// TestCancel: a call ends with its context also when that has no deadline.
func TestCancel(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	c := newClient(t, sentinel.Options{Address: fake.Addr()})
	must(t, c.Ping(t.Context()))
	fake.Script("INFO", sentineltest.Silent(nil))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	if _, err := c.Info(ctx); !errors.Is(err, context.Canceled) && err == nil {
		t.Errorf("got %v", err)
	}
	if took := time.Since(start); took > 50*time.Millisecond+grace {
		t.Errorf("took %v", took)
	}
}

// TestUnreachable: what cannot be connected to.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		addr   string
		reason sentinel.Reason
	}{
		{"refused", sentineltest.FreeAddr(t), sentinel.ReasonUnreachable},
		{"no such host", "no-such-host.invalid:26379", sentinel.ReasonUnreachable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newClient(t, sentinel.Options{Address: test.addr}).Snapshot(within(t, 5*time.Second))
			if e := s.Failed(sentinel.CommandMasters); e == nil || e.Reason != test.reason {
				t.Errorf("got %v", e)
			}
			if len(s.Failures) != 6 {
				t.Errorf("%d commands failed, want all 6", len(s.Failures))
			}
		})
	}
}

// TestRoundTrips counts them at a proxy: two for a deployment never seen before,
// one from then on, two when a master appears.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Masters: 10, Replicas: 2, Peers: 2})
	proxy := sentineltest.RunProxy(t, fake.Addr())
	proxy.Delay(100 * time.Millisecond) // longer than a burst takes to write
	c := newClient(t, sentinel.Options{Address: proxy.Addr()})
	ctx := within(t, 20*time.Second)
	must(t, c.Ping(ctx)) // the handshake has a round trip of its own
	steps := []struct {
		masters    int
		roundTrips int64
	}{{10, 2}, {10, 1}, {10, 1}, {11, 2}, {11, 1}, {9, 1}, {9, 1}, {1, 1}}
	for i, step := range steps {
		fake.Set(sentineltest.FakeConfig{Masters: step.masters, Replicas: 2, Peers: 2, Name: masterName})
		before := proxy.Counters()
		s := c.Snapshot(ctx)
		after := proxy.Counters()
		if got := after.RoundTrips - before.RoundTrips; got != step.roundTrips && i > 0 {
			t.Errorf("step %d, %d masters: %d round trips, want %d", i, step.masters, got, step.roundTrips)
		}
		if len(s.Masters) != step.masters || len(s.Failures) > 0 || after.Connections != 1 {
			t.Errorf("step %d: %d masters, failures %v, %d connections", i, len(s.Masters), s.Failures, after.Connections)
		}
		for _, m := range s.Masters {
			if len(m.Replicas) != 2 || len(m.Peers) != 2 || m.CKQuorum == nil {
				t.Errorf("step %d: %s is not whole", i, m.Name)
			}
		}
	}
}

func masterName(i int) string { return fmt.Sprintf("master-%d", i) }

// TestSharedSnapshot: ten at once cost the commands of one.
func TestSharedSnapshot(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Masters: 1, Replicas: 2, Peers: 2})
	asked, release := make(chan struct{}, 20), make(chan struct{})
	fake.Script("INFO", func(c *sentineltest.ScriptConn) {
		asked <- struct{}{}
		<-release
		c.Write(sentineltest.Bulk("run_id:x\r\n"))
	})
	c := newClient(t, sentinel.Options{Address: fake.Addr()})
	ctx := within(t, 20*time.Second)
	var wg sync.WaitGroup
	got := make([]*sentinel.Snapshot, 10)
	wg.Go(func() { got[0] = c.Snapshot(ctx) })
	<-asked
	for i := range got[1:] {
		wg.Go(func() { got[1+i] = c.Snapshot(ctx) })
	}
	// One that has less time than the others gets an answer of its own.
	const patience = 100 * time.Millisecond
	if s := c.Snapshot(within(t, patience)); s.Up() || s.Failed(sentinel.CommandMasters).Reason != sentinel.ReasonTimeout {
		t.Errorf("the impatient one got up %v, %v", s.Up(), s.Err)
	} else if s.Duration < patience/2 || s.ErrorTotals != (sentinel.ErrorTotals{}) {
		t.Errorf("the impatient one waited %v, and counted %v of commands that it did not send", s.Duration, s.ErrorTotals)
	}
	close(release)
	wg.Wait()
	for _, s := range got {
		if !s.Up() {
			t.Errorf("not up: %v", s.Err)
		}
	}
	// A goroutine that was late on a busy machine may have asked by itself.
	if n := fake.Count("SENTINEL MASTERS"); n > len(got)/3 {
		t.Errorf("MASTERS was sent %d times", n)
	}
	c.Snapshot(ctx)
	c.Snapshot(ctx)
	if a, b := got[0], c.Snapshot(ctx); a == b {
		t.Error("a snapshot outlived its inflight")
	}
}

// TestImpatientLeader: who had less time does not spoil it for the others.
func TestImpatientLeader(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	hung := make(chan struct{})
	var once sync.Once
	fake.Script("INFO", func(c *sentineltest.ScriptConn) {
		first := false
		once.Do(func() { first = true; close(hung) })
		if first {
			c.Silence()
			return
		}
		c.Write(sentineltest.Bulk("run_id:x\r\n"))
	})
	c := newClient(t, sentinel.Options{Address: fake.Addr()})
	var wg sync.WaitGroup
	over := make(chan struct{})
	wg.Go(func() {
		defer close(over)
		if s := c.Snapshot(within(t, 2*time.Second)); s.Up() {
			t.Error("the leader got an answer")
		}
	})
	select {
	case <-hung:
	case <-over:
		t.Fatal("the leader's time was over before it had asked")
	}
	wg.Go(func() {
		if s := c.Snapshot(within(t, 10*time.Second)); !s.Up() {
			t.Errorf("the follower shared the leader's failure: %v", s.Err)
		}
	})
	wg.Wait()
}

// TestErrorTotals: they grow by one for each command and reason of a snapshot.
func TestErrorTotals(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Masters: 5})
	c := newClient(t, sentinel.Options{Address: fake.Addr()})
	ctx := within(t, 10*time.Second)
	fake.Reply("SENTINEL REPLICAS", []byte("-NOPERM this user has no permissions to run the 'sentinel|replicas' command\r\n"))
	for range 3 {
		c.Snapshot(ctx)
	}
	fake.Script("SENTINEL REPLICAS", nil)
	s := c.Snapshot(ctx)
	var want sentinel.ErrorTotals
	want[sentinel.CommandReplicas][sentinel.ReasonPermission] = 3
	if s.ErrorTotals != want || len(s.Failures) != 0 {
		t.Errorf("totals are %v, failures %v", s.ErrorTotals, s.Failures)
	}
}

// TestOldSentinels: before 6.2 there is no MYID, before 5.0 no REPLICAS.
func TestOldSentinels(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 2})
	fake.Reply("SENTINEL MYID", []byte("-ERR Unknown sentinel subcommand 'MYID'\r\n"))
	fake.Reply("SENTINEL REPLICAS", []byte("-ERR Unknown sentinel subcommand 'REPLICAS'\r\n"))
	c := newClient(t, sentinel.Options{Address: fake.Addr()})
	ctx := within(t, 10*time.Second)
	if replicas, err := c.Replicas(ctx, name); err != nil || len(replicas) != 2 {
		t.Errorf("Replicas: %d, %v", len(replicas), err)
	}
	c.Snapshot(ctx) // finds out
	s := c.Snapshot(ctx)
	if m := s.Master(name); s.ID != "" || len(s.Failures) > 0 || m == nil || len(m.Replicas) != 2 {
		t.Errorf("id %q, failures %v", s.ID, s.Failures)
	}
}

// TestRemovedMeanwhile: a master that is gone when it is asked about is left out.
func TestRemovedMeanwhile(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Masters: 3, Name: masterName})
	for _, command := range []string{"REPLICAS", "SENTINELS", "CKQUORUM"} {
		fake.Reply("SENTINEL "+command+" master-1", []byte("-ERR No such master with that name\r\n"))
	}
	s := newClient(t, sentinel.Options{Address: fake.Addr()}).Snapshot(within(t, 5*time.Second))
	if len(s.Masters) != 2 || s.Master("master-1") != nil || len(s.Failures) != 0 {
		t.Errorf("%d masters, failures %v", len(s.Masters), s.Failures)
	}
}
