package sentinel

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"time"
)

// tlsAlert returns why a Sentinel broke off a TLS connection on which a write has
// just failed, nil if it did not say. In TLS 1.3 it looks at our certificate only
// after the handshake, and then sends an alert and resets the connection: who
// writes before reading sees the reset and not the alert, which has come all the
// same.
func tlsAlert(conn net.Conn, failed error) error {
	const alertWait = 100 * time.Millisecond // what has come needs no waiting for
	if _, secure := conn.(*tls.Conn); !secure || errors.Is(failed, os.ErrDeadlineExceeded) {
		return nil
	}
	if err := conn.SetReadDeadline(time.Now().Add(alertWait)); err != nil {
		return nil //nolint:nilerr // it has been closed, by us
	}
	_, err := conn.Read(make([]byte, 1))
	if alert, ok := errors.AsType[*net.OpError](err); ok && alert.Op == "remote error" {
		return err
	}
	return nil
}
