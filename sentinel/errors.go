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
)

// A Command is one of the commands that a snapshot is made of.
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

// String returns the command's name as the metrics' label has it.
func (c Command) String() string {
	return [numCommands]string{"info", "myid", "masters", "replicas", "sentinels", "ckquorum", "info_cache"}[c]
}

// A Reason says in one word why a command failed.
type Reason int

// The reasons, in the order of their metrics.
const (
	ReasonUnreachable Reason = iota // no connection, or it broke
	ReasonTimeout                   // no answer within the deadline
	ReasonTLS                       // a certificate, of either side, was not accepted, or no secure connection agreed on
	ReasonAuth                      // NOAUTH, WRONGPASS: our credentials were refused; or there were none to send
	ReasonPermission                // NOPERM: the ACL user may not
	ReasonProtocol                  // what came back is not a Sentinel's reply
	ReasonOther                     // any other error reply, such as LOADING or max clients
	numReasons
)

// String returns the reason as the metrics' label has it.
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

// What a Sentinel can answer instead of doing as asked. They are wrapped in an
// [*Error]; use errors.Is.
var (
	ErrNoSuchMaster       = errors.New("no such master")
	ErrFailoverInProgress = errors.New("a failover is already in progress")
	ErrNoGoodReplica      = errors.New("no suitable replica to promote")
	ErrDuplicateMaster    = errors.New("a master of that name is monitored already")
	ErrInvalidArgument    = errors.New("invalid argument")
	ErrUnknownOption      = errors.New("unknown option")
	// ErrScriptDenied is the refusal to change the path of a script, which
	// deny-scripts-reconfig in sentinel.conf is for.
	ErrScriptDenied = errors.New("the Sentinel may not be given another script (deny-scripts-reconfig)")
	// ErrConfigNotSaved says that the Sentinel could not write its configuration
	// file, as it says from Redis 7.0 on. A change is in effect all the same, until
	// the Sentinel restarts.
	ErrConfigNotSaved = errors.New("the Sentinel could not save its configuration file, so that it will forget this when it restarts")
	// ErrUnanswered says of a command that changes something that it was sent and
	// that no answer came: it may have taken effect.
	ErrUnanswered = errors.New("it was sent and may have taken effect")
	// ErrNoCredentials says that the password could not be had, so that nothing was
	// sent. The Sentinel has refused nothing.
	ErrNoCredentials = errors.New("no credentials")

	errUnknownCommand = errors.New("unknown command")
	errMalformed      = errors.New("malformed reply")
	errHandshake      = errors.New("TLS handshake")
)

// An Error is a command that a Sentinel did not answer as asked. Its message
// never holds a password.
type Error struct {
	Sentinel string // the address asked
	Command  string // as typed, such as "SENTINEL MASTERS"
	Reason   Reason
	Err      error
}

// Error says which Sentinel, which command and what came back.
func (e *Error) Error() string {
	return fmt.Sprintf("sentinel %s: %s: %s: %v", e.Sentinel, e.Command, e.Reason, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// replyError turns the text of an error reply into a reason and an error. Only
// the first word is a code; texts changed case and quoting between versions. An
// unknown master has no code of its own, so its text must tell.
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

// refusedChange returns the error that a command which changes something was
// refused with, by its text in small letters; nil for any other text.
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

// reasonOf says why an exchange failed below the level of replies. The context
// comes first: whatever else went wrong after it had ended was caused by that.
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
	case refusedSecurity(err):
		return ReasonTLS
	case errors.As(err, &refused): // of the handshake: no other error reply comes this way
		reason, _ := replyError(refused.Error())
		return reason
	}
	return ReasonUnreachable
}

// unreadable reports whether go-redis did not understand a reply to its handshake, for
// which it has no type of error. What breaks a connection has one, of the net
// package or of the system.
func unreadable(err error) bool {
	text := err.Error()
	return strings.Contains(text, "redis: can't parse ") || strings.Contains(text, "redis: the length of the array must be ") ||
		strings.Contains(text, "redis: invalid reply: ")
}

// refusedSecurity reports whether one side refused the other's certificate or TLS
// itself. The Sentinel may refuse ours only after the handshake, when the first
// reply is waited for. A connection that broke during the handshake is none of it.
func refusedSecurity(err error) bool {
	if alert, ok := errors.AsType[*net.OpError](err); ok {
		return alert.Op == "remote error" || alert.Op == "local error"
	}
	return errors.Is(err, errHandshake) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF)
}

// scrub makes a text fit for a log: without the password, should a server have
// echoed it (Redis before 6.0 quotes the arguments of a command it does not
// know), and in one line of bounded length.
func scrub(text, password string) string {
	text, _, _ = strings.Cut(text, ", with args beginning with:")
	if password != "" {
		quoted := strconv.Quote(password) // as go-redis writes what it did not understand
		text = strings.NewReplacer(password, "******", quoted[1:len(quoted)-1], "******").Replace(text)
	}
	return clip(text)
}

// maxText bounds how much of a reply an error quotes.
const maxText = 200

// clip cuts a text to what an error may quote.
func clip(text string) string {
	text, _, _ = strings.Cut(text, ", with args beginning with:")
	if len(text) > maxText {
		text = text[:maxText] + "..."
	}
	return text
}
