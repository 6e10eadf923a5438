package sentinel

import (
	"errors"
	"fmt"
)

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
	ErrConfigNotSaved = errors.New("the Sentinel could not save its configuration file, so that a restart will undo the change")
	// ErrUnanswered means that a command that changes something was sent and no answer
	// came: it may have taken effect.
	ErrUnanswered = errors.New("the command was sent and may have taken effect")
	// ErrNoCredentials means that the password could not be read, so that nothing was
	// sent. The Sentinel has not refused anything.
	ErrNoCredentials = errors.New("no credentials")

	errUnknownCommand = errors.New("unknown command")
	errMalformed      = errors.New("malformed reply")
	errHandshake      = errors.New("TLS handshake")
	errNeedsTLS       = errors.New("the server speaks TLS only, and was asked without")
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
