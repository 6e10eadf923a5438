package sentineltest

import (
	"net"
	"time"
)

// A Script answers one command in an unusual way.
type Script func(*ScriptConn)

// A ScriptConn is what a Script has to work with.
type ScriptConn struct {
	Args []string // the command with its arguments

	fake *Fake
	conn *fakeConn
}

// Write sends bytes now; false when the connection is gone.
func (c *ScriptConn) Write(b []byte) bool {
	if _, err := c.conn.Write(b); err != nil {
		return false
	}
	return c.conn.flush() == nil
}

// Silence returns when the client or the fake closes the connection. Commands that the client has sent meanwhile stay
// unanswered.
func (c *ScriptConn) Silence() {
	_ = c.conn.flush()
	<-c.conn.done
}

// Sleep waits, after all that was written has been sent; false when the connection is gone.
func (c *ScriptConn) Sleep(d time.Duration) bool {
	_ = c.conn.flush()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.conn.done:
		return false
	}
}

// Close ends the connection.
func (c *ScriptConn) Close() { _ = c.conn.Close() }

// Reset ends the connection with a TCP reset.
func (c *ScriptConn) Reset() {
	if tcp, ok := c.conn.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.conn.Close()
}

// PassOn lets the real Sentinel behind the fake answer, as FakeConfig.Behind has it.
func (c *ScriptConn) PassOn() { c.fake.passOn(c.conn, c.Args) }

// Raw answers with these bytes, whatever they are, and then goes on as usual.
func Raw(b []byte) Script {
	return func(c *ScriptConn) { c.Write(b) }
}

// Silent sends these bytes (none, half a reply) and then nothing more on this connection.
func Silent(b []byte) Script {
	return func(c *ScriptConn) {
		c.Write(b)
		c.Silence()
	}
}

// Closed sends these bytes and closes the connection.
func Closed(b []byte) Script {
	return func(c *ScriptConn) {
		c.Write(b)
		c.Close()
	}
}

// ResetAfter sends these bytes and then resets the connection. The client may lose bytes that it has not read by then.
func ResetAfter(b []byte) Script {
	return func(c *ScriptConn) {
		c.Write(b)
		c.Reset()
	}
}

// Endless sends the first bytes once and the others over and over until the connection is gone.
func Endless(first, again []byte) Script {
	return func(c *ScriptConn) {
		for ok := c.Write(first); ok; {
			ok = c.Write(again)
		}
	}
}

// Trickle sends the bytes one at a time with a pause before each, and then goes on as usual.
func Trickle(b []byte, pause time.Duration) Script {
	return func(c *ScriptConn) {
		for i := range b {
			if !c.Sleep(pause) || !c.Write(b[i:i+1]) {
				return
			}
		}
	}
}
