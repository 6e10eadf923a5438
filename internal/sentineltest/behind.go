package sentineltest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
)

// A behind is a fake's connection to the real Sentinel behind it, one for each of its own clients.
type behind struct {
	conn net.Conn
	from *bufio.Reader
	flow bool // a subscription: replies come by themselves
}

// behindFor returns the connection to the real Sentinel for a client's, which it ends with.
func (f *Fake) behindFor(c *fakeConn) (*behind, error) {
	if c.behind != nil {
		return c.behind, nil
	}
	conn, err := net.Dial("tcp", f.behind)
	if err != nil {
		return nil, fmt.Errorf("sentineltest: the Sentinel behind a fake: %w", err)
	}
	c.behind = &behind{conn: conn, from: bufio.NewReader(conn)}
	f.wg.Go(func() {
		<-c.done
		_ = conn.Close()
	})
	return c.behind, nil
}

// passOn gives a command to the real Sentinel, and its reply to the client. When the Sentinel is gone, so is the client's
// connection.
func (f *Fake) passOn(c *fakeConn, args []string) {
	if err := f.tryPassOn(c, args); err != nil {
		_ = c.flush()
		_ = c.Close()
	}
}

func (f *Fake) tryPassOn(c *fakeConn, args []string) error {
	b, err := f.behindFor(c)
	if err != nil {
		return err
	}
	command := fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, arg := range args {
		command = appendBulk(command, arg)
	}
	if _, err := b.conn.Write(command); err != nil {
		return fmt.Errorf("sentineltest: passing %s on: %w", args[0], err)
	}
	if b.flow {
		return nil
	}
	reply, err := wholeReply(nil, b.from)
	if err != nil {
		return err
	}
	if _, err = c.Write(reply); args[0] == "PSUBSCRIBE" {
		b.flow = true
		f.wg.Go(func() { flow(c, b.from) })
	}
	return err
}

// flow gives the client whatever the Sentinel sends, until one of them is gone.
func flow(c *fakeConn, from *bufio.Reader) {
	defer func() { _ = c.Close() }()
	for {
		message, err := wholeReply(nil, from)
		if err != nil {
			return
		}
		if _, err := c.Write(message); err != nil {
			return
		}
		if err := c.flush(); err != nil {
			return
		}
	}
}

// wholeReply appends one reply, as it was sent.
func wholeReply(reply []byte, from *bufio.Reader) ([]byte, error) {
	line, err := from.ReadSlice('\n')
	if err != nil {
		return reply, fmt.Errorf("sentineltest: reading a reply: %w", err)
	}
	kind, number := line[0], string(line[1:max(1, len(line)-len("\r\n"))])
	reply = append(reply, line...)
	if kind != '$' && kind != '*' {
		return reply, nil
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		return reply, fmt.Errorf("sentineltest: a reply's length: %w", err)
	}
	if kind == '$' {
		return appendString(reply, from, n)
	}
	for range max(0, n) {
		if reply, err = wholeReply(reply, from); err != nil {
			return reply, err
		}
	}
	return reply, nil
}

// appendString appends the bytes of a string and the end of its line; nothing of nil, whose length is -1.
func appendString(reply []byte, from *bufio.Reader, n int) ([]byte, error) {
	if n < 0 {
		return reply, nil
	}
	text := make([]byte, n+len("\r\n"))
	if _, err := io.ReadFull(from, text); err != nil {
		return reply, fmt.Errorf("sentineltest: reading a string of %d bytes: %w", n, err)
	}
	return append(reply, text...), nil
}
