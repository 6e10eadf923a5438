package deployment

import (
	"errors"
	"fmt"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// The reasons why discovery rejects an answer. The [Rejection] of a [*DiscoveryError] wraps
// them with details; use errors.Is.
var (
	ErrOutdated        = errors.New("missed a failover")
	ErrMasterDown      = errors.New("considers the master down")
	ErrRoleMismatch    = errors.New("the node it names as the master reports that it is a replica")
	ErrTooFewSentinels = errors.New("knows too few other Sentinels")
	ErrNoReplica       = errors.New("knows no usable replica")
)

// A Rejection says why discovery does not use the answer of one Sentinel.
type Rejection struct {
	Sentinel string // the address asked
	Err      error  // a [*sentinel.Error] if it did not answer, otherwise why its answer was rejected
}

// A DiscoveryError says for each Sentinel why discovery does not use its answer. errors.Is
// and errors.As look at all of them.
type DiscoveryError struct {
	Name string // of the master
	Said []Rejection
}

// Error names each Sentinel and the reason.
func (e *DiscoveryError) Error() string {
	said := make([]string, len(e.Said))
	for i, r := range e.Said {
		said[i] = r.String()
	}
	return fmt.Sprintf("nothing usable is known of master %q: %s", e.Name, strings.Join(said, "; "))
}

// String returns the reason with the Sentinel's address, which a [*sentinel.Error] already has.
func (r Rejection) String() string {
	var unanswered *sentinel.Error
	if errors.As(r.Err, &unanswered) && unanswered.Sentinel == r.Sentinel {
		return r.Err.Error()
	}
	return fmt.Sprintf("sentinel %s: %v", r.Sentinel, r.Err)
}

// Unwrap returns the errors of all Sentinels.
func (e *DiscoveryError) Unwrap() []error {
	errs := make([]error, len(e.Said))
	for i, r := range e.Said {
		errs[i] = r.Err
	}
	return errs
}

// ErrNoAnswer means that no Sentinel has answered, so nothing is known.
var ErrNoAnswer = errors.New("no Sentinel has answered")

// Unanswered returns ErrNoAnswer joined with the reasons of all Sentinels, or nil if one has
// answered.
func Unanswered(snapshots []*sentinel.Snapshot) error {
	errs := []error{ErrNoAnswer}
	for _, s := range snapshots {
		if s.Up() {
			return nil
		}
		errs = append(errs, s.Err)
	}
	return errors.Join(errs...)
}
