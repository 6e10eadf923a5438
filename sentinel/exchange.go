package sentinel

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// exchange sends the commands in one write, and calls take with a raw reply for each, and its place, as they come. It
// returns how many there were. With an error the connection is of no more use.
func (c *limitedConn) exchange(ctx context.Context, commands [][]any, take func(int, string)) (int, error) {
	deadline, _ := ctx.Deadline() // none is the zero time, which is none for the connection as well
	if err := c.SetDeadline(deadline); err != nil {
		return 0, err
	}
	text := request(commands)
	defer clear(text) // there may be a password in it, and what is garbage stays in memory for long
	if _, err := c.Write(text); err != nil {
		return 0, err
	}
	return c.replies(len(commands), take)
}

// replyBuffer is the size in bytes of the first buffer of an exchange.
const replyBuffer = 4 << 10

// request encodes commands as a server reads them: each as an array of strings. It is made in one piece, since a
// smaller one that was given up would keep what the caller clears.
func request(commands [][]any) []byte {
	const head = len("$1234567\r\n") + len("\r\n")
	size := 0
	for _, args := range commands {
		size += head
		for _, arg := range args {
			size += head + len(word(arg))
		}
	}
	text := make([]byte, 0, size)
	for _, args := range commands {
		text = append(strconv.AppendInt(append(text, '*'), int64(len(args)), 10), "\r\n"...)
		for _, arg := range args {
			text = append(strconv.AppendInt(append(text, '$'), int64(len(word(arg))), 10), "\r\n"...)
			text = append(append(text, word(arg)...), "\r\n"...)
		}
	}
	return text
}

func word(arg any) string {
	if text, is := arg.(string); is {
		return text
	}
	return fmt.Sprint(arg)
}

// mostRead is how many bytes are read at once.
const mostRead = 64 << 10

// replies reads that many raw replies. Those that came together share their memory. The first buffer is small, since
// there may never be a byte for it; when it is full, the next has room for what came the last time, and some more. A
// large buffer that is full of a reply without its end is put aside, so that a long one is copied once.
func (c *limitedConn) replies(n int, take func(int, string)) (got int, err error) {
	c.asked = n
	var full [][]byte // buffers of the next reply, before the one that is read into
	buffer := make([]byte, replyBuffer)
	begin, kept, filled := 0, 0, 0 // where in the exchange the buffers begin, and what is in the full ones and in the last one
	for got < n {
		read, err := c.Read(buffer[filled:])
		filled += read
		if complete := c.complete(begin + kept + filled); complete > got {
			ends := c.ends[got:complete]
			last := ends[len(ends)-1] - begin - kept // byte of the last buffer that is read
			text := joined(append(full, buffer[:last]))
			for _, end := range ends {
				take(got, text[:end-begin])
				text, begin, got = text[end-begin:], end, got+1
			}
			full, kept, filled = nil, 0, copy(buffer, buffer[last:filled])
		}
		switch {
		case err != nil:
			return got, err
		case filled < len(buffer):
		case len(buffer) < mostRead:
			larger := make([]byte, min(max(2*len(buffer), c.before+c.before/8), mostRead))
			copy(larger, buffer)
			buffer = larger
		default:
			full, kept, filled = append(full, buffer), kept+filled, 0
			buffer = make([]byte, mostRead)
		}
	}
	if filled > 0 {
		return 0, fmt.Errorf("%w: %q after the last reply", errMalformed, clip(string(buffer[:filled])))
	}
	c.before = c.total
	return got, nil
}

// joined returns the text of all parts.
func joined(parts [][]byte) string {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	var text strings.Builder
	text.Grow(size)
	for _, part := range parts {
		_, _ = text.Write(part)
	}
	return text.String()
}

// complete returns how many replies end within the first bytes of the exchange.
func (c *limitedConn) complete(bytes int) int {
	n := len(c.ends)
	for n > 0 && c.ends[n-1] > bytes {
		n--
	}
	return n
}
