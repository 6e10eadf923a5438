package sentinel

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
)

// A session is one connection to a Sentinel.
type session struct {
	conn               *limitedConn
	username, password string // the password must not be in an error
	used               bool   // an exchange has succeeded
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

// openSession connects. The first exchange authenticates.
func openSession(ctx context.Context, o Options, password string) (*session, error) {
	conn, err := dial(ctx, o)
	if err != nil {
		return nil, err
	}
	return &session{conn: &limitedConn{Conn: conn, most: maxExchange}, username: o.Username, password: password}, nil
}

// close ends the connection. Nothing can be done about an error.
func (s *session) close() { _ = s.conn.Close() }

// exchange sends the commands in one write and reads a raw reply for each. With an error it
// returns the replies that came before it; the session must then be closed.
func (s *session) exchange(ctx context.Context, commands [][]any) ([]string, error) {
	// A read knows the deadline of the context, but not that the context was cancelled.
	// Closing the connection ends it in both cases.
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() })
	defer stop()
	if s.used {
		return s.conn.exchange(ctx, commands)
	}
	replies, err := s.first(ctx, commands)
	s.used = err == nil
	return replies, err
}

// first authenticates, if there is a password, in the round trip of the first commands.
// Without HELLO, which Redis 6.0 does not know on a Sentinel, a connection speaks RESP2.
func (s *session) first(ctx context.Context, commands [][]any) ([]string, error) {
	if s.password == "" {
		return s.conn.exchange(ctx, commands)
	}
	// With the name of the user it is no error if no password is demanded.
	auth := []any{"AUTH", cmp.Or(s.username, "default"), s.password}
	replies, err := s.conn.exchange(ctx, append([][]any{auth}, commands...))
	if len(replies) == 0 {
		return nil, err
	}
	if refused := refusalIn([]byte(replies[0])); refused != nil {
		return nil, refused
	}
	if replies[0] != "+OK\r\n" {
		return nil, fmt.Errorf("%w: %q is no answer to AUTH", errMalformed, clip(replies[0]))
	}
	return replies[1:], err
}

// speechless reports whether the Sentinel has sent nothing at all.
func (s *session) speechless() bool { return s.conn.lines == 0 }

// lost reports whether the Sentinel had closed the kept connection, as it does when it
// restarts. Then nothing is wrong, and the commands can be sent again.
func (s *session) lost(ctx context.Context, err error) bool {
	return s.used && ctx.Err() == nil && reasonOf(ctx, err) == ReasonUnreachable
}
