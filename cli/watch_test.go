package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/cli"
	"redis_sentinel_exporter/internal/sentineltest"
)

// A watcher is a run of the command watch.
type watcher struct {
	out  *sentineltest.LockedBuffer
	errs *sentineltest.LockedBuffer
	end  func() int
}

func watch(t *testing.T, addresses []string, words ...string) *watcher {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &watcher{out: &sentineltest.LockedBuffer{}, errs: &sentineltest.LockedBuffer{}}
	status := make(chan int, 1)
	go func() {
		streams := cli.Streams{In: strings.NewReader(""), Out: w.out, Err: w.errs, Timeout: time.Millisecond}
		status <- run(ctx, addresses, streams, append([]string{"watch"}, words...)...)
	}()
	w.end = func() int {
		cancel()
		return <-status
	}
	return w
}

// prints waits for a line.
func (w *watcher) prints(t *testing.T, pattern string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("printed was:\n%s%s", w.out, w.errs)
		}
	}()
	sentineltest.WaitFor(t, pattern, func() bool { return regexp.MustCompile("(?m)" + pattern).MatchString(w.out.String()) })
}

// TestWatch prints a failover as it happens, and where a stream broke, until it
// is stopped; the timeout, which is 1ms here, does not end it.
func TestWatch(t *testing.T) {
	t.Parallel()
	topology := sentineltest.Run(t, sentineltest.Config{Replicas: 1, Proxied: true, Masters: []string{"my master", "other"}})
	addresses := topology.ClientAddrs()
	text := watch(t, addresses)
	lines := watch(t, addresses, "--output=json", "my master")
	for _, s := range topology.Sentinels {
		text.prints(t, s.Proxy.Addr()+` +# subscribed$`)
		lines.prints(t, `"sentinel":"`+s.Proxy.Addr()+`","stream":"up"`)
	}
	old, err := topology.Master(t.Context(), "my master")
	if err != nil {
		t.Fatal(err)
	}
	address, err := topology.Failover(t.Context(), "my master")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topology.Sentinels[0].CLI(t.Context(), "SENTINEL", "SET", "other", "quorum", "1"); err != nil {
		t.Fatal(err)
	}
	for _, s := range topology.Sentinels {
		text.prints(t, `^20[-0-9]{8} [0-9:.]{12}  `+s.Proxy.Addr()+` +\+switch-master +"my master"  `+old+` -> `+address+`$`)
		lines.prints(t, `"sentinel":"`+s.Proxy.Addr()+`","event":"\+switch-master","master":"my master".*"master_address":"`+old+`","new_address":"`+address+`"`)
	}
	text.prints(t, `\+new-epoch +1$`)
	text.prints(t, `\+set +other  127.0.0.1:\d+  quorum 1$`)
	topology.Sentinels[2].Proxy.Reset()
	text.prints(t, topology.Sentinels[2].Proxy.Addr()+` +# stream lost, events may be missing until it is subscribed again: unreachable: `)
	lines.prints(t, `"stream":"lost","reason":"unreachable"`)

	for _, w := range []*watcher{text, lines} {
		if status := w.end(); status != 0 || w.errs.String() != "" {
			t.Errorf("got the exit code %d and on stderr %q", status, w.errs)
		}
	}
	for line := range strings.Lines(lines.out.String()) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		if object["stream"] == nil && object["master"] != "my master" {
			t.Errorf("not about the master asked for: %s", line)
		}
	}
}

// TestWatchKeepsTheTerminal from what a Sentinel sends.
func TestWatchKeepsTheTerminal(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	w := watch(t, []string{fake.Addr()})
	object := watch(t, []string{fake.Addr()}, "--output=json")
	sentineltest.WaitFor(t, "the streams", func() bool { return fake.PublishRaw(nil) == 2 })
	fake.Publish("+sdown", "master \x1b[2Jx\xff 10.0.0.1 6379")
	fake.Publish("+\x1b]0;title\a", "\r\n")
	w.prints(t, `\+sdown +"\\x1b\[2Jx\\xff"  10.0.0.1:6379$`)
	w.prints(t, `"\+\\x1b\]0;title\\a" +"\\r\\n"$`)
	// As in the metrics, so that two names stay two.
	object.prints(t, `"master":"\\u001b\[2Jx\\\\xff".*"raw":"master \\u001b\[2Jx\\\\xff 10.0.0.1 6379"`)
	object.end()
	w.end()
	if out := w.out.String(); slices.ContainsFunc([]byte(out), func(b byte) bool { return b < ' ' && b != '\n' || b > '~' }) {
		t.Errorf("printed is %q", out)
	}
}

// TestWatchOfNobody says why and goes on trying.
func TestWatchOfNobody(t *testing.T) {
	t.Parallel()
	address := sentineltest.FreeAddr(t)
	w := watch(t, []string{address})
	w.prints(t, fmt.Sprintf(`%s +# cannot subscribe, will try again: unreachable: `, address))
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Listen: address})
	sentineltest.WaitFor(t, "the stream", func() bool { return fake.PublishRaw(nil) == 1 })
	if status := w.end(); status != 0 {
		t.Errorf("got the exit code %d", status)
	}
}
