package sentinel

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// maxChunk is how many bytes are read at once; a Sentinel that monitors few masters has
// less to say in all.
const maxChunk = 64 << 10

// direct makes an exchange without go-redis, on a connection that it has authenticated.
// All replies share one string.
func (s *session) direct(ctx context.Context, commands [][]string) ([]string, error) {
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() })
	defer stop()
	deadline, _ := ctx.Deadline()
	if err := s.conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	if _, err := s.conn.Write(encode(commands)); err != nil {
		return nil, err
	}
	text, err := s.receive(len(commands))
	replies := make([]string, 0, len(commands))
	begin := 0
	for _, end := range s.conn.ends {
		if end > len(text) || len(replies) == len(commands) {
			break
		}
		replies = append(replies, text[begin:end])
		begin = end
	}
	if err == nil && begin < len(text) {
		err = fmt.Errorf("%w: %q after the last reply", errMalformed, clip(text[begin:]))
	}
	return replies, err
}

// receive reads until so many replies are complete.
func (s *session) receive(replies int) (string, error) {
	chunk := make([]byte, min(max(s.size, 4<<10), maxChunk))
	var text strings.Builder
	text.Grow(s.size)
	for len(s.conn.ends) < replies || s.conn.ends[replies-1] > text.Len() {
		n, err := s.conn.Read(chunk)
		text.Write(chunk[:n])
		if err != nil {
			return text.String(), err
		}
	}
	s.size = text.Len() + text.Len()/64 // it is never twice the same
	return text.String(), nil
}

// encode writes commands as Redis reads them.
func encode(commands [][]string) []byte {
	size := 0
	for _, words := range commands {
		for _, word := range words {
			size += len(word) + len("*3\r\n$99\r\n\r\n")
		}
	}
	buf := make([]byte, 0, size)
	for _, words := range commands {
		buf = append(strconv.AppendInt(append(buf, '*'), int64(len(words)), 10), "\r\n"...)
		for _, word := range words {
			buf = append(strconv.AppendInt(append(buf, '$'), int64(len(word)), 10), "\r\n"...)
			buf = append(append(buf, word...), "\r\n"...)
		}
	}
	return buf
}
