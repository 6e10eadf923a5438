package sentinel

import (
	"errors"
	"net"
	"os"
	"strings"
	"time"
)

// lastWords reads why a Sentinel closed a connection on which a write has just failed; nil
// if it did not say. A Sentinel that is at maxclients or in protected mode sends an error
// and closes. In TLS 1.3 it checks our certificate only after the handshake, and then sends
// an alert. The failed write reports only the reset, not what was sent before it.
func lastWords(conn net.Conn, failed error) error {
	const wait = 100 * time.Millisecond // the data has already arrived
	if errors.Is(failed, os.ErrDeadlineExceeded) {
		return nil
	}
	if err := conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return nil //nolint:nilerr // we have closed the connection ourselves
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

// A refusalError is the error reply with which a Sentinel refused or ended a connection.
type refusalError string

func (r refusalError) Error() string { return string(r) }

// refusalIn returns the error reply that text begins with, or nil.
func refusalIn(text []byte) error {
	line, _, _ := strings.Cut(string(text), "\r\n")
	words, is := strings.CutPrefix(line, "-")
	if !is || words == "" {
		return nil
	}
	return refusalError(clip(words))
}
