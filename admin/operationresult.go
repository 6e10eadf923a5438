package admin

import (
	"time"

	"redis_sentinel_exporter/health"
)

// An OperationResult is the result of an operation, for each Sentinel.
type OperationResult struct {
	Action Action `json:"action"`
	Master string `json:"master"`
	DryRun bool   `json:"dry_run"`
	// Seconds is how long the operation took. For a failover it is the time from the
	// command until the Sentinel that leads the failover shows its end.
	Seconds float64 `json:"duration_seconds"`
	// Address and PreviousAddress are the addresses of the master after and before a
	// failover or a move.
	Address         string `json:"address,omitempty"`
	PreviousAddress string `json:"previous_address,omitempty"`
	// Way is how a failover is done, never Auto. WayReason is why that way was chosen; empty if it was asked for.
	Way       Way    `json:"way,omitempty"`
	WayReason string `json:"way_reason,omitempty"`
	// Loss is what a failover can lose, and what it has lost.
	Loss *Loss `json:"loss,omitempty"`
	// Results has one entry for each Sentinel; for a failover, only for the one that led it.
	Results []StepResult `json:"results"`
	// Findings are the guards that were overridden, and what an operator should know
	// about the result.
	Findings []health.Finding `json:"findings"`
	// Error says why nothing was done at all.
	Error string `json:"error,omitempty"`
}

// A StepResult is the result of an operation at one Sentinel.
type StepResult struct {
	Sentinel string `json:"sentinel"`
	// OK is true if the Sentinel is as requested; in a dry run, if it could be.
	OK bool `json:"ok"`
	// Changed is true if a command was sent and took effect.
	Changed bool `json:"changed"`
	// Commands are the commands that were sent, or would be; passwords are ******.
	Commands []string `json:"commands,omitempty"`
	// Note says more if OK is true; Error says why it is false.
	Note  string `json:"note,omitempty"`
	Error string `json:"error,omitempty"`
}

// A Completion says how many Sentinels have done an operation.
type Completion string

// The completions.
const (
	Done    Completion = "ok"      // all
	Partial Completion = "partial" // some
	Failed  Completion = "failed"  // none
)

// Completion returns whether all, some or none of the Sentinels succeeded.
func (a *OperationResult) Completion() Completion {
	done := 0
	for _, r := range a.Results {
		if r.OK {
			done++
		}
	}
	switch {
	case done == 0:
		return Failed
	case done < len(a.Results):
		return Partial
	}
	return Done
}

func seconds(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }
