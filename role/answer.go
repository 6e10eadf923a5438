package role

import "time"

// A Verdict says whether a node has a role.
type Verdict int

// The verdicts.
const (
	Unknown  Verdict = iota // nobody can tell
	Yes                     // it has the role
	No                      // it has not
	NoMaster                // no Sentinel monitors such a master
)

// String returns the word for programs.
func (v Verdict) String() string {
	switch v {
	case Yes:
		return "yes"
	case No, NoMaster:
		return "no"
	default:
		return "unknown"
	}
}

// An Answer says whether a node has a role, and why.
type Answer struct {
	Verdict Verdict
	// Reason is a sentence without its full stop.
	Reason string
	// Grace is how long the answer holds if nobody can tell until then; 0 if it is certain.
	Grace time.Duration
}
