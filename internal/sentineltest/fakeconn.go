package sentineltest

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
)

// A fakeConn is a client's connection to a Fake. While a further command is at hand it holds replies back, as Redis
// does, so that a pipeline of a thousand commands does not cost a thousand packets.
type fakeConn struct {
	net.Conn
	resp3  bool    // used by the one goroutine that answers
	behind *behind // by the same; nil before the first command, and where no Sentinel is behind the fake

	subscribed atomic.Bool // to all events

	once sync.Once
	done chan struct{} // closed when the connection is

	mu      sync.Mutex
	held    []byte
	reading bool // miniredis waits for more: nothing may be held back
}

// holdAtMost bounds what is held back.
const holdAtMost = 64 << 10

func newFakeConn(c net.Conn) *fakeConn {
	return &fakeConn{Conn: c, done: make(chan struct{})}
}

// Read is called when miniredis has used up what it had read before.
func (c *fakeConn) Read(b []byte) (int, error) {
	c.mu.Lock()
	c.reading = true
	err := c.flushLocked()
	c.mu.Unlock()
	if err != nil {
		_ = c.Close()
		return 0, err
	}
	n, err := c.Conn.Read(b)
	c.mu.Lock()
	c.reading = false
	c.mu.Unlock()
	if err != nil {
		_ = c.Close() // frees a script that waits for it
	}
	return n, err
}

func (c *fakeConn) Write(b []byte) (int, error) { return len(b), c.reply(b, false) }

// reply writes, and may make the connection one that gets events, which follow the
// reply: who has read it misses none.
func (c *fakeConn) reply(b []byte, subscribes bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if subscribes {
		c.subscribed.Store(true)
	}
	c.held = append(c.held, b...)
	if !c.reading && len(c.held) < holdAtMost {
		return nil
	}
	return c.flushLocked()
}

func (c *fakeConn) flushLocked() error {
	if len(c.held) == 0 {
		return nil
	}
	_, err := c.Conn.Write(c.held)
	c.held = c.held[:0]
	if err != nil {
		return fmt.Errorf("writing to the client: %w", err)
	}
	return nil
}

// flush sends what is held back.
func (c *fakeConn) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flushLocked()
}

func (c *fakeConn) Close() error {
	var err error
	c.once.Do(func() {
		close(c.done)
		err = c.Conn.Close()
	})
	return err
}
