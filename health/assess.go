package health

import (
	"fmt"
	"slices"
	"strings"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/printable"
	"redis_sentinel_exporter/sentinel"
)

// Assess reports on a deployment, given one snapshot of each of its Sentinels.
func Assess(snapshots []*sentinel.Snapshot) Report {
	d := newModel(snapshots)
	r := Report{Asked: len(d.asked), Answered: len(d.up), Masters: make([]MasterReport, len(d.masters))}
	var found []witnessedFinding
	for _, c := range deploymentChecks() {
		result := c.run(d)
		r.Checks = append(r.Checks, result.status(c.Name))
		found = append(found, result.named(c.Check, "")...)
	}
	sortFindings(found)
	r.Findings = findingsOf(found)
	checks := masterChecks()
	for i, m := range d.masters {
		r.Masters[i] = m.report(checks, found)
	}
	r.conclude()
	return r
}

// report runs every check on one master. It needs the findings on the deployment, as causes.
func (m *masterModel) report(checks []entry[*masterModel], onDeployment []witnessedFinding) MasterReport {
	r := MasterReport{Name: m.Name, Address: m.believed().Advertised(), FailoverInProgress: m.failingNow}
	for _, v := range m.Views {
		r.Replicas = max(r.Replicas, replicas(v))
		r.Promotable = max(r.Promotable, promotable(v))
		r.Hidden = max(r.Hidden, int(v.HiddenReplicas()))
	}
	if margin := m.margin(); margin.Present {
		n := int(margin.Value)
		r.Margin = &n
	}
	r.Checks = make([]Result, 0, len(checks))
	var found []witnessedFinding
	for _, c := range checks {
		result := c.run(m)
		if waitsForDownAfter(c.Name) {
			result.downgrade()
		}
		r.Checks = append(r.Checks, result.status(c.Name))
		found = append(found, result.named(c.Check, m.Name)...)
	}
	m.explain(onDeployment, found)
	sortFindings(found)
	r.Findings = findingsOf(found)
	for _, c := range r.Checks {
		r.Status = worse(r.Status, c.Status)
	}
	r.Summary = r.summary(findingsOf(onDeployment))
	return r
}

// conclude sets the overall status and summary from those of the parts.
func (r *Report) conclude() {
	r.Status = OK
	for _, c := range r.Checks {
		r.Status = worse(r.Status, c.Status)
	}
	for i := range r.Masters {
		r.Status = worse(r.Status, r.Masters[i].Status)
	}
	if r.Answered == 0 {
		r.Status = Unknown
	}
	r.Summary = r.summary()
}

// An outcome is what the function of one check returns.
type outcome struct {
	found []witnessedFinding
	// unknown is the reason why the check could not be made; empty if it could.
	unknown string
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

func (o *outcome) add(f Finding, witnesses ...deployment.View) {
	o.found = append(o.found, witnessedFinding{f, witnesses})
}

// waitsForDownAfter reports whether a check depends on who is down, which a Sentinel that
// has just started cannot know until down-after has passed.
func waitsForDownAfter(check string) bool {
	return slices.Contains([]string{
		"master_odown", "agreement_missing", "master_sdown", "quorum_unreachable", "majority_unreachable", "quorum_fragile",
		"no_promotable_replica", "failover_stuck", "ghost_sentinels", "ghost_replicas", "peers_unreachable", "replica_down",
	}, check)
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
	r := Result{Check: check}
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
func (o *outcome) named(c Check, master string) []witnessedFinding {
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

// summary returns the one line for a pager.
func (r *Report) summary() string {
	word := strings.ToUpper(r.Status.String())
	master, text := r.sentence()
	if master != nil {
		return word + " " + master.named(text)
	}
	return word + ": " + text
}

// Sentence returns the summary without the status that it begins with.
func (r *Report) Sentence() string {
	master, text := r.sentence()
	if master != nil {
		return master.named(text)
	}
	return text
}

// sentence returns the text of the summary, and the master that it is about, nil if it
// is about the deployment.
func (r *Report) sentence() (*MasterReport, string) {
	switch {
	case r.Asked == 0:
		return nil, "there is no Sentinel to ask"
	case r.Answered == 0:
		return nil, fmt.Sprintf("no Sentinel of %d answered: %s", r.Asked, first(r.Groups()))
	case len(r.Masters) == 1 && (r.Masters[0].Status == r.Status || r.Status == OK):
		return &r.Masters[0], r.Masters[0].Sentence(r.Findings)
	case r.Status == OK:
		return nil, fmt.Sprintf("%s, %d of %s answered", count(len(r.Masters), "master"), r.Answered, count(r.Asked, "Sentinel"))
	}
	return r.worst()
}

// worst returns the sentence on the first cause if that is about the deployment, since it can
// concern any number of masters; otherwise on the first master with the report's status.
func (r *Report) worst() (*MasterReport, string) {
	groups := r.Groups()
	if r.Status != Unknown && len(groups) > 0 && groups[0].Cause.Master == "" {
		return nil, first(groups)
	}
	var same []*MasterReport
	for i := range r.Masters {
		if r.Masters[i].Status == r.Status {
			same = append(same, &r.Masters[i])
		}
	}
	switch {
	case len(same) == 1:
		return same[0], same[0].Sentence(r.Findings)
	case len(same) > 1:
		return same[0], fmt.Sprintf("%s; as bad: %d more of %d masters", same[0].Sentence(r.Findings), len(same)-1, len(r.Masters))
	case r.Status == Unknown:
		return nil, reasons(r.Checks)
	}
	return nil, first(groups)
}

func (m *MasterReport) summary(onDeployment []Finding) string {
	return strings.ToUpper(m.Status.String()) + " " + m.named(m.Sentence(onDeployment))
}

// named puts the name of the master before a text.
func (m *MasterReport) named(text string) string { return Printable(m.Name) + ": " + text }

// Sentence returns the summary without the status and the name that it begins with. The
// cause of the worst finding can be a finding on the deployment, so onDeployment has those
// of the whole report.
func (m *MasterReport) Sentence(onDeployment []Finding) string {
	switch {
	case m.Status == Unknown:
		return reasons(m.Checks)
	case len(m.Findings) > 0:
		return first(m.groups(onDeployment))
	}
	text := fmt.Sprintf("%s is up, %d of %s can be promoted", m.Address, m.Promotable, count(m.Replicas, "replica"))
	if m.Hidden > 0 {
		text = fmt.Sprintf("%s is up, at least %d of %s can be promoted, of %d nothing is known (replica-announced no)",
			m.Address, m.Promotable, count(m.Replicas, "replica"), m.Hidden)
	}
	if m.Margin != nil {
		text += ", " + count(*m.Margin, "more Sentinel") + " can fail"
	}
	if m.FailoverInProgress {
		text += "; a failover is in progress"
	}
	return text
}

// groups groups the findings on the master, together with the findings on the deployment
// that one of them follows from.
func (m *MasterReport) groups(onDeployment []Finding) []Group {
	isCause := func(f Finding) bool {
		return slices.ContainsFunc(m.Findings, func(effect Finding) bool { return slices.Contains(effect.FollowsFrom, f.asCause()) })
	}
	causes := slices.DeleteFunc(slices.Clone(onDeployment), func(f Finding) bool { return !isCause(f) })
	return grouped(slices.Concat(causes, m.Findings))
}

// first returns the message of the first cause, and says how many more there are.
func first(groups []Group) string {
	switch len(groups) {
	case 0:
		return "nothing is known"
	case 1:
		return groups[0].Cause.Message
	}
	return fmt.Sprintf("%s (and %d more)", groups[0].Cause.Message, len(groups)-1)
}

// reasons says why the first check that is unknown could not be made.
func reasons(checks []Result) string {
	for _, c := range checks {
		if c.Status == Unknown {
			return c.Check + " cannot be determined: " + c.Reason
		}
	}
	return "nothing is known"
}

// maxPrintedName bounds what is printed of a name, in bytes; real ones are shorter.
const maxPrintedName = 256

// Printable keeps the name of a master, which may hold any bytes, on one line of bounded
// length.
func Printable(name string) string {
	if len(name) > maxPrintedName {
		return fmt.Sprintf("%q... (%d bytes)", name[:maxPrintedName], len(name))
	}
	quoted := fmt.Sprintf("%q", name)
	if quoted == `"`+name+`"` && name != "" {
		return name
	}
	return quoted
}
