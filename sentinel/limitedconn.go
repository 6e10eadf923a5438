package sentinel

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"strconv"
)

// Limits on the replies of a Sentinel. The largest real ones are MASTERS, with 700 bytes for
// each master, and INFO, with 80.
const (
	maxLine     = 64 << 10 // bytes of a header line or of an error
	maxBulk     = 4 << 20  // bytes of one string
	maxElements = 1 << 20  // elements of one array
	maxDepth    = 6        // arrays within arrays; PENDING-SCRIPTS has 3
	maxExchange = 64 << 20 // bytes between two requests
	maxMessage  = 16 << 10 // bytes of one message of a subscription; real payloads have at most 1,023
)

// A limitedConn is a connection that checks what it reads, and fails if that cannot be a
// Sentinel's reply, before go-redis sees it: go-redis allocates any length that a reply
// claims, before a byte of it has arrived, and parses nested arrays by recursion.
type limitedConn struct {
	net.Conn
	line    []byte // the part of an incomplete header line
	skip    int    // bytes of a string, and its CRLF, still to come
	pending []int  // elements still to come of the open arrays, outermost first
	total   int    // bytes since the last request
	before  int    // bytes of the exchange before
	longest int    // bytes of its longest reply
	most    int    // bytes that these may be
	stream  bool   // a subscription, where the size of each message is limited instead of the total
	message int    // bytes of the current message of a subscription
	lines   int    // header lines since the connection was made
	refused error  // the error in the first line; nil if that is no error
	asked   int    // how many replies are awaited
	ends    []int  // where those that have come end, in bytes since the last request

	account *account // of the current exchange
}

// Read returns only bytes that have been checked.
func (c *limitedConn) Read(p []byte) (int, error) {
	if !c.stream { // no more than makes it too much
		p = p[:min(len(p), max(c.most-c.total, 0)+1)]
	}
	n, err := c.Conn.Read(p)
	if broken := c.look(p[:n]); broken != nil {
		return 0, broken
	}
	if err != nil {
		err = cmp.Or(c.refusal(), err)
	}
	return n, err
}

// refusal returns the error if it is all that the Sentinel has ever sent: then it is why the
// Sentinel closes the connection.
func (c *limitedConn) refusal() error {
	if c.lines != 1 {
		return nil
	}
	return c.refused
}

// Write starts a new exchange.
func (c *limitedConn) Write(p []byte) (int, error) {
	c.total, c.ends = 0, c.ends[:0]
	n, err := c.Conn.Write(p)
	if err != nil {
		err = cmp.Or(c.refusal(), lastWords(c.Conn, err), err)
	}
	return n, err
}

func (c *limitedConn) look(data []byte) error {
	if c.total += len(data); c.total > c.most && !c.stream {
		if c.most < maxExchange {
			return errCurbed
		}
		return fmt.Errorf("%w: no end within %d MiB", errMalformed, maxExchange>>20)
	}
	if err := c.account.take(len(data)); err != nil {
		return err
	}
	for len(data) > 0 {
		if c.skip > 0 {
			n := min(c.skip, len(data))
			c.skip -= n
			data = data[n:]
			continue
		}
		if n, size := stringHeader(data); size > 0 && len(c.line) == 0 {
			c.lines++
			if err := c.value(size-len("\r\n"), n); err != nil {
				return err
			}
			data = data[size:]
			c.end(len(data))
			continue
		}
		end := bytes.IndexByte(data, '\n')
		if len(c.line)+max(end, 0) > maxLine || end < 0 && len(c.line)+len(data) > maxLine {
			return fmt.Errorf("%w: a line of over %d KiB", errMalformed, maxLine>>10)
		}
		if end < 0 {
			c.line = append(c.line, data...)
			return c.first(c.line)
		}
		line := data[:end]
		if len(c.line) > 0 {
			c.line = append(c.line, line...)
			line = c.line
		}
		if err := c.header(bytes.TrimSuffix(line, []byte("\r"))); err != nil {
			return err
		}
		c.line = c.line[:0]
		data = data[end+1:]
		c.end(len(data))
	}
	return nil
}

// end notes where a reply ends, if one does, with so many bytes after its last header.
func (c *limitedConn) end(rest int) {
	if len(c.pending) == 0 && len(c.ends) < c.asked {
		c.ends = append(c.ends, c.total-rest+c.skip)
	}
}

// first refuses a line whose first byte is not RESP2, without waiting for its end: another
// protocol may never send one.
func (c *limitedConn) first(line []byte) error {
	if len(line) == 0 {
		return nil
	}
	switch line[0] {
	case '+', '-', ':', '$', '*':
		return nil
	}
	return fmt.Errorf("%w: %q is not the protocol of a Sentinel", errMalformed, clip(string(line)))
}

// header checks a complete line: the header of a string or array, or a whole value.
func (c *limitedConn) header(line []byte) error {
	if len(line) == 0 {
		return fmt.Errorf("%w: an empty line", errMalformed)
	}
	if err := c.first(line); err != nil {
		return err
	}
	if c.lines++; c.lines == 1 {
		c.refused = refusalIn(line)
	}
	switch line[0] {
	case '$':
		n, err := claimed(line, maxBulk)
		if err != nil {
			return err
		}
		return c.value(len(line), n)
	case '*':
		n, err := claimed(line, maxElements)
		if err != nil {
			return err
		}
		if n > 0 {
			if len(c.pending) == maxDepth {
				return fmt.Errorf("%w: arrays more than %d deep", errMalformed, maxDepth)
			}
			c.pending = append(c.pending, n)
			c.message += len(line)
			return nil
		}
	}
	return c.value(len(line), -1)
}

// value counts one value, whose line has so many bytes, and the string that follows it; -1 if none does.
func (c *limitedConn) value(line, following int) error {
	c.message += line
	if following >= 0 {
		c.skip = following + len("\r\n")
		c.message += following
	}
	if c.stream && c.message > maxMessage {
		return fmt.Errorf("%w: a message of over %d KiB", errMalformed, maxMessage>>10)
	}
	c.element()
	return nil
}

// element counts one complete value, and closes the arrays that end with it.
func (c *limitedConn) element() {
	for last := len(c.pending) - 1; last >= 0; last-- {
		if c.pending[last]--; c.pending[last] > 0 {
			return
		}
		c.pending = c.pending[:last]
	}
	c.message = 0
}

// claimed returns the length in a header line; -1 for nil.
func claimed(line []byte, limit int) (int, error) {
	n, err := strconv.Atoi(string(line[1:]))
	if err != nil || n < -1 || n > limit {
		return 0, fmt.Errorf("%w: %q claims no possible length", errMalformed, clip(string(line)))
	}
	return n, nil
}
