package health

import (
	"fmt"
	"strconv"
	"strings"
)

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
		return nil, fmt.Sprintf("no Sentinel of %d answered: %s", r.Asked, first(r.Problems()))
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
	problems := r.Problems()
	if r.Status != Unknown && len(problems) > 0 && problems[0].Cause.Master == "" {
		return nil, first(problems)
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
	return nil, first(problems)
}

func (m *MasterReport) summary(onDeployment []Finding) string {
	return strings.ToUpper(m.Status.String()) + " " + Printable(m.Name) + ": " + m.Sentence(onDeployment)
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
		return first(m.problems(onDeployment))
	}
	text := m.Address + " is up, " + strconv.Itoa(m.Promotable) + " of " + count(m.Replicas, "replica") + " can be promoted"
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

// first returns the message of the first cause, and says how many more there are.
func first(problems []Problem) string {
	switch len(problems) {
	case 0:
		return "nothing is known"
	case 1:
		return problems[0].Cause.Message
	}
	return fmt.Sprintf("%s (and %d more)", problems[0].Cause.Message, len(problems)-1)
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
