package sentinel

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"redis_sentinel_exporter/internal/printable"
)

// A Command is one of the commands that a snapshot consists of.
type Command int

// The commands of a snapshot, in the order in which they are sent.
const (
	CommandInfo Command = iota
	CommandMyID
	CommandMasters
	CommandReplicas
	CommandSentinels
	CommandCKQuorum
	CommandInfoCache
	numCommands
)

// String returns the value of the label command.
func (c Command) String() string {
	return [numCommands]string{"info", "myid", "masters", "replicas", "sentinels", "ckquorum", "info_cache"}[c]
}

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

// Commands returns all commands of a snapshot.
func Commands() []Command {
	return []Command{
		CommandInfo, CommandMyID, CommandMasters, CommandReplicas, CommandSentinels, CommandCKQuorum, CommandInfoCache,
	}
}

// Reasons returns all reasons for which a command can fail.
func Reasons() []Reason {
	return []Reason{ReasonUnreachable, ReasonTimeout, ReasonTLS, ReasonAuth, ReasonPermission, ReasonProtocol, ReasonOther}
}

// ErrorTotals counts failures by command and reason.
type ErrorTotals [numCommands][numReasons]uint64

// The errors that a Sentinel can answer. They are wrapped in an [*Error]; use errors.Is.
var (
	ErrNoSuchMaster       = errors.New("no such master")
	ErrFailoverInProgress = errors.New("a failover is already in progress")
	ErrNoGoodReplica      = errors.New("no suitable replica to promote")
	ErrDuplicateMaster    = errors.New("a master of that name is monitored already")
	ErrInvalidArgument    = errors.New("invalid argument")
	ErrUnknownOption      = errors.New("unknown option")
	// ErrScriptDenied means that deny-scripts-reconfig in sentinel.conf forbids changing
	// the path of a script.
	ErrScriptDenied = errors.New("the Sentinel may not be given another script (deny-scripts-reconfig)")
	// ErrConfigNotSaved means that the Sentinel could not write its configuration file,
	// which it reports from Redis 7.0 on. The change is in effect all the same, until the
	// Sentinel restarts.
	ErrConfigNotSaved = errors.New("the Sentinel could not save its configuration file, so that it will forget this when it restarts")
	// ErrUnanswered means that a command that changes something was sent and no answer
	// came: it may have taken effect.
	ErrUnanswered = errors.New("it was sent and may have taken effect")
	// ErrNoCredentials means that the password could not be read, so that nothing was
	// sent. The Sentinel has not refused anything.
	ErrNoCredentials = errors.New("no credentials")

	errUnknownCommand = errors.New("unknown command")
	errMalformed      = errors.New("malformed reply")
	errHandshake      = errors.New("TLS handshake")
	errNeedsTLS       = errors.New("it speaks TLS only, and was asked without")
)

// An Error says why a command failed. Its text contains no password.
type Error struct {
	Sentinel string // the address asked
	Command  string // as typed, such as "SENTINEL MASTERS"
	Reason   Reason
	Err      error
}

// Error returns the Sentinel, the command, the reason and the cause.
func (e *Error) Error() string {
	return fmt.Sprintf("sentinel %s: %s: %s: %v", e.Sentinel, e.Command, e.Reason, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// replyError turns the text of an error reply into a reason and an error. Most errors have
// only the code ERR, so their text must be compared, of which case and quoting have changed
// between versions.
func replyError(text string) (Reason, error) {
	code, _, _ := strings.Cut(text, " ")
	lower := strings.ToLower(text)
	switch {
	case code == "NOAUTH", code == "WRONGPASS", text == "ERR invalid password":
		return ReasonAuth, errors.New(clip(text))
	case code == "NOPERM":
		return ReasonPermission, errors.New(clip(text))
	case code == "INPROG":
		return ReasonOther, fmt.Errorf("%w (%s)", ErrFailoverInProgress, clip(text))
	case code == "NOGOODSLAVE":
		return ReasonOther, fmt.Errorf("%w (%s)", ErrNoGoodReplica, clip(text))
	case strings.HasPrefix(lower, "err no such master"):
		return ReasonOther, fmt.Errorf("%w (%s)", ErrNoSuchMaster, clip(text))
	case refusedChange(lower) != nil:
		return ReasonOther, fmt.Errorf("%w (%s)", refusedChange(lower), clip(text))
	case strings.HasPrefix(lower, "err unknown sentinel subcommand"),
		strings.HasPrefix(lower, "err unknown subcommand"):
		return ReasonOther, fmt.Errorf("%w (%s)", errUnknownCommand, clip(text))
	case strings.HasPrefix(lower, "err unknown command"):
		return ReasonProtocol, fmt.Errorf("it is not a Sentinel: %w (%s)", errUnknownCommand, clip(text))
	}
	return ReasonOther, errors.New(clip(text))
}

// refusedChange returns the error for the text, in lower case, with which a Sentinel refuses
// a change; nil for any other text.
func refusedChange(text string) error {
	for _, refusal := range []struct {
		prefix string
		err    error
	}{
		{"err duplicate", ErrDuplicateMaster}, // "Duplicated master name" up to 6.0
		{"err reconfiguration of scripts path is denied", ErrScriptDenied},
		{"err failed to save config file", ErrConfigNotSaved},
		{"err unknown option", ErrUnknownOption},
		{"err invalid ", ErrInvalidArgument},
		{"err quorum must be", ErrInvalidArgument},
		{"err notification script seems", ErrInvalidArgument},
		{"err client reconfiguration script seems", ErrInvalidArgument},
	} {
		if strings.HasPrefix(text, refusal.prefix) {
			return refusal.err
		}
	}
	return nil
}

// reasonOf returns why an exchange failed before there was a reply. It looks at the context
// first: what goes wrong after it has ended is caused by that.
func reasonOf(ctx context.Context, err error) Reason {
	var timeout net.Error
	var record tls.RecordHeaderError
	var refused redis.Error
	if r, ok := errors.AsType[refusalError](err); ok && ctx.Err() == nil {
		reason, _ := replyError(r.Error())
		return reason
	}
	switch {
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return ReasonTimeout
	case errors.As(err, &timeout) && timeout.Timeout():
		return ReasonTimeout
	case errors.Is(err, ErrNoCredentials), redis.IsAuthError(err):
		return ReasonAuth
	case redis.IsPermissionError(err):
		return ReasonPermission
	case errors.Is(err, errMalformed), errors.As(err, &record), unreadable(err):
		return ReasonProtocol
	case errors.Is(err, errNeedsTLS), refusedSecurity(err):
		return ReasonTLS
	case errors.As(err, &refused): // only error replies to the handshake get here
		reason, _ := replyError(refused.Error())
		return reason
	}
	return ReasonUnreachable
}

// unreadable reports whether go-redis did not understand a reply to its handshake. It has no
// error type for that, so the text must be compared.
func unreadable(err error) bool {
	text := err.Error()
	return strings.Contains(text, "redis: can't parse ") || strings.Contains(text, "redis: the length of the array must be ") ||
		strings.Contains(text, "redis: invalid reply: ")
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

// scrub makes a text safe to log: it removes the password, which a server may quote (Redis
// before 6.0 quotes the arguments of an unknown command), and limits the length.
func scrub(text, password string) string {
	text, _, _ = strings.Cut(text, ", with args beginning with:")
	if password != "" {
		quoted := strconv.Quote(password) // as go-redis quotes what it did not understand
		text = strings.NewReplacer(password, "******", quoted[1:len(quoted)-1], "******").Replace(text)
	}
	return clip(text)
}

// maxText limits how much of a reply an error quotes.
const maxText = 200

// clip shortens a text so that an error can quote it, on one line that commands no terminal.
func clip(text string) string {
	text, _, _ = strings.Cut(text, ", with args beginning with:")
	return printable.Clip(text, maxText)
}
