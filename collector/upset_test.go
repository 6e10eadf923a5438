package collector_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// atOnce is how many things are wrong at one time, at most.
const atOnce = 3

// upset makes things go wrong, and mends them again, until ctx ends.
func (w *world) upset(ctx context.Context) {
	for {
		timer := time.NewTimer(time.Duration(200+w.rand.IntN(1500)) * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		wrong := w.whatIsWrong()
		if len(wrong) == atOnce || len(wrong) > 0 && w.rand.IntN(2) == 0 {
			w.mend(wrong[w.rand.IntN(len(wrong))])
			continue
		}
		w.makeWrong(w.upsets()[w.rand.IntN(len(w.upsets()))])
	}
}

// An upset is something that can go wrong with one node; with nothing to mend
// where the nodes mend it themselves.
type upset struct {
	node string
	name string
	do   func() error
	mend func() error
}

func (u upset) String() string { return u.node + " " + u.name }

func (w *world) whatIsWrong() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.wrong))
}

func (w *world) isUpset() bool { return len(w.whatIsWrong()) > 0 }

// makeWrong leaves a node alone with which something is wrong already. What a
// node refuses does not happen.
func (w *world) makeWrong(u upset) {
	for _, other := range w.whatIsWrong() {
		if node, _, _ := strings.Cut(other, " "); node == u.node {
			return
		}
	}
	if err := u.do(); err != nil {
		w.note(u.String() + ": " + err.Error())
		return
	}
	w.note(u.String())
	if u.mend == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong[u.String()] = u.mend
}

func (w *world) mend(what string) {
	w.mu.Lock()
	mend := w.wrong[what]
	w.mu.Unlock()
	if err := mend(); err != nil {
		w.t.Errorf("mending %s: %v", what, err)
	}
	w.note("mended: " + what)
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.wrong, what)
}

func (w *world) mendAll() {
	for _, what := range w.whatIsWrong() {
		w.mend(what)
	}
}

func (w *world) note(step string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps = append(w.steps, time.Now().Format("15:04:05.000 ")+step)
}

// counts says how often each thing has happened, whatever the node.
func (w *world) counts() map[string]int {
	counts := map[string]int{}
	for _, step := range w.steps {
		if !strings.Contains(step, "mended: ") && !strings.Contains(step, ": sentineltest") {
			counts[strings.SplitN(step, " ", 3)[2]]++
		}
	}
	return counts
}

func (w *world) upsets() []upset {
	var all []upset
	for i := range w.Sentinels {
		all = append(all, w.sentinelUpsets(i)...)
	}
	for _, n := range w.Masters[0].DataNodes() {
		all = append(all, w.nodeUpsets(n)...)
	}
	return all
}

func (w *world) sentinelUpsets(i int) []upset {
	s := w.Sentinels[i]
	block := func(do func()) func() error {
		return func() error { return w.change(i, true, func() error { do(); return nil }) }
	}
	open := func(do func() error) func() error {
		return func() error { return w.change(i, false, do) }
	}
	tell := func(args ...string) func() error {
		return func() error {
			_, err := s.CLI(w.within(), append([]string{"SENTINEL"}, args...)...)
			return err
		}
	}
	return []upset{
		{s.Name(), "is killed", block(s.Kill), open(func() error { return s.Restart(w.within()) })},
		{s.Name(), "hangs", func() error { return w.change(i, true, s.Hang) }, open(s.Resume)},
		{s.Name(), "is not reachable for the exporter", block(s.Proxy.Cut), open(s.Proxy.Heal)},
		{s.Name(), "is silent to the exporter", block(s.Proxy.BlackHole), open(s.Proxy.Heal)},
		{s.Name(), "loses the exporter's connection", open(func() error { s.Proxy.Reset(); return nil }), nil},
		{s.Name(), "is cut off from all", func() error { return w.Isolate(s.Node) }, func() error { return w.Rejoin(s.Node) }},
		{s.Name(), "is in TILT", func() error { return s.ForceTilt(w.within()) }, func() error { return s.EndTilt(w.within()) }},
		{s.Name(), "has another quorum", tell("SET", master, "quorum", "3"), tell("SET", master, "quorum", "2")},
		{s.Name(), "has another down-after", tell("SET", master, "down-after-milliseconds", "1500"), tell("SET", master, "down-after-milliseconds", "1000")},
		{s.Name(), "is RESET", tell("RESET", master), nil},
		{s.Name(), "fails over", tell("FAILOVER", master), nil},
		{s.Name(), "monitors nothing", tell("REMOVE", master), func() error { return w.monitorAgain(i) }},
	}
}

// monitorAgain makes a Sentinel monitor what another does.
func (w *world) monitorAgain(i int) error {
	addr, err := w.masterOf(i)
	if err != nil {
		return err
	}
	ip, port, _ := strings.Cut(addr, ":")
	for _, command := range [][]string{
		{"MONITOR", master, ip, port, "2"},
		{"SET", master, "down-after-milliseconds", "1000", "failover-timeout", "3000"},
	} {
		if _, err := w.Sentinels[i].CLI(w.within(), append([]string{"SENTINEL"}, command...)...); err != nil {
			return err
		}
	}
	return nil
}

// masterOf asks the other Sentinels, and the data nodes where none knows.
func (w *world) masterOf(but int) (string, error) {
	for i, s := range w.Sentinels {
		if i == but || !s.Live() {
			continue
		}
		if row, err := s.Reply(w.within(), "SENTINEL", "MASTER", master); err == nil {
			return addrOf(row), nil
		}
	}
	for _, n := range w.Masters[0].DataNodes() {
		if !n.Live() {
			continue
		}
		if info, err := n.Info(w.within(), "replication"); err == nil && info["role"] == "master" {
			return n.Addr(), nil
		}
	}
	return "", fmt.Errorf("nobody knows the master for %s", w.Sentinels[but].Name())
}

func (w *world) nodeUpsets(n *sentineltest.Node) []upset {
	priority := func(p string) func() error {
		return func() error {
			_, err := n.CLI(w.within(), "CONFIG", "SET", "replica-priority", p)
			return err
		}
	}
	return []upset{
		{n.Name(), "is killed", func() error { n.Kill(); return nil }, func() error { return n.Restart(w.within()) }},
		{n.Name(), "hangs", n.Hang, n.Resume},
		{n.Name(), "is cut off from all", func() error { return w.Isolate(n) }, func() error { return w.Rejoin(n) }},
		{n.Name(), "has priority 0", priority("0"), priority("100")},
	}
}
