package sentinel

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"strconv"
)

// What a Sentinel's reply may be at most. The largest real ones are INFO, with
// 80 bytes a master, and MASTERS with its 700.
const (
	maxLine     = 64 << 10 // bytes of a header line or of an error
	maxBulk     = 4 << 20  // bytes of one string
	maxElements = 1 << 20  // elements of one array
	maxDepth    = 6        // arrays within arrays; PENDING-SCRIPTS has 3
	maxExchange = 64 << 20 // bytes between two requests
	maxMessage  = 16 << 10 // bytes of one message of a subscription; real payloads end at 1,023
)

// A limitedConn is a connection that reads along and breaks off what cannot be a
// Sentinel's reply, before it reaches go-redis: that believes a claimed length,
// allocates it before a byte of it has come, and walks nested arrays by
// recursion.
type limitedConn struct {
	net.Conn
	line    []byte // a header line of which the end has not come yet
	skip    int    // bytes of a string, and its CRLF, still to come
	pending []int  // elements still to come of the arrays that are open, outermost first
	total   int    // bytes since the last request
	stream  bool   // a subscription: no request asks for what comes, so each message is bounded instead
	message int    // bytes of the message under way, of a subscription
	lines   int    // header lines since the beginning
	refused error  // the error that the first of them is; nil if it is none
}

// Read hands over only bytes that have been looked at.
func (g *limitedConn) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if broken := g.look(p[:n]); broken != nil {
		return 0, broken
	}
	if err != nil {
		err = cmp.Or(g.refusal(), err)
	}
	return n, err
}

// refusal is the only thing that the Sentinel has ever said, if that is an error: then
// that is why it ends the connection. go-redis passes over an error in the handshake.
func (g *limitedConn) refusal() error {
	if g.lines != 1 {
		return nil
	}
	return g.refused
}

// Write starts a new exchange.
func (g *limitedConn) Write(p []byte) (int, error) {
	g.total = 0
	n, err := g.Conn.Write(p)
	if err != nil {
		err = cmp.Or(g.refusal(), lastWords(g.Conn, err), err)
	}
	return n, err
}

func (g *limitedConn) look(data []byte) error {
	if g.total += len(data); g.total > maxExchange && !g.stream {
		return fmt.Errorf("%w: it does not end within %d MiB", errMalformed, maxExchange>>20)
	}
	for len(data) > 0 {
		if g.skip > 0 {
			n := min(g.skip, len(data))
			g.skip -= n
			data = data[n:]
			continue
		}
		end := bytes.IndexByte(data, '\n')
		if len(g.line)+max(end, 0) > maxLine || end < 0 && len(g.line)+len(data) > maxLine {
			return fmt.Errorf("%w: a line of over %d KiB", errMalformed, maxLine>>10)
		}
		if end < 0 {
			g.line = append(g.line, data...)
			return g.first(g.line)
		}
		line := data[:end]
		if len(g.line) > 0 {
			g.line = append(g.line, line...)
			line = g.line
		}
		if err := g.header(bytes.TrimSuffix(line, []byte("\r"))); err != nil {
			return err
		}
		g.line = g.line[:0]
		data = data[end+1:]
	}
	return nil
}

// first refuses what is not RESP2 by its first byte, without waiting for the
// line to end: another protocol may never end one.
func (g *limitedConn) first(line []byte) error {
	if len(line) > 0 && bytes.IndexByte([]byte("+-:$*"), line[0]) < 0 {
		return fmt.Errorf("%w: %q is not the protocol of a Sentinel", errMalformed, clip(string(line)))
	}
	return nil
}

// header takes a complete line: the head of a string or array, or a whole value.
func (g *limitedConn) header(line []byte) error {
	if len(line) == 0 {
		return fmt.Errorf("%w: an empty line", errMalformed)
	}
	if err := g.first(line); err != nil {
		return err
	}
	if g.lines++; g.lines == 1 {
		g.refused = refusalIn(line)
	}
	g.message += len(line)
	switch line[0] {
	case '$':
		n, err := claimed(line, maxBulk)
		if err != nil {
			return err
		}
		if n >= 0 {
			g.skip = n + len("\r\n")
			g.message += n
		}
	case '*':
		n, err := claimed(line, maxElements)
		if err != nil {
			return err
		}
		if n > 0 {
			if len(g.pending) == maxDepth {
				return fmt.Errorf("%w: arrays more than %d deep", errMalformed, maxDepth)
			}
			g.pending = append(g.pending, n)
			return nil
		}
	}
	if g.stream && g.message > maxMessage {
		return fmt.Errorf("%w: a message of over %d KiB", errMalformed, maxMessage>>10)
	}
	g.element()
	return nil
}

// element counts one value, and the arrays that end with it.
func (g *limitedConn) element() {
	for last := len(g.pending) - 1; last >= 0; last-- {
		if g.pending[last]--; g.pending[last] > 0 {
			return
		}
		g.pending = g.pending[:last]
	}
	g.message = 0
}

// claimed reads the length in a header line, -1 for nil.
func claimed(line []byte, limit int) (int, error) {
	n, err := strconv.Atoi(string(line[1:]))
	if err != nil || n < -1 || n > limit {
		return 0, fmt.Errorf("%w: %q claims no possible length", errMalformed, clip(string(line)))
	}
	return n, nil
}
