package admin

import (
	"fmt"
	"strings"

	"redis_sentinel_exporter/health"
)

// An InvalidError means that the request makes no sense. Nothing was sent.
type InvalidError struct{ text string }

func invalid(format string, args ...any) error { return &InvalidError{fmt.Sprintf(format, args...)} }

// Error implements error.
func (e *InvalidError) Error() string { return e.text }

// A GuardedError means that the operation would do harm, for the reasons in the
// findings. Nothing was sent.
type GuardedError struct {
	Action   Action
	Master   string
	Findings []health.Finding
}

// Error lists the reasons.
func (e *GuardedError) Error() string {
	why := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		why[i] = f.Message
	}
	return fmt.Sprintf("no %s of %q now: %s", e.Action, e.Master, strings.Join(why, "; "))
}

// A BusyError means that another operation on the master is under way. Nothing was sent.
type BusyError struct {
	Master string
	Action Action // the one under way
}

// Error names the operation under way.
func (e *BusyError) Error() string {
	return fmt.Sprintf("another operation on %q is under way: %s; wait until it ends", e.Master, e.Action)
}

// An UnknownMasterError means that no Sentinel that answered monitors the name. Nothing was
// sent.
type UnknownMasterError struct {
	Master   string
	Answered int
}

// Error implements error.
func (e *UnknownMasterError) Error() string {
	return fmt.Sprintf("none of the %d Sentinels that answered monitors a master %q", e.Answered, e.Master)
}
