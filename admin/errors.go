package admin

import (
	"fmt"
	"strings"

	"redis_sentinel_exporter/health"
)

// An InvalidError says that the request makes no sense. Nothing was sent.
type InvalidError struct{ text string }

func invalid(format string, args ...any) error { return &InvalidError{fmt.Sprintf(format, args...)} }

// Error says what is wrong with it.
func (e *InvalidError) Error() string { return e.text }

// A GuardedError is an operation that would do harm, for the reasons in the
// findings. Nothing was sent.
type GuardedError struct {
	Action   Action
	Master   string
	Findings []health.Finding
}

// Error says why not.
func (e *GuardedError) Error() string {
	why := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		why[i] = f.Message
	}
	return fmt.Sprintf("no %s of %q now: %s", e.Action, e.Master, strings.Join(why, "; "))
}

// A BusyError is an operation on a master that another one is under way on.
// Nothing was sent.
type BusyError struct {
	Master string
	Action Action // the one under way
}

// Error says what is under way.
func (e *BusyError) Error() string {
	return fmt.Sprintf("another operation on %q is under way: %s; wait until it ends", e.Master, e.Action)
}

// An UnknownMasterError is an operation on a name that no Sentinel which answered
// monitors. Nothing was sent.
type UnknownMasterError struct {
	Master   string
	Answered int
}

// Error says so.
func (e *UnknownMasterError) Error() string {
	return fmt.Sprintf("none of the %d Sentinels that answered monitors a master %q", e.Answered, e.Master)
}
