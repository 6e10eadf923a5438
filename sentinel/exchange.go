package sentinel

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// exchange sends the commands in one write and reads a raw reply for each. With an error it
// returns the replies that came before it; the connection is then of no more use.
func (c *limitedConn) exchange(ctx context.Context, commands [][]any) ([]string, error) {
	deadline, _ := ctx.Deadline() // none is the zero time, which is none for the connection as well
	if err := c.SetDeadline(deadline); err != nil {
		return nil, err
	}
	text := request(commands)
	defer clear(text) // there may be a password in it, and what is garbage stays in memory for long
	if _, err := c.Write(text); err != nil {
		return nil, err
	}
	return c.replies(len(commands))
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

// replies reads that many raw replies. Those that came together share their memory. One that needs several buffers is put
// together when it is complete: one that never ends takes no more memory than it has bytes.
func (c *limitedConn) replies(n int) ([]string, error) {
	c.asked = n
	replies := make([]string, 0, n)
	var before [][]byte // the full buffers of the reply under way
	buffer := make([]byte, 0, replyBuffer)
	begin, had := 0, 0 // where in the exchange that is which is in the buffers, and how much of it is in those before
	for len(replies) < n {
		if len(buffer) == cap(buffer) {
			before, had = append(before, buffer), had+len(buffer)
			buffer = make([]byte, 0, min(2*cap(buffer), mostRead))
		}
		read, err := c.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+read]
		if complete := c.complete(begin + had + len(buffer)); complete > len(replies) {
			ends := c.ends[len(replies):complete]
			size := ends[len(ends)-1] - begin
			text := joined(before, buffer[:size-had], size)
			for _, end := range ends {
				replies = append(replies, text[:end-begin])
				text, begin = text[end-begin:], end
			}
			buffer = buffer[:copy(buffer, buffer[size-had:])]
			before, had = nil, 0
		}
		if err != nil {
			return replies, err
		}
	}
	if len(buffer) > 0 {
		return nil, fmt.Errorf("%w: %q after the last reply", errMalformed, clip(string(buffer)))
	}
	return replies, nil
}

// joined returns what is in the buffers and in the last one: size bytes.
func joined(before [][]byte, last []byte, size int) string {
	if len(before) == 0 {
		return string(last)
	}
	var text strings.Builder
	text.Grow(size)
	for _, buffer := range before {
		text.Write(buffer)
	}
	text.Write(last)
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
