package clients

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const writeEvery = 20 * time.Millisecond

// A writer writes one key after the other, each only once.
type writer struct {
	library string
	end     context.CancelFunc
	done    sync.WaitGroup
	closing func()

	mu     sync.Mutex // guards what follows
	acked  []ack
	errors map[string]int
}

// An ack is a write that was acknowledged.
type ack struct {
	key string
	at  time.Time
}

// startWriter starts to write. The caller must call stop.
func startWriter(ctx context.Context, l library, master string, sentinels []string) (*writer, error) {
	set, closing, err := l.open(ctx, master, sentinels)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.name, err)
	}
	ctx, end := context.WithCancel(ctx)
	w := &writer{library: l.name, end: end, closing: closing, errors: make(map[string]int)}
	w.done.Go(func() { w.run(ctx, set) })
	return w, nil
}

func (w *writer) run(ctx context.Context, set setter) {
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		key := fmt.Sprintf("%s:%d", w.library, n)
		err := set(ctx, key, "x")
		w.mu.Lock()
		switch {
		case err == nil:
			w.acked = append(w.acked, ack{key, time.Now()})
		case ctx.Err() == nil:
			w.errors[err.Error()]++
		}
		w.mu.Unlock()
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// count returns how many writes were acknowledged until now.
func (w *writer) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acked)
}

// stop ends the writing.
func (w *writer) stop() {
	w.end()
	w.done.Wait()
	w.closing()
}

// gap returns the longest time between two acknowledgements.
func (w *writer) gap() time.Duration {
	var longest time.Duration
	for i := 1; i < len(w.acked); i++ {
		longest = max(longest, w.acked[i].at.Sub(w.acked[i-1].at))
	}
	return longest
}

// lost returns the keys that were acknowledged and are not there.
func (w *writer) lost(there map[string]bool) []string {
	var lost []string
	for _, a := range w.acked {
		if !there[a.key] {
			lost = append(lost, a.key)
		}
	}
	return lost
}
