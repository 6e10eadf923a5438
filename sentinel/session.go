package sentinel

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
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

// exchange sends the commands in one write, and calls take with a raw reply for each, and its place, as they come. It
// returns how many there were before an error; the session must then be closed. With none no reply is to be trusted,
// though take may have had some.
func (s *session) exchange(ctx context.Context, commands [][]any, take func(int, string)) (int, error) {
	// A read knows the deadline of the context, but not that the context was cancelled.
	// Closing the connection ends it in both cases.
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() })
	defer stop()
	if s.used {
		return s.conn.exchange(ctx, commands, take)
	}
	n, err := s.first(ctx, commands, take)
	s.used = err == nil
	return n, err
}

// first authenticates, if there is a password, in the round trip of the first commands.
// Without HELLO, which Redis 6.0 does not know on a Sentinel, a connection speaks RESP2.
func (s *session) first(ctx context.Context, commands [][]any, take func(int, string)) (int, error) {
	if s.password == "" {
		return s.conn.exchange(ctx, commands, take)
	}
	// With the name of the user it is no error if no password is demanded.
	auth := []any{"AUTH", cmp.Or(s.username, "default"), s.password}
	const accepted = "+OK\r\n"
	var answer string
	n, err := s.conn.exchange(ctx, append([][]any{auth}, commands...), func(place int, reply string) {
		if place == 0 {
			answer = strings.Clone(reply)
		} else if answer == accepted {
			take(place-1, reply)
		}
	})
	if answer == "" {
		return 0, err
	}
	if refused := refusalIn([]byte(answer)); refused != nil {
		return 0, refused
	}
	if answer != accepted {
		return 0, fmt.Errorf("%w: %q is no answer to AUTH", errMalformed, clip(answer))
	}
	return max(n-1, 0), err
}

// speechless reports whether the Sentinel has sent nothing at all.
func (s *session) speechless() bool { return s.conn.lines == 0 }

// lost reports whether the Sentinel had closed the kept connection, as it does when it
// restarts. Then nothing is wrong, and the commands can be sent again.
func (s *session) lost(ctx context.Context, err error) bool {
	return s.used && ctx.Err() == nil && reasonOf(ctx, err) == ReasonUnreachable
}
