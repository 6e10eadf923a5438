package admin

import (
	"time"

	"redis_sentinel_exporter/health"
)

// An OperationResult is what an operation has come to, Sentinel by Sentinel.
type OperationResult struct {
	Action Action `json:"action"`
	Master string `json:"master"`
	DryRun bool   `json:"dry_run"`
	// Seconds is how long it took; of a failover, from the command to the end that
	// the Sentinel shows which led it.
	Seconds float64 `json:"duration_seconds"`
	// Address and PreviousAddress are where a failover has moved the master, and
	// from where.
	Address         string `json:"address,omitempty"`
	PreviousAddress string `json:"previous_address,omitempty"`
	// Results has one entry for each Sentinel; of a failover, for the one that led.
	Results []StepResult `json:"results"`
	// Findings are the guards that were overridden, and what an operator should
	// know of what was done.
	Findings []health.Finding `json:"findings"`
	// Error says why nothing was done at all.
	Error string `json:"error,omitempty"`
}

// A StepResult is what an operation has done to one Sentinel.
type StepResult struct {
	Sentinel string `json:"sentinel"`
	// OK: it is as it was asked to be; in a dry run, that it could be.
	OK bool `json:"ok"`
	// Changed: something was sent, and it took effect.
	Changed bool `json:"changed"`
	// Commands are those that were sent, or would be; a password is ******.
	Commands []string `json:"commands,omitempty"`
	// Note says more where it is OK; Error says why it is not.
	Note  string `json:"note,omitempty"`
	Error string `json:"error,omitempty"`
}

// A Completion is an OperationResult in one word.
type Completion string

// The completions.
const (
	Done    Completion = "ok"      // by all
	Partial Completion = "partial" // by some
	Failed  Completion = "failed"  // by none
)

// Completion says whether all, some or none have done it.
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
