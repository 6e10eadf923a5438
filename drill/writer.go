package drill

import (
	"context"
	"strconv"
	"sync"
	"time"

	"redis_sentinel_exporter/datanode"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

const (
	// writeEvery is how often a value is written.
	writeEvery = 10 * time.Millisecond
	// expires is how long the key lives after the last write, if nobody can delete it.
	expires = 5 * time.Minute
)

// A writer writes numbered values to the master, as a client with support for Sentinel does: it asks the Sentinels
// where that is at first and after each error, and goes where they publish a switch to.
type writer struct {
	drill *drill
	key   string
	moved chan string // the address of a new master; the last one counts

	mu    sync.Mutex // guards the fields below
	next  int
	acked []ack
	err   error // of the last write; nil if it was acknowledged
}

// An ack is a value whose write was acknowledged.
type ack struct {
	value string
	at    time.Time
}

func newWriter(d *drill, key string) *writer {
	return &writer{drill: d, key: key, moved: make(chan string, 1)}
}

// run writes until ctx ends.
func (w *writer) run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { w.drill.deployment.Events(ctx, w.hear) })
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	var conn *datanode.Conn
	leave := func() {
		if conn != nil {
			conn.Close()
			conn = nil
		}
	}
	defer leave()
	for {
		select {
		case <-ctx.Done():
			return
		case addr := <-w.moved:
			leave()
			conn = w.drill.connect(addr)
		case <-tick.C:
		}
		if conn == nil {
			master, err := w.drill.discover(ctx)
			if err != nil {
				w.note("", err)
				continue
			}
			conn = w.drill.connect(master)
		}
		if err := w.write(ctx, conn); err != nil {
			leave()
		}
	}
}

// hear takes note of a switch.
func (w *writer) hear(u *sentinel.StreamUpdate) {
	if u.Kind != sentinel.StreamEvent || u.Event.Name != sentinel.EventSwitchMaster || u.Event.Master != w.drill.Master {
		return
	}
	select {
	case <-w.moved: // of another Sentinel
	default:
	}
	w.moved <- u.Event.NewAddress // nobody else sends
}

func (w *writer) write(ctx context.Context, conn *datanode.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, w.drill.Timeout)
	defer cancel()
	w.mu.Lock()
	value := strconv.Itoa(w.next)
	w.next++
	w.mu.Unlock()
	err := conn.Add(ctx, w.key, value, expires)
	w.note(value, err)
	return err
}

func (w *writer) note(value string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err = err; err == nil {
		w.acked = append(w.acked, ack{value, time.Now()})
	}
}

// state returns how many writes were acknowledged, and the error of the last one.
func (w *writer) state() (acked int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acked), w.err
}

// since returns the acknowledgements from a number on.
func (w *writer) since(n int) []ack {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.acked[n:len(w.acked):len(w.acked)]
}

// longestGap returns the longest time between two acknowledgements of which the later one came after a moment; until
// is when no more were waited for.
func longestGap(acked []ack, after, until time.Time) time.Duration {
	var longest time.Duration
	last := after
	for _, a := range acked {
		if a.at.After(after) {
			longest = max(longest, a.at.Sub(last))
		}
		last = a.at
	}
	return max(longest, until.Sub(last))
}

// missing counts the acknowledged values that are not there.
func missing(acked []ack, there []string) (n int) {
	has := make(map[string]bool, len(there))
	for _, v := range there {
		has[v] = true
	}
	for _, a := range acked {
		if !has[a.value] {
			n++
		}
	}
	return n
}

// discover asks the Sentinels for the master.
func (d *drill) discover(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	m, err := d.deployment.DiscoverMaster(ctx, d.Master, deployment.DiscoverOptions{})
	if err != nil {
		return "", err
	}
	return m.Addr, nil
}

// connect returns a connection to a node, which the caller must close.
func (d *drill) connect(addr string) *datanode.Conn {
	o := *d.Preflight.Nodes
	o.Address = addr
	return datanode.New(o)
}
