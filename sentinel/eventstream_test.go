package sentinel_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// quickly notices a hung Sentinel, and comes back, in seconds: sooner a busy machine
// may only look like one.
func quickly() sentinel.EventOptions {
	return sentinel.EventOptions{
		PingInterval: 200 * time.Millisecond, PingTimeout: 2 * time.Second,
		MinBackoff: 10 * time.Millisecond, MaxBackoff: 100 * time.Millisecond,
	}
}

// A listener keeps what a stream tells.
type listener struct {
	mu      sync.Mutex
	notices []sentinel.StreamUpdate
	stop    func() // and waits for the stream
}

// listen opens the stream and waits until it stands.
func listen(t *testing.T, o sentinel.Options, eo sentinel.EventOptions) *listener {
	t.Helper()
	l := open(t, o, eo)
	l.until(t, "the stream is up", func() bool { return l.count(sentinel.StreamUp) > 0 })
	return l
}

func open(t *testing.T, o sentinel.Options, eo sentinel.EventOptions) *listener {
	t.Helper()
	l := &listener{}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { sentinel.NewClient(o).Events(ctx, eo, l.add) })
	l.stop = func() {
		cancel()
		wg.Wait()
	}
	t.Cleanup(l.stop)
	return l
}

func (l *listener) add(n *sentinel.StreamUpdate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notices = append(l.notices, *n)
}

func (l *listener) all() []sentinel.StreamUpdate {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.notices
}

func (l *listener) count(kind sentinel.StreamUpdateKind) int {
	count := 0
	for _, n := range l.all() {
		if n.Kind == kind {
			count++
		}
	}
	return count
}

// lost returns the reasons of the losses.
func (l *listener) lost() []sentinel.Reason {
	var reasons []sentinel.Reason
	for _, n := range l.all() {
		if n.Kind == sentinel.StreamLost {
			reasons = append(reasons, n.Err.Reason)
		}
	}
	return reasons
}

// until waits for a condition. If it is not met, what came last is in the test's output.
func (l *listener) until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("last came %+v", l.all()[max(0, len(l.all())-5):])
		}
	}()
	sentineltest.WaitFor(t, what, condition)
}

// hears makes the Sentinel publish something and waits for it.
func (l *listener) hears(t *testing.T, s *sentineltest.Sentinel, quorum string) {
	t.Helper()
	_, err := s.CLI(t.Context(), "SENTINEL", "SET", name, "quorum", quorum)
	must(t, err)
	l.until(t, "+set "+quorum, func() bool {
		all := l.all()
		last := all[len(all)-1]
		return last.Event.Name == "+set" && last.Event.Details == "quorum "+quorum
	})
}

// subscribers are the clients that the Sentinel says have subscribed: our
// streams, since other Sentinels subscribe to data nodes only.
func subscribers(t *testing.T, s *sentineltest.Sentinel) int {
	t.Helper()
	list, err := s.CLI(t.Context(), "CLIENT", "LIST")
	must(t, err)
	return strings.Count(list, " psub=1 ")
}

// TestStreamComesBack from all that befalls a real Sentinel and the way to it.
// Each loss is told, and in the end the Sentinel has one connection of ours.
func TestStreamComesBack(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None, Proxied: true})
	s := topo.Sentinels[0]
	l := listen(t, sentinel.Options{Address: s.Proxy.Addr()}, quickly())
	ctx := within(t, 60*time.Second)
	faults := []struct {
		name   string
		fault  func()
		mend   func()
		reason sentinel.Reason
	}{
		{"reset", s.Proxy.Reset, func() {}, sentinel.ReasonUnreachable},
		{"restarted", func() { must(t, s.Restart(ctx)) }, func() {}, sentinel.ReasonUnreachable},
		{"hung", func() { must(t, s.Hang()) }, func() { must(t, s.Resume()) }, sentinel.ReasonTimeout},
		{"silently cut off", s.Proxy.BlackHole, func() { must(t, s.Proxy.Heal()) }, sentinel.ReasonTimeout},
		{"killed", s.Kill, func() { must(t, s.Restart(ctx)) }, sentinel.ReasonUnreachable},
		{"closed by the Sentinel", func() { _, err := s.CLI(ctx, "CLIENT", "KILL", "TYPE", "pubsub"); must(t, err) }, func() {}, sentinel.ReasonUnreachable},
	}
	for i, f := range faults {
		l.hears(t, s, fmt.Sprint(i+1))
		f.fault()
		l.until(t, f.name+": told as a loss", func() bool { return len(l.lost()) == i+1 })
		f.mend()
		l.until(t, f.name+": up again", func() bool { return l.count(sentinel.StreamUp) == i+2 })
		if got := l.lost()[i]; got != f.reason {
			t.Errorf("%s: lost for the reason %s, want %s", f.name, got, f.reason)
		}
	}
	l.hears(t, s, "9")
	if got := len(l.lost()); got != len(faults) {
		t.Errorf("%d losses, want %d", got, len(faults))
	}
	l.until(t, "one subscriber", func() bool { return subscribers(t, s) == 1 })
	l.stop()
	l.until(t, "no subscriber", func() bool { return subscribers(t, s) == 0 })
	if n := l.count(sentinel.StreamDropped); n > 0 {
		t.Errorf("%d times events were dropped", n)
	}
}

// TestQuietStreamStands: where nothing happens, PING keeps a stream alive.
func TestQuietStreamStands(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	l := listen(t, sentinel.Options{Address: fake.Addr()}, quickly())
	l.until(t, "ten PINGs", func() bool { return fake.Count("PING") >= 10 })
	if got := len(l.all()); got != 1 {
		t.Errorf("%d notices came: %+v", got, l.all())
	}
}

// TestBurst: 10,000 events at once are all counted, and the stream holds no
// memory for them afterwards.
func TestBurst(t *testing.T) {
	const bursts, events = 4, 10_000
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	burst := []byte(strings.Repeat("*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$6\r\n+sdown\r\n$31\r\nmaster mymaster 127.0.0.1 17000\r\n", events))
	var mu sync.Mutex
	counted, up, other := 0, 0, 0
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return counted
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		sentinel.NewClient(sentinel.Options{Address: fake.Addr()}).Events(ctx, sentinel.EventOptions{}, func(n *sentinel.StreamUpdate) {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case n.Kind == sentinel.StreamUp:
				up++
			case n.Event.Name == "+sdown" && n.Event.Master == name:
				counted++
			default:
				other++
			}
		})
	})
	defer wg.Wait()
	defer cancel()
	var heap [bursts]uint64
	for i := range bursts {
		sentineltest.WaitFor(t, "the stream", func() bool { return fake.PublishRaw(nil) == 1 })
		began := time.Now()
		fake.PublishRaw(burst)
		sentineltest.WaitFor(t, "all events of the burst", func() bool { return count() == (i+1)*events })
		t.Logf("burst %d took %s", i, time.Since(began))
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		heap[i] = m.HeapAlloc
	}
	if up != 1 || other != 0 {
		t.Errorf("the stream was up %d times, %d other notices", up, other)
	}
	if grown := int64(heap[bursts-1]) - int64(heap[0]); grown > 1<<20 {
		t.Errorf("the heap grew by %d KiB over %d events", grown>>10, (bursts-1)*events)
	}
	t.Logf("heap after each burst: %v", heap)
}

// TestSlowConsumer: the reader goes on, and what was dropped is counted, at its
// place.
func TestSlowConsumer(t *testing.T) {
	t.Parallel()
	const room, events = 10, 5000
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	release := make(chan struct{})
	l := &listener{}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		eo := quickly()
		eo.Room = room
		sentinel.NewClient(sentinel.Options{Address: fake.Addr()}).Events(ctx, eo, func(n *sentinel.StreamUpdate) {
			l.add(n)
			<-release
		})
	})
	defer wg.Wait()
	defer cancel()
	goOn := sync.OnceFunc(func() { close(release) })
	defer goOn()
	sentineltest.WaitFor(t, "the stream", func() bool { return fake.PublishRaw(nil) == 1 })
	for i := range events {
		fake.Publish("+new-epoch", fmt.Sprint(i))
	}
	goOn()
	counted := func() (came, dropped int) {
		for _, n := range l.all() {
			dropped += n.Dropped
		}
		return l.count(sentinel.StreamEvent), dropped
	}
	sentineltest.WaitFor(t, "all events to have come or been dropped", func() bool { came, dropped := counted(); return came+dropped == events })
	fake.Publish("+new-epoch", "1000000")
	sentineltest.WaitFor(t, "the last event", func() bool {
		all := l.all()
		return all[len(all)-1].Event.Epoch.Value == 1_000_000
	})
	epoch := int64(-1)
	for _, n := range l.all()[1:] {
		switch n.Kind {
		case sentinel.StreamDropped:
			epoch += int64(n.Dropped)
		case sentinel.StreamEvent:
			if epoch++; n.Event.Epoch.Value != epoch && n.Event.Epoch.Value != 1_000_000 {
				t.Fatalf("epoch %d came where %d should", n.Event.Epoch.Value, epoch)
			}
		default:
			t.Errorf("the stream did not stand: %+v", n)
		}
	}
	if came, dropped := counted(); came+dropped != events+1 || dropped < 1 {
		t.Errorf("%d events came and %d were dropped, want %d in all", came, dropped, events+1)
	}
}

// TestBadStreams: what is not a stream of events is told and tried again, and
// harms nobody.
func TestBadStreams(t *testing.T) {
	t.Parallel()
	confirmed := "*3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:1\r\n"
	tests := []struct {
		name, reply string
		reason      sentinel.Reason
	}{
		{"no permission for the command", "-NOPERM this user has no permissions to run the 'psubscribe' command\r\n", sentinel.ReasonPermission},
		{"no Sentinel", "-ERR unknown command 'PSUBSCRIBE', with args beginning with: '*' \r\n", sentinel.ReasonProtocol},
		{"confirms something else", "*3\r\n$9\r\nsubscribe\r\n$1\r\n*\r\n:1\r\n", sentinel.ReasonProtocol},
		{"confirms with a word", "+OK\r\n", sentinel.ReasonProtocol},
		{"an event of 1 GB", confirmed + "*4\r\n$8\r\npmessage\r\n$1000000000\r\n", sentinel.ReasonProtocol},
		{"an event of 20 KB", confirmed + "*4\r\n$8\r\npmessage\r\n$20000\r\n", sentinel.ReasonProtocol},
		{"an event without end", confirmed + "*1000000\r\n" + strings.Repeat(":1\r\n", 20_000), sentinel.ReasonProtocol},
		{"an empty message", confirmed + "*0\r\n", sentinel.ReasonProtocol},
		{"a number for a kind", confirmed + "*1\r\n:1\r\n", sentinel.ReasonProtocol},
		{"half an event", confirmed + "*2\r\n$8\r\npmessage\r\n$1\r\n*\r\n", sentinel.ReasonProtocol},
		{"a nil in an event", confirmed + "*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$-1\r\n$-1\r\n", sentinel.ReasonProtocol},
		{"an array in an event", confirmed + "*4\r\n$8\r\npmessage\r\n*1\r\n$1\r\nx\r\n$1\r\nx\r\n$1\r\nx\r\n", sentinel.ReasonProtocol},
		{"an error in between", confirmed + "-ERR no\r\n", sentinel.ReasonOther},
		{"half a confirmation", "*3\r\n$10\r\npsub", sentinel.ReasonTimeout},
		{"silence", "", sentinel.ReasonTimeout},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
			fake.Script("PSUBSCRIBE", sentineltest.Silent([]byte(test.reply)))
			eo := quickly()
			eo.PingInterval, eo.PingTimeout = time.Second, 2*time.Second // the busy machine's scheduler is not under test
			if test.reason == sentinel.ReasonTimeout {
				eo = quickly()
			}
			l := open(t, sentinel.Options{Address: fake.Addr()}, eo)
			l.until(t, "it is told", func() bool { return l.count(sentinel.StreamFailed)+l.count(sentinel.StreamLost) > 0 })
			for _, n := range l.all() {
				if n.Err != nil && n.Err.Reason != test.reason {
					t.Errorf("told as %v, want the reason %s", n.Err, test.reason)
				}
				if n.Kind == sentinel.StreamEvent {
					t.Errorf("an event came: %+v", n.Event)
				}
			}
			fake.Script("PSUBSCRIBE", nil)
			ups := l.count(sentinel.StreamUp)
			l.until(t, "it is up", func() bool { return l.count(sentinel.StreamUp) > ups })
			l.stop()
			sentineltest.WaitFor(t, "the connection to be closed", func() bool { _, open := fake.Connections(); return open == 0 })
		})
	}
}

// TestStreamBacksOff: a Sentinel that is away is not asked all the time; but soon
// at first.
func TestStreamBacksOff(t *testing.T) {
	t.Parallel()
	const shortest = 20 * time.Millisecond
	for _, tc := range []struct {
		longest time.Duration
		tries   int
		last    time.Duration // the least that the last pause can be: half of what it is without chance
	}{
		{8 * shortest, 9, 4 * shortest},
		{time.Hour, 4, 2 * shortest}, // which come only if the first pauses are short
	} {
		t.Run(tc.longest.String(), func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var tries []time.Time
			addr := sentineltest.RawServer(t, func(net.Conn) {
				mu.Lock()
				defer mu.Unlock()
				tries = append(tries, time.Now())
			})
			l := open(t, sentinel.Options{Address: addr}, sentinel.EventOptions{MinBackoff: shortest, MaxBackoff: tc.longest})
			l.until(t, "all tries", func() bool { mu.Lock(); defer mu.Unlock(); return len(tries) >= tc.tries })
			l.stop()
			if last := tries[tc.tries-1].Sub(tries[tc.tries-2]); last < tc.last {
				t.Errorf("the last pause was %s, want at least %s", last, tc.last)
			}
			if n := l.count(sentinel.StreamFailed); n < tc.tries-1 || len(l.lost()) > 0 {
				t.Errorf("%d failures and %d losses were told", n, len(l.lost()))
			}
		})
	}
}

// TestStreamCredentials: TLS and a password that changes, which no error prints.
func TestStreamCredentials(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None, ClientCerts: true, Password: "sesame"})
	config, err := topo.TLS.ClientConfig()
	must(t, err)
	file := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(file, []byte("wrong-one"), 0o600))
	eo := quickly()
	eo.PingInterval, eo.PingTimeout = time.Second, 5*time.Second
	l := open(t, sentinel.Options{
		Address: topo.Sentinels[0].Addr(), TLS: config,
		Password: func() (string, error) { b, err := os.ReadFile(file); return string(b), err },
	}, eo)
	l.until(t, "refused", func() bool { return l.count(sentinel.StreamFailed) > 0 })
	if e := l.all()[0].Err; e.Reason != sentinel.ReasonAuth || strings.Contains(e.Error(), "wrong-one") {
		t.Errorf("told as %v", e)
	}
	must(t, os.WriteFile(file, []byte("sesame"), 0o600))
	l.until(t, "up", func() bool { return l.count(sentinel.StreamUp) == 1 })
	l.hears(t, topo.Sentinels[0], "7")
}

// TestSnapshotHasRecentEvents: what a real Sentinel publishes is in the next snapshot of
// the same client, and in none of a client that does not listen.
func TestSnapshotHasRecentEvents(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None})
	s := topo.Sentinels[0]
	listens, deaf := newClient(t, sentinel.Options{Address: s.Addr()}), newClient(t, sentinel.Options{Address: s.Addr()})
	ctx, cancel := context.WithCancel(within(t, 20*time.Second))
	up, heard := make(chan bool, 1), make(chan bool, 100)
	var wg sync.WaitGroup
	wg.Go(func() {
		listens.Events(ctx, quickly(), func(n *sentinel.StreamUpdate) {
			switch {
			case n.Kind == sentinel.StreamUp:
				up <- true
			case n.Event.Name == "+reset-master":
				heard <- true
			}
		})
	})
	defer wg.Wait()
	defer cancel()
	<-up
	for range 2 {
		_, err := s.CLI(ctx, "SENTINEL", "RESET", name)
		must(t, err)
		<-heard
	}
	reset := listens.Snapshot(ctx).Masters[0].Published("+reset-master")
	if reset == nil || reset.Count != 2 || reset.Address != topo.Masters[0].DataNodes()[0].Addr() || reset.Last > reset.First || reset.First > 20*time.Second {
		t.Errorf("the snapshot has +reset-master as %+v", reset)
	}
	if recent := deaf.Snapshot(ctx).Masters[0].Recent; recent != nil {
		t.Errorf("a client that does not listen has %+v", recent)
	}
}
