package sentinel

import (
	"errors"
	"net"
	"os"
	"strings"
	"time"
)

// lastWords returns why a Sentinel broke off a connection on which a write has just
// failed, nil if it did not say: who writes before reading sees the reset, and not what
// has come before it. A Sentinel that has no place for a client, or lets none in from
// elsewhere, sends an error and closes. In TLS 1.3 it looks at our certificate only after
// the handshake, and then sends an alert.
func lastWords(conn net.Conn, failed error) error {
	const wait = 100 * time.Millisecond // what has come needs no waiting for
	if errors.Is(failed, os.ErrDeadlineExceeded) {
		return nil
	}
	if err := conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return nil //nolint:nilerr // it has been closed, by us
	}
	words := make([]byte, 2*maxText)
	n, err := conn.Read(words)
	if refusal := refusalIn(words[:n]); refusal != nil {
		return refusal
	}
	if alert, ok := errors.AsType[*net.OpError](err); ok && alert.Op == "remote error" {
		return err
	}
	return nil
}

// A refusalError is the error reply with which a Sentinel ended a connection.
type refusalError string

func (r refusalError) Error() string { return string(r) }

// refusalIn returns the error reply that a text begins with, nil if that is none.
func refusalIn(text []byte) error {
	line, _, _ := strings.Cut(string(text), "\r\n")
	words, is := strings.CutPrefix(line, "-")
	if !is || words == "" {
		return nil
	}
	return refusalError(clip(words))
}
