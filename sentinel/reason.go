package sentinel

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
)

// A Reason classifies why a command failed.
type Reason int

// The reasons.
const (
	ReasonUnreachable Reason = iota // no connection, or it broke
	ReasonTimeout                   // no answer within the deadline
	ReasonTLS                       // one side did not accept the other's certificate, or the TLS handshake failed
	ReasonAuth                      // NOAUTH, WRONGPASS: our credentials were refused; or there were none to send
	ReasonPermission                // NOPERM: the ACL user is not allowed to use the command
	ReasonProtocol                  // the reply is not that of a Sentinel
	ReasonOther                     // any other error reply, such as LOADING or max clients
	numReasons
)

// String returns the value of the label reason.
func (r Reason) String() string {
	return [numReasons]string{"unreachable", "timeout", "tls", "auth", "permission", "protocol", "other"}[r]
}

// Reasons returns all reasons for which a command can fail.
func Reasons() []Reason {
	return []Reason{ReasonUnreachable, ReasonTimeout, ReasonTLS, ReasonAuth, ReasonPermission, ReasonProtocol, ReasonOther}
}

// reasonOf returns why an exchange failed before there was a reply. It looks at the context
// before the connection: what goes wrong there after it has ended is caused by that. But what came is no reply
// of a Sentinel however late that is found out.
func reasonOf(ctx context.Context, err error) Reason {
	var timeout net.Error
	var record tls.RecordHeaderError
	if r, ok := errors.AsType[refusalError](err); ok && ctx.Err() == nil {
		reason, _ := replyError(r.Error())
		return reason
	}
	switch {
	case errors.Is(err, errMalformed):
		return ReasonProtocol
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return ReasonTimeout
	case errors.As(err, &timeout) && timeout.Timeout():
		return ReasonTimeout
	case errors.Is(err, ErrNoCredentials):
		return ReasonAuth
	case errors.As(err, &record):
		return ReasonProtocol
	case errors.Is(err, errNeedsTLS), refusedSecurity(err):
		return ReasonTLS
	}
	return ReasonUnreachable
}

// refusedSecurity reports whether one side refused the other's certificate or TLS itself. The
// Sentinel may refuse ours after the handshake, while we wait for the first reply. A
// connection that breaks during the handshake does not count.
func refusedSecurity(err error) bool {
	if alert, ok := errors.AsType[*net.OpError](err); ok {
		return alert.Op == "remote error" || alert.Op == "local error"
	}
	return errors.Is(err, errHandshake) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF)
}
