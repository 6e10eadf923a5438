package sentinel

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// streamBuffer is the size of the buffers of a stream, in bytes. Most messages are shorter;
// longer ones need more reads.
const streamBuffer = 1 << 10

// A subscription is one connection that is subscribed to all events.
type subscription struct {
	session *session
	reader  *bufio.Reader
	options EventOptions
}

// subscribe connects, and returns when the Sentinel has confirmed the subscription.
func subscribe(ctx context.Context, o Options, password string, eo EventOptions) (*subscription, error) {
	ctx, cancel := context.WithTimeout(ctx, eo.PingTimeout)
	defer cancel()
	session, err := openSession(ctx, o, password)
	if err != nil {
		return nil, err
	}
	s := &subscription{session: session, reader: bufio.NewReaderSize(session.conn, streamBuffer), options: eo}
	if err := s.start(ctx); err != nil {
		s.close()
		return nil, errors.Join(ctx.Err(), err)
	}
	return s, nil
}

func (s *subscription) close() { s.session.close() }

// start authenticates and subscribes.
func (s *subscription) start(ctx context.Context) error {
	var refused error
	_, err := s.session.exchange(ctx, [][]any{{"PING"}}, func(_ int, reply string) { refused = refusalIn([]byte(reply)) })
	if err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	conn := s.session.conn
	conn.stream = true
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if _, err := conn.Write([]byte("*2\r\n$10\r\nPSUBSCRIBE\r\n$1\r\n*\r\n")); err != nil {
		return err
	}
	message, err := s.message()
	if err == nil && message[0] != "psubscribe" {
		err = fmt.Errorf("%w: %q where a subscription should be confirmed", errMalformed, clip(message[0]))
	}
	return err
}

// receive calls handle with each message, and idle after each answer to a PING, until the
// connection breaks or ctx ends, and returns why. A connection on which nothing arrives, not
// even the answer to a PING, counts as broken.
func (s *subscription) receive(ctx context.Context, handle func(channel, payload string), idle func()) error {
	stop := context.AfterFunc(ctx, func() { _ = s.session.conn.Close() })
	defer stop()
	for {
		if err := s.await(); err != nil {
			return err
		}
		message, err := s.message()
		switch {
		case err != nil:
			return err
		case message[0] == "pmessage" && len(message) == 4:
			handle(message[2], message[3])
		case message[0] == "pong":
			idle()
		default:
			return fmt.Errorf("%w: %q where an event should be", errMalformed, clip(message[0]))
		}
	}
}

// await waits until a message begins, and leaves it PingTimeout to end. After PingInterval without one it sends a PING. There
// is no goroutine for that: there may be thousands of streams.
func (s *subscription) await() error {
	conn := s.session.conn
	if s.reader.Buffered() == 0 {
		if err := conn.SetReadDeadline(time.Now().Add(s.options.PingInterval)); err != nil {
			return err
		}
		_, err := s.reader.Peek(1)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = s.ping()
		}
		if err != nil {
			return err
		}
	}
	return conn.SetReadDeadline(time.Now().Add(s.options.PingTimeout))
}

// ping sends a PING, and waits until something comes.
func (s *subscription) ping() error {
	conn := s.session.conn
	if err := conn.SetDeadline(time.Now().Add(s.options.PingTimeout)); err != nil {
		return err
	}
	if _, err := conn.Conn.Write([]byte("*1\r\n$4\r\nPING\r\n")); err != nil {
		return err
	}
	_, err := s.reader.Peek(1)
	return err
}

// message reads one array of strings and numbers, at least one. The limitedConn has limited
// its size.
func (s *subscription) message() ([]string, error) {
	head, err := s.line()
	if err != nil {
		return nil, err
	}
	if refused := refusalIn([]byte(head)); refused != nil {
		return nil, refused
	}
	n, err := strconv.Atoi(head[1:])
	if head[0] != '*' || err != nil || n < 1 {
		return nil, fmt.Errorf("%w: %q where a message should be", errMalformed, clip(head))
	}
	message := make([]string, 0, min(n, 4))
	for range n {
		text, err := s.text()
		if err != nil {
			return nil, err
		}
		message = append(message, text)
	}
	return message, nil
}

func (s *subscription) text() (string, error) {
	head, err := s.line()
	if err != nil {
		return "", err
	}
	if head[0] == ':' {
		return head[1:], nil
	}
	n, err := strconv.Atoi(head[1:])
	if head[0] != '$' || err != nil || n < 0 {
		return "", fmt.Errorf("%w: %q where a string should be", errMalformed, clip(head))
	}
	text := make([]byte, n+len("\r\n"))
	if _, err := io.ReadFull(s.reader, text); err != nil {
		return "", err
	}
	return string(text[:n]), nil
}

// line reads one line, which has at least one character.
func (s *subscription) line() (string, error) {
	line, err := s.reader.ReadString('\n')
	if err != nil {
		return "", err
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", fmt.Errorf("%w: an empty line", errMalformed)
	}
	return line, nil
}
