package health

import (
	"fmt"
	"slices"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/printable"
)

// An outcome is what the function of one check returns.
type outcome struct {
	found []witnessedFinding
	// unknown is the reason why the check could not be made; empty if it could.
	unknown string
	// more are those that are counted and not kept, and worst is how bad the worst of them is.
	more  int
	worst Status
}

// A witnessedFinding is a finding with the views that show it.
type witnessedFinding struct {
	Finding
	witnesses []deployment.View // nil if it does not depend on what a Sentinel observes over time
}

// fine is the outcome of a check that found nothing.
func fine() outcome { return outcome{} }

// cannotTell is the outcome of a check that could not be made.
func cannotTell(why string) outcome { return outcome{unknown: why} }

// fine reports whether it is that of a check that found nothing.
func (o *outcome) fine() bool { return len(o.found) == 0 && o.unknown == "" }

func (o *outcome) add(f Finding, witnesses ...deployment.View) {
	if len(o.found) >= maxOfCheck {
		o.more++
		o.worst = worse(o.worst, f.Severity)
		return
	}
	o.found = append(o.found, witnessedFinding{f, witnesses})
}

// downgrade lowers to a warning the findings that only Sentinels report that have just
// started, because these may be false.
func (o *outcome) downgrade() {
	for i := range o.found {
		f := &o.found[i]
		if len(f.witnesses) == 0 || slices.ContainsFunc(f.witnesses, func(v deployment.View) bool { return !recentlyStarted(v) }) {
			continue
		}
		v := f.witnesses[0]
		f.Severity = min(f.Severity, Warning)
		f.Message += fmt.Sprintf("; but that Sentinel has been running for only %s, less than down-after (%s), and may be wrong",
			Age(v.Snapshot.Info.Uptime.Value), Age(v.DownAfter.Value))
	}
}

func (o *outcome) status(check string) Result {
	r := Result{Check: check, Status: o.worst}
	for i := range o.found {
		r.Status = worse(r.Status, o.found[i].Severity)
	}
	if r.Status == OK && o.unknown != "" {
		r.Status, r.Reason = Unknown, o.unknown
	}
	return r
}

// maxMessage bounds a message, in bytes: what a Sentinel says is a part of some.
const maxMessage = 4096

// named fills in what the findings of one check have in common.
func (o *outcome) named(c *Check, master string) []witnessedFinding {
	for i := range o.found {
		f := &o.found[i]
		f.Check, f.Master, f.Runbook = c.Name, master, c.Runbook()
		f.Message = printable.Clip(f.Message, maxMessage)
		if f.Hint == "" {
			f.Hint = c.Advice
		}
	}
	return o.found
}

// findingsOf drops the witnesses. The result is never nil, so that it is [] in JSON.
func findingsOf(found []witnessedFinding) []Finding {
	findings := make([]Finding, len(found))
	for i := range found {
		findings[i] = found[i].Finding
	}
	return findings
}
