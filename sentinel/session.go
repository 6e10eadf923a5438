package sentinel

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

// QuietLibrary keeps go-redis from writing to stderr by itself. Its log is
// process-wide, so that a program's main decides; every error reaches the caller
// anyway.
func QuietLibrary() { logging.Disable() }

// A session is one connection to a Sentinel with go-redis on top of it. It is
// dialled before go-redis comes into it: go-redis dials outside of the caller's
// context and, after a failure, in the background.
type session struct {
	conn     *limitedConn
	rdb      *redis.Client
	password string // that no error may hold
	used     bool   // an exchange has succeeded on it
}

// dial connects within the context, by TLS where the options say so.
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

// openSession connects. go-redis authenticates with the first exchange.
func openSession(ctx context.Context, o Options, password string) (*session, error) {
	conn, err := dial(ctx, o)
	if err != nil {
		return nil, err
	}
	guarded := &limitedConn{Conn: conn}
	handed := false
	rdb := redis.NewClient(&redis.Options{
		Addr: o.Address,
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			if handed {
				return nil, net.ErrClosed
			}
			handed = true
			return guarded, nil
		},
		Username: o.Username,
		Password: password,
		// RESP2 has one shape for each reply, and asks for no push messages.
		Protocol:        2,
		DisableIdentity: true,
		// One connection, no second try, no limit but the context's. PoolSize is 2
		// since go-redis starts to dial in the background after that many failures.
		MaxRetries: -1, DialerRetries: 1,
		PoolSize: 2, PipelinePoolSize: -1,
		DialTimeout: -1, ReadTimeout: -1, WriteTimeout: -1,
		ConnMaxIdleTime: -1, ConnMaxLifetime: -1,
		ContextTimeoutEnabled: true,
		// These are most of what a kept connection costs, and thousands may be kept.
		ReadBufferSize: 16 << 10, WriteBufferSize: 4 << 10,
	})
	return &session{conn: guarded, rdb: rdb, password: password}, nil
}

// close ends the connection.
func (s *session) close() {
	// Closing is all that can be done about a connection; an error changes nothing.
	_ = s.rdb.Close()
	_ = s.conn.Close()
}

// exchange sends the commands in one write and reads a raw reply for each. After
// an error the session is of no use; the replies that had come are returned.
func (s *session) exchange(ctx context.Context, commands [][]any) ([]string, error) {
	// A read that waits for a hung Sentinel sees the context's deadline but not
	// that it was cancelled: closing the connection ends it in both cases.
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
		// After an error go-redis stamps it on all commands, also on those that it
		// has a reply to; a refused handshake it notes with none.
		if val := string(cmd.Val()); err == nil || whole(val) {
			replies = append(replies, val)
			continue
		}
		return replies, cmp.Or(cmd.Err(), err)
	}
	s.used = err == nil
	return replies, err
}

// lost reports whether the Sentinel had closed a kept connection, as it does when
// it restarts: then nothing is wrong, and the commands can be sent again.
func (s *session) lost(ctx context.Context, err error) bool {
	return s.used && ctx.Err() == nil && reasonOf(ctx, err) == ReasonUnreachable
}
