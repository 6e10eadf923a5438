package sentinel

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"unsafe"
)

// exchange sends the commands in one write, and calls take with a raw reply for each, and its place, as they come. It
// returns how many there were. With an error the connection is of no more use.
func (c *limitedConn) exchange(ctx context.Context, commands [][]any, take func(int, string)) (int, error) {
	deadline, _ := ctx.Deadline() // none is the zero time, which is none for the connection as well
	if err := c.SetDeadline(deadline); err != nil {
		return 0, err
	}
	text := request(commands)
	_, err := c.Write(text)
	clear(text) // there may be a password in it, and what is garbage stays in memory for long
	if err != nil {
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

// mostRead is how many bytes are read at once, but for the end of a longer reply.
const mostRead = 64 << 10

// replies calls take with that many raw replies, and returns how many there were. Their memory is used again: take must
// keep no part of one. The first buffer is small, since there may never be a byte for it; when it is full, the next
// has room for what came the last time, and some more. Of a reply that is longer than any was then, each full buffer is
// put aside: it may have no end, and shall take no more memory than it has bytes.
func (c *limitedConn) replies(n int, take func(int, string)) (got int, err error) {
	c.asked = n
	var aside [][]byte // buffers of the next reply, before the one that is read into
	buffer := make([]byte, replyBuffer)
	begin, kept, filled, longest := 0, 0, 0, 0 // where in the exchange the buffers begin, bytes aside and in the buffer, and those of the longest reply
	for got < n {
		read, err := c.Read(buffer[filled:])
		filled += read
		isFull, last := filled == len(buffer), 0
		for ; got < len(c.ends) && c.ends[got] <= begin+kept+filled; got++ {
			end := c.ends[got] - begin - kept // in the buffer
			reply := buffer[last:end]
			if aside != nil {
				reply, aside = slices.Concat(append(aside, reply)...), nil
			}
			take(got, unsafe.String(unsafe.SliceData(reply), len(reply))) //nolint:gosec // see above; to copy it is a third of all garbage
			last, longest = end, max(longest, len(reply))
		}
		if last > 0 {
			begin, kept, filled = begin+kept+last, 0, copy(buffer, buffer[last:filled])
		}
		switch {
		case err != nil:
			return got, err
		case isFull && len(buffer) < mostRead:
			buffer = larger(buffer, min(c.before+c.before/8, mostRead))
		case filled == len(buffer) && len(buffer) < c.longest:
			buffer = larger(buffer, c.longest+c.longest/8)
		case filled == len(buffer):
			aside, kept, filled = append(aside, buffer), kept+filled, 0
			buffer = make([]byte, mostRead)
		case len(buffer) > mostRead && filled < mostRead: // the long reply has been read
			buffer = append(make([]byte, 0, mostRead), buffer[:filled]...)[:mostRead]
		}
	}
	if filled > 0 {
		return 0, fmt.Errorf("%w: %q after the last reply", errMalformed, clip(string(buffer[:filled])))
	}
	c.before, c.longest = c.total, longest
	return got, nil
}

// larger returns a buffer with the same bytes and at least twice the room.
func larger(buffer []byte, room int) []byte {
	larger := make([]byte, max(2*len(buffer), room))
	copy(larger, buffer)
	return larger
}
