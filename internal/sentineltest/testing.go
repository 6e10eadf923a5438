package sentineltest

import (
	"context"
	"errors"
	"net"
	"strconv"
	"testing"
	"time"
)

// startTimeout is how long Run lets a start take: a few seconds are usual, but a machine may be busy.
const startTimeout = 60 * time.Second

// Run starts a topology for a test and closes it at the test's end. If the test failed by then, the end of each node's
// log is in the test's output.
func Run(t testing.TB, cfg Config) *Topology {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	topology, err := Start(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			logTails(t, topology)
		}
		if err := topology.Close(); err != nil {
			t.Error(err)
		}
	})
	return topology
}

func logTails(t testing.TB, topology *Topology) {
	t.Helper()
	for _, n := range topology.Nodes() {
		log, err := n.Log()
		if err != nil {
			log = err.Error()
		}
		t.Logf("the end of the log of %s at %s:\n%s", n.Name(), n.Addr(), tail(log, 25))
	}
}

// RunFake starts a fake Sentinel for a test and closes it at the test's end.
func RunFake(t testing.TB, cfg FakeConfig) *Fake {
	t.Helper()
	f, err := NewFake(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// RunProxy starts a proxy for a test and closes it at the test's end.
func RunProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	p, err := NewProxy(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// FreeAddr returns an address of this machine at which nothing listens, for a server that is none of a topology. Nobody who
// uses this package is given its port before the test's end.
func FreeAddr(t testing.TB) string {
	t.Helper()
	const ip = "127.0.0.1"
	p, err := reservePort(ip)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.release)
	return net.JoinHostPort(ip, strconv.Itoa(p.number))
}

// WaitFor returns when the condition is met. After a time that is enough on a busy machine it ends the test, and says what
// was waited for.
func WaitFor(t testing.TB, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	met := func(context.Context) error {
		if !condition() {
			return errors.New("not yet")
		}
		return nil
	}
	if poll(ctx, met) != nil {
		t.Fatalf("waited in vain for %s", what)
	}
}
