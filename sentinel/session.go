package sentinel

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

// QuietLibrary keeps go-redis from logging to stderr. The logger is process-wide, so it is
// for the program to decide; all errors reach the caller anyway.
func QuietLibrary() { logging.Disable() }

// replyBuffer is the size of the buffer for replies, in bytes. It is kept for each of thousands of connections.
const replyBuffer = 4 << 10

// A session is one connection to a Sentinel, with go-redis on top of it. go-redis gets the
// connection when it is open: its own dialing ignores the caller's context and, after a
// failure, goes on in the background.
type session struct {
	conn     *limitedConn
	rdb      *redis.Client
	password string // must not be in an error
	used     bool   // an exchange has succeeded
}

// dial connects, with TLS if the options say so.
func dial(ctx context.Context, o Options) (net.Conn, error) {
	dialer := net.Dialer{Control: o.control}
	conn, err := dialer.DialContext(ctx, "tcp", o.Address)
	if err != nil {
		return nil, err
	}
	if o.TLS == nil {
		return conn, nil
	}
	secure := tls.Client(conn, o.tlsConfig())
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("%w: %w", errHandshake, err)
	}
	return secure, nil
}

// speaksTLS reports whether the Sentinel answers the beginning of a TLS handshake. What is
// found is only told, and nothing is sent: no certificate needs to be right for that.
func speaksTLS(ctx context.Context, o Options) bool {
	dialer := net.Dialer{Control: o.control}
	conn, err := dialer.DialContext(ctx, "tcp", o.Address)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	err = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(ctx) //nolint:gosec // see above
	alert, refused := errors.AsType[*net.OpError](err)
	return err == nil || refused && alert.Op == "remote error"
}

// openSession connects. go-redis authenticates with the first exchange. It gets a buffer of
// that many bytes for what it reads.
func openSession(ctx context.Context, o Options, password string, buffer int) (*session, error) {
	conn, err := dial(ctx, o)
	if err != nil {
		return nil, err
	}
	limited := &limitedConn{Conn: conn, most: maxExchange}
	handed := false
	rdb := redis.NewClient(&redis.Options{
		Addr: o.Address,
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			if handed {
				return nil, net.ErrClosed
			}
			handed = true
			return limited, nil
		},
		Username: o.Username,
		Password: password,
		// In RESP2 each reply has one form, and there are no push messages.
		Protocol:        2,
		DisableIdentity: true,
		// One connection, no retries, no timeout but the context's. PoolSize is 2
		// because go-redis starts to dial in the background after PoolSize failures.
		MaxRetries: -1, DialerRetries: 1,
		PoolSize: 2, PipelinePoolSize: -1,
		DialTimeout: -1, ReadTimeout: -1, WriteTimeout: -1,
		ConnMaxIdleTime: -1, ConnMaxLifetime: -1,
		ContextTimeoutEnabled: true,
		// The buffers are most of the memory of a connection, and thousands may be kept.
		ReadBufferSize: buffer, WriteBufferSize: min(buffer, 1<<10),
	})
	return &session{conn: limited, rdb: rdb, password: password}, nil
}

// close ends the connection.
func (s *session) close() {
	// Nothing can be done about an error.
	_ = s.rdb.Close()
	_ = s.conn.Close()
}

// exchange sends the commands in one write and reads a raw reply for each. With an error it
// returns the replies that came before it; the session must then be closed.
func (s *session) exchange(ctx context.Context, commands [][]any) ([]string, error) {
	// A read knows the deadline of the context, but not that the context was cancelled.
	// Closing the connection ends it in both cases.
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() })
	defer stop()
	pipe := s.rdb.Pipeline()
	raw := make([]*redis.RawCmd, len(commands))
	for i, args := range commands {
		raw[i] = redis.NewRawCmd(ctx, args...)
		if err := pipe.Process(ctx, raw[i]); err != nil {
			return nil, err
		}
	}
	_, err := pipe.Exec(ctx)
	replies := make([]string, 0, len(raw))
	for _, cmd := range raw {
		// go-redis sets an error on all commands, even on those that have a reply. If the
		// handshake was refused, it sets it on none.
		if val := string(cmd.Val()); err == nil || whole(val) {
			replies = append(replies, val)
			continue
		}
		return replies, cmp.Or(cmd.Err(), err)
	}
	s.used = err == nil
	return replies, err
}

// speechless reports whether the Sentinel has sent nothing at all.
func (s *session) speechless() bool { return s.conn.lines == 0 }

// lost reports whether the Sentinel had closed the kept connection, as it does when it
// restarts. Then nothing is wrong, and the commands can be sent again.
func (s *session) lost(ctx context.Context, err error) bool {
	return s.used && ctx.Err() == nil && reasonOf(ctx, err) == ReasonUnreachable
}
